"""The metering chip PZEM-004T v3 at the level of its registers and of its Modbus frames.

It samples the load once a second and shows the sample `LATENCY_MS` later, so a change is seen
after 1.25 to 2.25 s; its energy counter has no lag. It must not know relay, mains or firmware: it
is told what flows, and it is asked by frames (or by register, for a real Modbus server).

Time is a pair (second, millisecond), so that every number stays a small integer of the chip.
"""

from array import array

LATENCY_MS = 1250
FREQUENCY_DHZ = 500
REGISTERS = 10
_WH_DWMS = 36_000_000  # one watt-hour in tenths of a watt times milliseconds
_HISTORY_S = 4  # changes older than this have been shown; one a second is kept

_READ_HOLDING = 3
_READ_INPUT = 4
_WRITE_SINGLE = 6
_RESET_ENERGY = 0x42
_ADDRESS_REGISTER = 2
_ANY_ADDRESS = 0xF8
_ILLEGAL_FUNCTION = 1
_ILLEGAL_ADDRESS = 2
_ILLEGAL_VALUE = 3


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


def current_ma(power_dw, voltage_dv, power_factor_pct):
    """Current in mA that goes with a power in 0.1 W at a voltage in 0.1 V."""
    if not voltage_dv or not power_factor_pct:
        return 0
    return power_dw * 100_000 // (voltage_dv * power_factor_pct)


class Chip:
    """`phase_ms` is when in each second it samples; `gain_bp` its error in 0.01 %."""

    def __init__(self, phase_ms=0, gain_bp=0, address=1):
        self._phase_ms = phase_ms
        self._gain_bp = gain_bp
        self.address = address
        self.energy_wh = 0
        self._rest_dwms = 0
        self._power_dw = 0
        self._history = [(0, (0, 0, 100))]
        self._frame = b""
        self._frame_request = b""
        self._frame_of = None
        self._frame_wh = -1

    def flow(self, second, ms, voltage_dv, power_dw, power_factor_pct):
        """From this moment on the load takes `power_dw` (0.1 W) at `voltage_dv` (0.1 V)."""
        self._power_dw = power_dw + power_dw * self._gain_bp // 10_000
        sample = second if ms <= self._phase_ms else second + 1
        values = (voltage_dv, self._power_dw, power_factor_pct)
        history = self._history
        if history[-1][0] >= sample:
            history[-1] = (history[-1][0], values)
        elif history[-1][1] != values:
            history.append((sample, values))
        while len(history) > 1 and history[1][0] < second - _HISTORY_S:
            history.pop(0)

    def count(self, duration_ms):
        """The load has flowed for `duration_ms`."""
        rest = self._rest_dwms + self._power_dw * duration_ms
        if rest >= _WH_DWMS:
            self.energy_wh += rest // _WH_DWMS
            rest %= _WH_DWMS
        self._rest_dwms = rest

    def answer(self, request, second, ms):
        """Return the frame that answers `request` at this moment; b"" if the chip keeps silent."""
        size = len(request)
        if size < 4 or (request[0] != self.address and request[0] != _ANY_ADDRESS):
            return b""
        values = self._shown(second, ms)
        shown_before = values is self._frame_of and self.energy_wh == self._frame_wh
        if shown_before and request == self._frame_request:
            return self._frame
        if crc16(request[:-2]) != request[-2] | request[-1] << 8:
            return b""
        answer = self._obey(request, second, ms)
        if request[1] == _READ_INPUT:
            self._frame_request = bytes(request)
            self._frame = answer
            self._frame_of = values
            self._frame_wh = self.energy_wh
        return answer

    def input_registers(self, second, ms):
        """Return the ten input registers as shown at this moment."""
        voltage_dv, power_dw, power_factor_pct = self._shown(second, ms)
        current = current_ma(power_dw, voltage_dv, power_factor_pct)
        energy = self.energy_wh
        return (
            voltage_dv,
            current & 0xFFFF, current >> 16,
            power_dw & 0xFFFF, power_dw >> 16,
            energy & 0xFFFF, energy >> 16,
            FREQUENCY_DHZ if voltage_dv else 0,
            power_factor_pct if power_dw else 0,
            0,
        )  # fmt: skip

    def reset_energy(self):
        """What the chip does on function 0x42, which anybody on its bus may send."""
        self.energy_wh = 0
        self._rest_dwms = 0

    def go_dark(self):
        """Mains are gone: only the energy counter survives."""
        self._history = [(0, (0, 0, 100))]
        self._power_dw = 0
        self._frame_of = None

    def state(self):
        """Return all that it holds, as plain lists."""
        return [self.address, self.energy_wh, self._rest_dwms, self._power_dw, list(self._history)]

    def restore(self, state):
        """Go back to what `state` returned."""
        self.address, self.energy_wh, self._rest_dwms, self._power_dw, history = state
        self._history = [(sample, tuple(values)) for sample, values in history]

    def _shown(self, second, ms):
        newest = second + (ms - self._phase_ms - LATENCY_MS) // 1000
        history = self._history
        while len(history) > 1 and history[1][0] <= newest:
            history.pop(0)
        return history[0][1]

    def _obey(self, request, second, ms):
        function = request[1]
        if function == _READ_INPUT and len(request) == 8:
            return self._read(request, self.input_registers(second, ms), 0)
        if function == _READ_HOLDING and len(request) == 8:
            return self._read(request, (self.address,), _ADDRESS_REGISTER)
        if function == _WRITE_SINGLE and len(request) == 8:
            return self._write(request)
        if function == _RESET_ENERGY and len(request) == 4:
            self.reset_energy()
            return bytes(request)
        return self._refuse(function, _ILLEGAL_FUNCTION)

    def _read(self, request, registers, first):
        start = (request[2] << 8 | request[3]) - first
        count = request[4] << 8 | request[5]
        if not count or start < 0 or start + count > len(registers):
            return self._refuse(request[1], _ILLEGAL_ADDRESS)
        frame = bytearray((self.address, request[1], 2 * count))
        for register in registers[start : start + count]:
            frame.append(register >> 8)
            frame.append(register & 0xFF)
        return sealed(frame)

    def _write(self, request):
        if request[2] << 8 | request[3] != _ADDRESS_REGISTER:
            return self._refuse(_WRITE_SINGLE, _ILLEGAL_ADDRESS)
        address = request[4] << 8 | request[5]
        if not 1 <= address <= 0xF7:
            return self._refuse(_WRITE_SINGLE, _ILLEGAL_VALUE)
        self.address = address
        return bytes(request)

    def _refuse(self, function, reason):
        return sealed(bytes((self.address, function | 0x80, reason)))
