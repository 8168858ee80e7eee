"""Kills headend, broker and boards at random moments while the story goes on, and revives them.

SIGKILL only: no process gets to say a last word. What is killed when comes from the seed, but
falls where the real time of the run happens to be: the reconciliation must hold wherever it falls.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence

from simulator.fleet import House
from tools.stack import Stack

PAUSE_S = (1.0, 4.0)
KILLS_MAX = 60  # a slow machine must get to the end of the story too
BOARD_HEAD_START_S = 0.3  # real seconds that a board may live on before it is killed


class Chaos:
    """Use as a context manager around the story; `kills` counts what was killed."""

    def __init__(self, stack: Stack, seed: int):
        self.kills: Counter[str] = Counter()
        self._stack = stack
        self._random = random.Random(seed)  # noqa: S311 (repeatable, and no secret)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._kill_on_and_on, daemon=True)

    def __enter__(self) -> "Chaos":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def kill_a_board(self, houses: Sequence[House], until_s: int) -> None:
        """Let one house run towards `until_s`, kill its board on the way, and start it again."""
        house = self._random.choice(houses)
        house.begin(until_s)
        time.sleep(self._random.uniform(0, BOARD_HEAD_START_S))
        house.kill()
        house.start()
        self.kills["board"] += 1

    def _kill_on_and_on(self) -> None:
        for _ in range(KILLS_MAX):
            if self._ended.wait(self._random.uniform(*PAUSE_S)):
                return
            self._kill_a_process()

    def _kill_a_process(self) -> None:
        name = self._random.choice(["headend", "headend", "broker"])
        if name == "broker":
            self._stack.broker.kill()
        else:
            self._stack.headend.kill()
        self.kills[name] += 1
        self._stack.watch()
