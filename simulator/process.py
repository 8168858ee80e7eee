"""One board's MicroPython process and the line-JSON channel to it.

It must not know what is said over the channel, nor anything of a house.
"""

import json
import os
import select
import socket
import subprocess
from pathlib import Path
from typing import Any

from simulator import interpreter, rom_image
from simulator.errors import BoardDied

LOG_TAIL_LINES = 12
STOP_TIMEOUT_S = 10

Facts = dict[str, Any]


def find_build(build: Path | None = None) -> Path:
    """Where a board's code is: compiled, or sources with `BIJLI_FIRMWARE_SOURCE=1`."""
    if build is None:
        source = os.environ.get("BIJLI_FIRMWARE_SOURCE") == "1"
        build = interpreter.ROOT if source else interpreter.compile_sources()
    return build


def command(heap_bytes: int, build: Path | None, call: str) -> tuple[list[str], dict[str, str]]:
    """The command and environment that run `call` of `simulator.board` inside MicroPython.

    Compiled code runs from an image outside of the heap, sources from their folder.
    """
    build = find_build(build)
    folders = (str(build / "simulator/hardware"), str(build), ".frozen")
    # The chip knows no zone; without TZ its `mktime` would use that of this process.
    environment = dict(os.environ, MICROPYPATH=":".join(folders), TZ="UTC0")
    code = f"from simulator import board; board.{call}"
    if (build / "simulator/board.mpy").exists():
        code = f"import rom; rom.mount({str(rom_image.make(build))!r}); {code}"
    return [*interpreter.find().argv, "-X", f"heapsize={heap_bytes}", "-c", code], environment


class BoardProcess:
    """Runs `simulator.board.main(parameters)` from now on; `log` gets what the firmware prints.

    `line` is the descriptor of a serial line to hand over, or None.
    """

    def __init__(
        self,
        meter: str,
        log: Path,
        heap_bytes: int,
        build: Path | None,
        parameters: Facts,
        line: int | None,
    ) -> None:
        self._meter = meter
        self._log = log
        self._received = b""
        self._socket, theirs = socket.socketpair()
        call = json.dumps({**parameters, "channel": theirs.fileno(), "line": line})
        argv, environment = command(heap_bytes, build, f"main({call!r})")
        with log.open("ab") as output, theirs:
            self._process = subprocess.Popen(
                argv,
                env=environment,
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()] if line is None else [theirs.fileno(), line],
            )

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def send(self, **request: Any) -> None:
        """Ask for something. Raises BoardDied."""
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            raise self._death() from None

    def has_news(self) -> bool:
        """Whether something came that nobody has received."""
        return bool(self._received or select.select([self._socket], [], [], 0)[0])

    def receive(self) -> Facts:
        """Wait for what it says next. Raises BoardDied."""
        while b"\n" not in self._received:
            try:
                received = self._socket.recv(65536)
            except OSError:
                received = b""
            if not received:
                raise self._death()
            self._received += received
        line, self._received = self._received.split(b"\n", 1)
        answer: Facts = json.loads(line)
        return answer

    def kill(self) -> None:
        """`SIGKILL`, now."""
        self._process.kill()

    def end(self) -> None:
        """Close the channel, on which the process ends by itself, and wait for that."""
        self._socket.close()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _death(self) -> BoardDied:
        self.end()
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        tail = "\n  ".join(lines[-LOG_TAIL_LINES:])
        return BoardDied(f"board {self._meter} died; the end of {self._log}:\n  {tail}")
