"""Modbus RTU as a meter board needs it: ask for a block of registers, find its answer.

Nothing here waits and, once built, nothing allocates. It must not know what the registers mean.
Source: MODBUS over serial line, V1.02; the meters' own maps are in docs/metering.md.
"""

from array import array

from micropython import const

READ_HOLDING = const(3)
READ_INPUT = const(4)
ADDRESS_MAX = const(247)
ANY_ADDRESS = const(0)  # as the address to look for: whoever answers

NOTHING = const(0)  # no octet came
NOISE = const(1)  # octets, but no frame that fits
SAME = const(2)  # the frame of last time
NEW = const(3)

_FRAME_EXTRA_BYTES = const(5)  # address, function, byte count, CRC
_ROOM_BYTES = const(14)  # beside a late frame and this one: an echo of the request, and noise
_DRAINS_MAX = const(4)


def _crc_table():
    table = array("H", bytes(512))
    for octet in range(256):
        crc = octet
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table[octet] = crc
    return table


_CRC = _crc_table()


def crc16(buffer, start, end):
    """Return the Modbus CRC of `buffer[start:end]`; its low octet is sent first."""
    table = _CRC
    crc = 0xFFFF
    for index in range(start, end):
        crc = (crc >> 8) ^ table[(crc ^ buffer[index]) & 0xFF]
    return crc


def read_request(address, function, first, count):
    """Return the frame that asks `address` for `count` registers from `first`."""
    frame = bytearray((address, function, first >> 8, first & 0xFF, 0, count, 0, 0))
    crc = crc16(frame, 0, 6)
    frame[6] = crc & 0xFF
    frame[7] = crc >> 8
    return bytes(frame)


class Line:
    """A UART that has `write`, `readinto` and a read time-out of 0.

    `direction` is the pin that an RS-485 driver without automatic direction needs (high = send).
    With it `send` waits until its eight octets are out: 8.3 ms at 9600 baud.
    """

    def __init__(self, uart, direction=None):
        self._uart = uart
        self._direction = direction
        self.readinto = uart.readinto
        if direction is not None:
            direction.value(0)

    def send(self, frame):
        """Put a request on the line."""
        direction = self._direction
        if direction is None:
            self._uart.write(frame)
            return
        direction.value(1)
        self._uart.write(frame)
        self._uart.flush()
        direction.value(0)

    def drain(self, buffer):
        """Drop what is left of earlier answers, at most four times the buffer's size."""
        for _ in range(_DRAINS_MAX):
            if not self.readinto(buffer):
                break


class Block:
    """A block of registers of one meter: how it is asked for, and its answer.

    After `take` returned NEW or SAME the registers' octets are `data[at:]`, until the next `take`.
    """

    def __init__(self, address, function, first, count):
        self.count = count
        self._function = function
        self._first = first
        self.frame_bytes = 2 * count + _FRAME_EXTRA_BYTES
        # Two buffers change places, so that a frame equal to the last one is known by comparing.
        self._input = bytearray(2 * self.frame_bytes + _ROOM_BYTES)
        self._kept = bytearray(2 * self.frame_bytes + _ROOM_BYTES)
        self._input_frame = memoryview(self._input)[: self.frame_bytes]
        self._kept_frame = memoryview(self._kept)[: self.frame_bytes]
        self._has_kept = False
        self.data = self._kept
        self.at = 3
        self.address = ANY_ADDRESS
        self.request = b""
        self.ask_at(address, address)

    def ask_at(self, address, answers_as):
        """Ask `address` from now on, and believe what answers as `answers_as`."""
        self.address = answers_as
        self.request = read_request(address, self._function, self._first, self.count)
        self._has_kept = False

    def forget(self):
        """Let the next frame count as NEW, also when it is the same."""
        self._has_kept = False

    def ask(self, line):
        """Drop what is left on the line and ask."""
        line.drain(self._input)
        line.send(self.request)

    def take(self, line):
        """Return NOTHING, NOISE, SAME or NEW for what has come since.

        A frame is taken at whatever octet it begins, after noise, an echo of the request or a
        frame for somebody else; of several the newest counts.
        """
        count = line.readinto(self._input) or 0
        if not count:
            return NOTHING
        if self._has_kept and count == self.frame_bytes and self._input_frame == self._kept_frame:
            self.data = self._kept
            self.at = 3
            return SAME
        start = count - self.frame_bytes
        while start >= 0:
            if self._is_frame(start):
                self._keep(start)
                return NEW
            start -= 1
        return NOISE

    def _is_frame(self, start):
        frame = self._input
        if (
            frame[start + 1] != self._function
            or frame[start + 2] != 2 * self.count
            or (self.address and frame[start] != self.address)
        ):
            return False
        end = start + self.frame_bytes - 2
        return crc16(frame, start, end) == frame[end] | frame[end + 1] << 8

    def _keep(self, start):
        """Remember a frame that stands alone; one found amid noise is not worth copying."""
        self.data = self._input
        self.at = start + 3
        self._has_kept = start == 0
        if start == 0:
            self._input, self._kept = self._kept, self._input
            self._input_frame, self._kept_frame = self._kept_frame, self._input_frame
