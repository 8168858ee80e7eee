"""The metering chip PZEM-004T v3 at the level of its registers and of its Modbus frames.

It samples the load once a second and shows the sample `LATENCY_MS` later, so a change is seen
after 1.25 to 2.25 s; its energy counter has no lag. It must not know relay, mains or firmware: it
is told what flows, and it is asked by frames (or by register, for a real Modbus server).
"""

from simulator.plant.metered import FREQUENCY_DHZ, current_ma
from simulator.plant.modbus import (
    ILLEGAL_ADDRESS,
    ILLEGAL_VALUE,
    READ_HOLDING,
    ModbusMeter,
    crc16,
    sealed,
)

__all__ = ["ENERGY_WRAP_WH", "Chip", "crc16", "current_ma", "sealed"]

ENERGY_WRAP_WH = 10_000_000  # its counter ends at 9999.99 kWh and begins again
_WRITE_SINGLE = 6
_RESET_ENERGY = 0x42
_ADDRESS_REGISTER = 2


class Chip(ModbusMeter):
    """`phase_ms` is when in each second it samples; `gain_bp` its error in 0.01 %."""

    NAME = "pzem004t"
    LATENCY_MS = 1250
    REGISTERS = 10
    ANY_ADDRESS = 0xF8

    def input_registers(self, second, ms):
        """Return the ten input registers as shown at this moment."""
        voltage_dv, phase_dw, power_factor_pct = self.shown(second, ms)
        power_dw = phase_dw[0]
        current = current_ma(power_dw, voltage_dv, power_factor_pct)
        energy = self.energy_wh % ENERGY_WRAP_WH
        return (
            voltage_dv,
            current & 0xFFFF, current >> 16,
            power_dw & 0xFFFF, power_dw >> 16,
            energy & 0xFFFF, energy >> 16,
            FREQUENCY_DHZ if voltage_dv else 0,
            power_factor_pct if power_dw else 0,
            0,
        )  # fmt: skip

    def obey(self, request, second, ms):
        """Beside reading: the address register, and zeroing, which anybody on its bus may do."""
        function = request[1]
        if function == READ_HOLDING and len(request) == 8:
            return self.read(request, (self.address,), _ADDRESS_REGISTER)
        if function == _WRITE_SINGLE and len(request) == 8:
            return self._write(request)
        if function == _RESET_ENERGY and len(request) == 4:
            self.reset_energy()
            return bytes(request)
        return super().obey(request, second, ms)

    def _write(self, request):
        if request[2] << 8 | request[3] != _ADDRESS_REGISTER:
            return self.refuse(_WRITE_SINGLE, ILLEGAL_ADDRESS)
        address = request[4] << 8 | request[5]
        if not 1 <= address <= 0xF7:
            return self.refuse(_WRITE_SINGLE, ILLEGAL_VALUE)
        self.address = address
        return bytes(request)
