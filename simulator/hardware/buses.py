"""`machine.UART` and `machine.SPI` of an ESP32 whose metering chip is a model.

The model answers in this process, or `rig.serial` leads to a Modbus server. It must not know the
firmware.
"""

from simulator.hardware import rig

_THINKING_MS = 6  # of a chip, beside the time that the octets take
_NOISE = b"\x00\xff\x00"  # what a UART at the wrong speed makes of an answer


class UART:
    """The serial line to the metering chip."""

    def __init__(self, number, baudrate=9600, *_arguments, **_options):
        self._baud = baudrate
        self._answer = None
        self._due_ms = 0

    def init(self, *_arguments, **_options):
        pass

    def write(self, frame):
        rig.polls += 1
        if rig.serial:
            return rig.serial.write(frame)
        world = rig.look()
        answer = world.answer(frame)
        if answer and self._baud != world.chip.baud:
            answer = _NOISE
        self._answer = answer
        on_line_ms = (len(frame) + len(answer)) * 10_000 // self._baud
        self._due_ms = rig.clock.now_ms + on_line_ms + _THINKING_MS
        return len(frame)

    def flush(self):
        """Wait until all is sent, as an RS-485 driver's direction must."""
        rig.clock.sleep(8 * 10_000 // self._baud + 1)

    def any(self):
        if rig.serial:
            return rig.serial.any()
        return len(self._answer) if self._ready() else 0

    def read(self, count=-1):
        size = self.any()
        if not size:
            return None
        buffer = bytearray(size if count < 0 else min(size, count))
        self.readinto(buffer)
        return bytes(buffer)

    def readinto(self, buffer, count=None):
        if rig.serial:
            size = rig.serial.readinto(buffer)
            if size:
                rig.answered_ms = rig.clock.now_ms
            return size
        if not self._ready():
            return None
        rig.answered_ms = rig.clock.now_ms
        answer = self._answer
        size = len(answer)
        room = len(buffer) if count is None else count
        self._answer = None
        if size > room:
            size = room
            self._answer = answer[size:]
            answer = answer[:size]
        buffer[:size] = answer
        return size

    def _ready(self):
        return self._answer and rig.clock.now_ms >= self._due_ms


class SPI:
    """The bus of a metering chip that listens in mode 3, and when its select pin is low."""

    def __init__(self, _number=1, baudrate=1_000_000, *, polarity=0, phase=0, **_options):
        self._is_mode_3 = polarity == 1 and phase == 1

    def init(self, *_arguments, **_options):
        pass

    def write_readinto(self, out, into):
        if out[0] & 0x80 and out[1] == 0:
            rig.polls += 1  # the register that is read once a second
        value = 0xFFFF
        rig.answered_ms = rig.clock.now_ms
        if self._is_mode_3 and rig.meter_selected:
            value = rig.look().transfer(out)
        into[2] = value >> 8
        into[3] = value & 0xFF
