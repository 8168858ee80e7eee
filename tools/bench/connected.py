"""A board with a far end of its own: house, broker and responder, for benches and tests."""

import time
from collections.abc import Iterator
from pathlib import Path

from simulator.fleet import House
from tools.bench.responder import Responder
from tools.broker import Broker

METER = "BENCH1"
ROOT_KEY = bytes(range(32))
START_S = 200_000_000
AWAY_TIMEOUT_S = 10


class ConnectedBoard:
    """House `house` in `folder`, whose broker and `responder` come and go; `end` it."""

    def __init__(
        self,
        folder: Path,
        seed: int = 7,
        profile: str | None = "middle",
        line: str = "model",
        heap_bytes: int | None = None,
        pauses_s: Iterator[float] | None = None,
    ) -> None:
        self.broker = Broker(folder / "broker")
        clock = folder / "clock"
        self.house = House(
            folder / "house", METER, ROOT_KEY, self.broker.port, seed, START_S,
            profile=profile, line=line, heap_bytes=heap_bytes, clock_file=clock,
        )  # fmt: skip
        self.responder = Responder(
            self.broker, METER, ROOT_KEY, lambda: int(clock.read_text()), pauses_s
        )

    def connect(self) -> None:
        """Broker and responder are there."""
        self.broker.start()
        self.responder.start()

    def disconnect(self) -> None:
        """The broker goes; return once the board knows, which takes no virtual time."""
        told = self._complaints()
        self.responder.stop()
        self.broker.stop()
        deadline = time.monotonic() + AWAY_TIMEOUT_S
        while self._complaints() == told and time.monotonic() < deadline:
            time.sleep(0.01)

    def end(self) -> None:
        """Leave nothing running."""
        self.house.kill()
        self.responder.stop()
        self.broker.stop()

    def _complaints(self) -> int:
        return self.house.log.read_text().count("mqtt:")
