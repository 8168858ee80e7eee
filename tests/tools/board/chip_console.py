"""A chip's serial console, for tests: MicroPython's raw prompt on the real interpreter's stdin.

The unix port's own prompt has no raw mode, so this program answers as a chip's does: Ctrl-A enters
it, Ctrl-D runs what was typed, Ctrl-B leaves. `machine` is the least that a chip has; a reset ends
the process. Before the first Ctrl-C it prints a line every 50 ms, as a running firmware would.
"""

import io
import sys

import uselect

_INTERRUPT = b"\x03"
_RAW = b"\x01"
_FRIENDLY = b"\x02"
_RUN = b"\x04"
_BANNER = b"raw REPL; CTRL-B to exit\r\n>"


class _Machine:
    """Stands in for the module `machine`."""

    class WDT:
        def __init__(self, id=0, timeout=5000):
            self.timeout = timeout

        def feed(self):
            pass

    class Timer:
        def __init__(self, number=-1):
            self.number = number

        def init(self, **_options):
            pass

    @staticmethod
    def reset():
        raise SystemExit


def write(octets):
    sys.stdout.buffer.write(octets)


def chatter():
    """Say lines until somebody interrupts."""
    poll = uselect.poll()
    poll.register(sys.stdin.buffer, uselect.POLLIN)
    count = 0
    while True:
        while poll.poll(50):
            if sys.stdin.buffer.read(1) == _INTERRUPT:
                return
        count += 1
        write(b"board: line %d\r\n" % count)


def execute(source, names):
    """Run `source`; what it printed has gone out. Return the traceback, b"" if there is none."""
    try:
        exec(source, names)
    except SystemExit:
        raise
    except Exception as error:
        text = io.StringIO()
        sys.print_exception(error, text)
        return text.getvalue().encode()
    return b""


def serve():
    names = {"__name__": "__main__"}
    typed = bytearray()
    while True:
        octet = sys.stdin.buffer.read(1)
        if not octet:
            return
        if octet == _RAW:
            typed = bytearray()
            write(_BANNER)
        elif octet == _RUN:
            write(b"OK")
            error = execute(bytes(typed), names)
            write(_RUN + error + _RUN + b">")
            typed = bytearray()
        elif octet == b"\x05":  # raw-paste mode, which this one does not have
            sys.stdin.buffer.read(2)
            write(b"R\x00")
        elif octet not in (_FRIENDLY, _INTERRUPT) and (octet != b"\r" or typed):
            typed.extend(octet)


sys.modules["machine"] = _Machine
chatter()
serve()
