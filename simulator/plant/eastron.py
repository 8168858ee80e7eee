"""Eastron SDM120 and SDM630 at the level of their registers: floats, two registers each.

They show a load after 0.5 to 1 s (docs/metering.md). It must not know relay, mains or firmware.
"""

from simulator.plant.metered import FREQUENCY_DHZ, current_ma, phase_voltage_dv
from simulator.plant.modbus import ModbusMeter

ENERGY_WRAP_WH = 1_000_000_000  # its counter ends at 999999.999 kWh
_MANTISSA_MIN = 1 << 23
_BIAS = 127
# First register of a value; two registers a phase.
_VOLTAGE, _CURRENT, _POWER, _APPARENT = 0, 6, 12, 18
_FREQUENCY, _IMPORT, _EXPORT = 70, 72, 74


def float_words(value, per_unit):
    """Return the two registers of the float nearest below `value` / `per_unit`; integers only."""
    if not value:
        return (0, 0)
    sign = 0x8000 if value < 0 else 0
    value = abs(value)
    exponent = 23
    while value // per_unit < _MANTISSA_MIN:
        value *= 2
        exponent -= 1
    while value // per_unit >= 2 * _MANTISSA_MIN:
        per_unit *= 2
        exponent += 1
    # The nearest one: what is cut off here would make a counter of whole Wh read one less.
    mantissa = (2 * value + per_unit) // (2 * per_unit)
    if mantissa == 2 * _MANTISSA_MIN:
        mantissa = _MANTISSA_MIN
        exponent += 1
    biased = _BIAS + exponent
    return (sign | biased << 7 | mantissa >> 16 & 0x7F, mantissa & 0xFFFF)


class Eastron(ModbusMeter):
    """One phase: SDM120; three: SDM630."""

    LATENCY_MS = 500
    PERIOD_MS = 500
    REGISTERS = 76

    @property
    def NAME(self):  # noqa: N802 (a constant of the other models)
        """What it is called in a board definition."""
        return "sdm120" if self.phases == 1 else "sdm630"

    def input_registers(self, second, ms):
        """Return registers 0 to 75 as shown at this moment."""
        voltage_dv, phase_dw, factor_pct = self.shown(second, ms)
        registers = [0] * self.REGISTERS
        for phase in range(self.phases):
            power_dw = phase_dw[phase]
            phase_dv = phase_voltage_dv(voltage_dv, phase)
            drawn_ma = current_ma(power_dw, phase_dv, factor_pct)
            at = 2 * phase
            _put(registers, _VOLTAGE + at, phase_dv, 10)
            _put(registers, _CURRENT + at, drawn_ma, 1000)
            _put(registers, _POWER + at, power_dw, 10)
            _put(registers, _APPARENT + at, phase_dv * drawn_ma // 1000, 10)
        _put(registers, _FREQUENCY, FREQUENCY_DHZ if voltage_dv else 0, 10)
        _put(registers, _IMPORT, self.energy_wh % ENERGY_WRAP_WH, 1000)
        _put(registers, _EXPORT, self.reverse_wh % ENERGY_WRAP_WH, 1000)
        return tuple(registers)


def _put(registers, at, value, per_unit):
    registers[at], registers[at + 1] = float_words(value, per_unit)
