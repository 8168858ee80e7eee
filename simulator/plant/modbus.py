"""A metering chip that speaks Modbus RTU: frames in, frames out.

It must not know what the registers mean: a model says which it has.
"""

from array import array

from simulator.plant.metered import Metered

READ_HOLDING = 3
READ_INPUT = 4
ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3
_FRAMES_KEPT_MAX = 4


def _crc_table():
    table = array("H", bytes(512))
    for octet in range(256):
        crc = octet
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table[octet] = crc
    return table


_CRC = _crc_table()


def crc16(frame):
    """Return the Modbus CRC of `frame`; its low octet is sent first."""
    table = _CRC
    crc = 0xFFFF
    for octet in frame:
        crc = (crc >> 8) ^ table[(crc ^ octet) & 0xFF]
    return crc


def sealed(frame):
    """Return `frame` with its CRC."""
    crc = crc16(frame)
    return bytes(frame) + bytes((crc & 0xFF, crc >> 8))


class ModbusMeter(Metered):
    """`REGISTERS` input registers; answers to its `address`, and to `ANY_ADDRESS` if any."""

    REGISTERS = 0
    ANY_ADDRESS = -1

    def __init__(self, phase_ms=0, gain_bp=0, phases=1, address=1):
        super().__init__(phase_ms, gain_bp, phases)
        self.address = address
        self._frames = {}  # request -> answer, while what it shows stays
        self._frames_show = None
        self._frames_energy_wh = self._frames_reverse_wh = 0

    def answer(self, request, second, ms):
        """Return the frame that answers `request` at this moment; b"" if the chip keeps silent."""
        if len(request) < 4 or request[0] not in (self.address, self.ANY_ADDRESS):
            return b""
        values = self.shown(second, ms)
        if (
            self._frames_show is not values
            or self._frames_energy_wh != self.energy_wh
            or self._frames_reverse_wh != self.reverse_wh
        ):
            self._frames = {}
            self._frames_show = values
            self._frames_energy_wh = self.energy_wh
            self._frames_reverse_wh = self.reverse_wh
        request = bytes(request)
        answer = self._frames.get(request)
        if answer is not None:
            return answer
        if crc16(request[:-2]) != request[-2] | request[-1] << 8:
            return b""
        answer = self.obey(request, second, ms)
        if request[1] == READ_INPUT and len(self._frames) < _FRAMES_KEPT_MAX:
            self._frames[request] = answer
        return answer

    def input_registers(self, second, ms):
        """Return the input registers as shown at this moment."""
        raise NotImplementedError

    def obey(self, request, second, ms):
        """Return the answer to a whole frame; other models know more functions."""
        if request[1] == READ_INPUT and len(request) == 8:
            return self.read(request, self.input_registers(second, ms), 0)
        return self.refuse(request[1], ILLEGAL_FUNCTION)

    def read(self, request, registers, first):
        """Return the answer with those of `registers`, from number `first`, that are asked for."""
        start = (request[2] << 8 | request[3]) - first
        count = request[4] << 8 | request[5]
        if not count or start < 0 or start + count > len(registers):
            return self.refuse(request[1], ILLEGAL_ADDRESS)
        frame = bytearray((self.address, request[1], 2 * count))
        for register in registers[start : start + count]:
            frame.append(register >> 8)
            frame.append(register & 0xFF)
        return sealed(frame)

    def refuse(self, function, reason):
        """Return an exception frame."""
        return sealed(bytes((self.address, function | 0x80, reason)))

    def reset_energy(self):
        """Somebody has zeroed its counters."""
        super().reset_energy()
        self._frames_show = None

    def go_dark(self):
        """Mains are gone: only the energy counters survive."""
        super().go_dark()
        self._frames_show = None

    def state(self):
        """Return all that it holds, as plain lists."""
        return [self.address, super().state()]

    def restore(self, state):
        """Go back to what `state` returned."""
        self.address, metered = state
        super().restore(metered)
        self._frames_show = None
