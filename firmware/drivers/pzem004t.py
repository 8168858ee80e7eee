"""PZEM-004T v3 metering chip: Modbus RTU, 9600 8N1, one request and one frame a second.

`request()` asks, `collect(sample)` reads what has come since. Neither waits, neither allocates.
It must not judge what it measures: a plausible frame is a sample, the core decides.

Input registers 0-9: voltage 0.1 V, current mA (two words, low word first), power 0.1 W (two),
energy Wh (two), frequency 0.1 Hz, power factor 0.01, alarm.
"""

from array import array

from micropython import const

_READ_INPUT_REGISTERS = const(4)
_REGISTERS = const(10)
_DATA_BYTES = const(20)
_FRAME_BYTES = const(25)  # address, function, byte count, data, CRC
_BUFFER_BYTES = const(64)  # an echo of the request, noise, and a frame
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


class Pzem004t:
    """The chip behind a UART that has `write`, `readinto` and a read time-out of 0.

    `faults` counts the collections in which something came but no frame was in it.
    """

    def __init__(self, uart, address=1):
        if not 1 <= address <= 0xF8:
            raise ValueError("a PZEM-004T answers at address 1 to 247, or at 248 when alone")
        self._uart = uart
        self._address = address
        self._request = self._build_request()
        # Two buffers change places, so that a frame equal to the last one is known by comparing.
        self._input = bytearray(_BUFFER_BYTES)
        self._kept = bytearray(_BUFFER_BYTES)
        self._input_frame = memoryview(self._input)[:_FRAME_BYTES]
        self._kept_frame = memoryview(self._kept)[:_FRAME_BYTES]
        self._filled = None
        self.faults = 0

    def _build_request(self):
        frame = bytearray((self._address, _READ_INPUT_REGISTERS, 0, 0, 0, _REGISTERS, 0, 0))
        crc = crc16(frame, 0, 6)
        frame[6] = crc & 0xFF
        frame[7] = crc >> 8
        return bytes(frame)

    def request(self):
        """Drop what is left of earlier answers and ask for the ten registers.

        An answer comes within 60 ms: 8 octets out and 25 back are 35 ms on the line.
        """
        for _ in range(_DRAINS_MAX):
            if not self._uart.readinto(self._input):
                break
        self._uart.write(self._request)

    def collect(self, sample):
        """Fill `sample` from the frame that has come; return (and note in it) whether one has.

        A frame is taken at whatever octet it begins, after noise or an echo of the request.
        """
        count = self._uart.readinto(self._input) or 0
        if count == _FRAME_BYTES and self._is_kept(sample):
            sample.valid = True
            return True
        for start in range(count - _FRAME_BYTES + 1):
            if self._is_frame(start):
                self._parse(start + 3, sample)
                self._keep(start, sample)
                return True
        if count:
            self.faults += 1
        sample.valid = False
        return False

    def _is_kept(self, sample):
        return self._filled is sample and self._input_frame == self._kept_frame

    def _is_frame(self, start):
        frame = self._input
        if (
            frame[start] != self._address
            or frame[start + 1] != _READ_INPUT_REGISTERS
            or frame[start + 2] != _DATA_BYTES
        ):
            return False
        end = start + _FRAME_BYTES - 2
        return crc16(frame, start, end) == frame[end] | frame[end + 1] << 8

    def _keep(self, start, sample):
        """Remember a frame that stands alone; one found amid noise is not worth copying."""
        self._filled = None
        if start == 0:
            self._filled = sample
            self._input, self._kept = self._kept, self._input
            self._input_frame, self._kept_frame = self._kept_frame, self._input_frame

    def _parse(self, at, sample):
        data = self._input
        sample.voltage_dv = data[at] << 8 | data[at + 1]
        sample.current_ma = self._long(at + 2)
        sample.power_dw = self._long(at + 6)
        sample.energy_wh = self._long(at + 10)
        sample.frequency_dhz = data[at + 14] << 8 | data[at + 15]
        sample.power_factor_pct = data[at + 16] << 8 | data[at + 17]
        sample.valid = True

    def _long(self, at):
        data = self._input
        low = data[at] << 8 | data[at + 1]
        return (data[at + 2] << 8 | data[at + 3]) << 16 | low
