"""The board's MQTT client in its interpreter, for tests that play the far end."""

import json
import os
import queue
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

from simulator import interpreter

ANSWER_TIMEOUT_S = 15
SCRIPT = Path(__file__).with_name("chip_mqtt.py")


class Chip:
    """What it prints comes in order. `settings`: `port`, `host`, `folder` (for TLS)."""

    def __init__(self, **settings: Any):
        self._process = subprocess.Popen(
            [*interpreter.find().argv, "-X", "heapsize=512k", str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "MICROPYPATH": f"{interpreter.ROOT}:.frozen"},
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.say(json.dumps(settings))

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line.strip())

    def say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def wait_for(self, beginning: str) -> str:
        """The next line that begins so; others are passed over."""
        while True:
            line = self._lines.get(timeout=ANSWER_TIMEOUT_S)
            if line.startswith(beginning):
                return line

    def end(self) -> None:
        self._process.kill()
        self._reader.join()  # its pipe ends with the process; nobody else may read it
        self._process.communicate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
