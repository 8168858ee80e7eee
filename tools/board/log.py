"""What a board prints on its console, line by line, with the time it came.

Opening the port must not reset the board: on boards whose reset hangs on DTR and RTS both lines
stay released. This module must not interrupt the firmware.
"""

import time
from collections.abc import Iterator
from datetime import datetime

import serial

from tools.board.device import BAUD
from tools.errors import ToolError

READ_TIMEOUT_S = 0.2
LINE_BYTES_MAX = 4096  # a board that prints rubbish fills no memory


def lines(port: str, seconds: float | None = None) -> Iterator[str]:
    """Yield lines as they come, for `seconds` or until interrupted. Raises ToolError."""
    try:
        with _open(port) as line:
            yield from _read(line, seconds)
    except serial.SerialException as trouble:
        raise ToolError(
            f"{port} cannot be read: {trouble}.",
            "see to cable and power, and close other programs that use the port.",
        ) from None


def _open(port: str) -> serial.Serial:
    line = serial.serial_for_url(port, do_not_open=True, baudrate=BAUD, timeout=READ_TIMEOUT_S)
    line.dtr = False
    line.rts = False
    line.open()
    return line


def _read(line: serial.Serial, seconds: float | None) -> Iterator[str]:
    end_s = None if seconds is None else time.monotonic() + seconds
    pending = b""
    while end_s is None or time.monotonic() < end_s:
        pending += line.read(line.in_waiting or 1)
        *whole, pending = pending.split(b"\n")
        for text in whole:
            yield stamp(text)
        if len(pending) > LINE_BYTES_MAX:
            yield stamp(pending)
            pending = b""
    if pending:
        yield stamp(pending)


def stamp(text: bytes) -> str:
    """One line for people: the local time, and nothing that a terminal would obey."""
    clean = "".join(
        letter if letter.isprintable() else "·"
        for letter in text.decode(errors="replace").rstrip()
    )
    return f"{datetime.now().astimezone():%H:%M:%S} {clean}"
