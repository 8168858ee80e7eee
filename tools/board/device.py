"""A board on a serial line, spoken to through its MicroPython prompt.

What is sent is run by the board's interpreter; files go in pieces and are read back. The running
firmware is interrupted first, and its watchdog, which nothing can stop again, is fed by a timer
until the board is reset. This module must not know what a configuration means.
"""

import ast
import contextlib
import hashlib
from collections.abc import Callable, Iterator

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from tools.errors import ToolError

BAUD = 115200
ANSWER_TIMEOUT_S = 20
READ_TIMEOUT_S = 1
CHUNK_BYTES = 1024  # of a file, sent at once
INTERRUPTS_MAX = 3  # a board in the middle of a blocking call hears the first one late

# The watchdog's task is the prompt's own, so a timer may feed it. Boards without one pass over it.
_KEEP_AWAKE = """
import machine
try:
    _watchdog = machine.WDT(timeout=120000)
    machine.Timer(0).init(period=2000, callback=lambda _: _watchdog.feed())
except (AttributeError, OSError, ValueError):
    pass
"""


class Device:
    """An open line to a board that stands at its prompt. Use `connect`."""

    def __init__(self, port: str, transport: SerialTransport):
        self.port = port
        self._transport = transport

    def run(self, source: str, timeout_s: float = ANSWER_TIMEOUT_S) -> str:
        """Run `source` on the board and return what it printed. Raises ToolError."""
        try:
            out, error = self._transport.exec_raw(source, timeout=timeout_s)
        except (TransportError, serial.SerialException, OSError) as trouble:
            raise _lost(self.port, trouble) from None
        if error:
            last = error.decode(errors="replace").strip().splitlines()[-1]
            raise ToolError(
                f"The board on {self.port} says: {last}.",
                "see that its firmware is installed (`bijli board install`), then try again.",
            )
        return str(out.decode(errors="replace"))

    def ask(self, expression: str) -> object:
        """The value of a Python expression on the board: numbers, texts, lists and the like."""
        return self.ask_slowly(expression, ANSWER_TIMEOUT_S)

    def ask_slowly(self, expression: str, timeout_s: float) -> object:
        """As `ask`, of an expression that may take `timeout_s` seconds."""
        return ast.literal_eval(self.run(f"print(repr({expression}))", timeout_s).strip())

    def read(self, path: str) -> bytes | None:
        """The content of a file, None when there is none."""
        if not self._transport.fs_exists(path):
            return None
        return bytes(self._transport.fs_readfile(path))

    def holds(self, path: str, content: bytes) -> bool:
        """Whether the file is there with just this content, by its SHA-256."""
        if not self._transport.fs_exists(path):
            return False
        found = bytes(self._transport.fs_hashfile(path, "sha256"))
        return found == hashlib.sha256(content).digest()

    def write(self, path: str, content: bytes) -> None:
        """Write a file beside its name, read it back, put it in place. Raises ToolError."""
        partial = f"{path}.new"
        self._transport.fs_writefile(partial, content, CHUNK_BYTES)
        if not self.holds(partial, content):
            raise ToolError(
                f"{path} on {self.port} does not read back as it was written.",
                "try again; if it stays so, the board's flash is worn or full.",
            )
        self.run(f"import os\nos.rename({partial!r}, {path!r})")

    def make_folder(self, path: str) -> None:
        """Make a folder, and those above it, unless they are there."""
        parts = path.split("/")
        for end in range(1, len(parts) + 1):
            folder = "/".join(parts[:end])
            if folder and not self._transport.fs_exists(folder):
                self._transport.fs_mkdir(folder)

    def reset(self) -> None:
        """Start the board anew; it is gone from the prompt afterwards."""
        with contextlib.suppress(TransportError, serial.SerialException, OSError):
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")


@contextlib.contextmanager
def connect(port: str, say: Callable[[str], None] = lambda _: None) -> Iterator[Device]:
    """Open the line, interrupt what runs, and keep the watchdog quiet. Raises ToolError."""
    transport = _open(port)
    try:
        _enter_prompt(port, transport)
        device = Device(port, transport)
        device.run(_KEEP_AWAKE)
        say(f"{port}: {device.run('import sys; print(sys.version)').strip()}")
        yield device
    except (TransportError, serial.SerialException, OSError) as trouble:
        raise _lost(port, trouble) from None
    finally:
        transport.close()


def _lost(port: str, trouble: Exception) -> ToolError:
    return ToolError(
        f"The board on {port} stopped answering: {trouble}.",
        "see to cable and power, then run the same command again.",
    )


def _open(port: str) -> SerialTransport:
    try:
        return SerialTransport(port, baudrate=BAUD, timeout=READ_TIMEOUT_S)
    except (TransportError, serial.SerialException, OSError) as trouble:
        raise ToolError(
            f"{port} cannot be opened: {trouble}.",
            "name the board's port (`ls /dev/tty*` shows them), close other programs that use it,"
            " and see that you may use it (group dialout).",
        ) from None


def _enter_prompt(port: str, transport: SerialTransport) -> None:
    for attempt in range(INTERRUPTS_MAX):
        try:
            # Its own complaint goes to stdout, before the error that says the same.
            with contextlib.redirect_stdout(None):
                transport.enter_raw_repl(soft_reset=False, timeout_overall=ANSWER_TIMEOUT_S / 4)
        except TransportError:
            if attempt + 1 == INTERRUPTS_MAX:
                raise ToolError(
                    f"Nothing on {port} answers as a MicroPython does.",
                    "flash MicroPython first (`bijli board flash`), or press the board's reset.",
                ) from None
        else:
            return
