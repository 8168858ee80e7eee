"""A chip's serial console, for tests: MicroPython's raw prompt on the real interpreter's stdin.

The unix port's own prompt has no raw mode, so this program answers as a chip's does: Ctrl-A enters
it, Ctrl-D runs what was typed, Ctrl-B leaves. `machine` is the least that a chip has; a reset ends
the process. Before the first Ctrl-C it prints a line every 50 ms, as a running firmware would.
"""

import io
import sys

import uselect
import utime

from firmware.boards import esp32_devkit as board
from simulator.plant.chip import Chip

_INTERRUPT = b"\x03"
_RAW = b"\x01"
_FRIENDLY = b"\x02"
_RUN = b"\x04"
_BANNER = b"raw REPL; CTRL-B to exit\r\n>"


class _House:
    """What hangs on the board: a metering chip under a steady load, a relay, a lamp behind it."""

    def __init__(self):
        self.chip = Chip()
        self.chip.flow(0, 0, 2300, (10_000,), 100)
        self.closed = False
        self.bench_ms = 0  # when somebody began to wait for the button

    def answer(self, frame):
        now_ms = utime.ticks_ms() + 10_000
        return self.chip.answer(bytes(frame), now_ms // 1000, now_ms % 1000)


house = _House()


class _Pin:
    """Coils drive the relay; the sense reads it; the button is pressed when one waits for it."""

    IN = 1
    OUT = 3
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    def __init__(self, number, mode=-1, pull=-1, value=None):
        self.number = number

    def value(self, level=None):
        if level is None:
            if self.number == board.BUTTON_PIN:
                return 0 if 300 < utime.ticks_diff(utime.ticks_ms(), house.bench_ms) < 600 else 1
            return int(house.closed) if self.number == board.LOAD_SIDE_PIN else 0
        if level and self.number in (board.RELAY_OPEN_PIN, board.RELAY_CLOSE_PIN):
            house.closed = self.number == board.RELAY_CLOSE_PIN
        return None

    def irq(self, handler, trigger):
        house.bench_ms = utime.ticks_ms()


class _Uart:
    """The line to the metering chip."""

    def __init__(self, *_arguments, **_options):
        self._answer = b""

    def init(self, *_arguments, **_options):
        pass

    def write(self, frame):
        self._answer = house.answer(frame)
        return len(frame)

    def any(self):
        return len(self._answer)

    def readinto(self, buffer, count=None):
        size = min(len(self._answer), len(buffer) if count is None else count)
        buffer[:size] = self._answer[:size]
        self._answer = self._answer[size:]
        return size or None


class _I2c:
    """A bus with everything on it that is asked for."""

    def __init__(self, *_arguments, **_options):
        pass

    def writeto(self, address, buffer, stop=True):
        return len(buffer)


class _Watchdog:
    def __init__(self, id=0, timeout=5000):
        self.timeout = timeout

    def feed(self):
        pass


class _Timer:
    def __init__(self, number=-1):
        self.number = number

    def init(self, **_options):
        pass


class _Machine:
    """Stands in for the module `machine`."""

    Pin = _Pin
    UART = _Uart
    I2C = _I2c
    WDT = _Watchdog
    Timer = _Timer

    @staticmethod
    def reset():
        raise SystemExit


class _Nvs:
    """Stands in for `esp32.NVS`, for as long as the process lives."""

    kept = {}

    def __init__(self, namespace):
        self.namespace = namespace

    def get_blob(self, key, buffer):
        octets = _Nvs.kept.get((self.namespace, key))
        if octets is None:
            raise OSError(-0x1102)
        buffer[: len(octets)] = octets
        return len(octets)

    def set_blob(self, key, octets):
        _Nvs.kept[(self.namespace, key)] = bytes(octets)

    def commit(self):
        pass


class _Esp32:
    """Stands in for the module `esp32`."""

    NVS = _Nvs


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
sys.modules["esp32"] = _Esp32
chatter()
serve()
