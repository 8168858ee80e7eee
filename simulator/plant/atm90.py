"""The metering chip ATM90E32 at the level of its SPI registers.

Its energy registers clear when they are read, it measures only once configured, and it forgets its
configuration without power. It shows a load after 0.1 to 0.2 s. It must not know relay, mains or
firmware. Registers and scales: docs/metering.md.
"""

from simulator.plant.metered import FREQUENCY_DHZ, Metered, current_ma, phase_voltage_dv

METER_ON = 0x00
SOFT_RESET, RESET_KEY = 0x70, 0x789A
LAST_DATA = 0x78
CONFIG_ACCESS, CONFIG_KEY = 0x7F, 0x55AA
MEASURED = 0x80  # registers from here on are what it has measured
ENERGY_END = 0x90
CONFIG_END = 0x70
_IMPORT, _EXPORT = 0x81, 0x85
_POWER, _POWER_LOW = 0xB1, 0xC1
_VOLTAGE, _CURRENT, _FREQUENCY = 0xD9, 0xDD, 0xF8
_UGAIN, _IGAIN, _GAIN_STEP = 0x61, 0x62, 4
_PL_CONSTANT = (0x0861, 0xC468)  # in 0x31 and 0x32: 3200 pulses a kWh
_COUNT_DWMS = 112_500  # 1/320 Wh
_READ = 0x80


class Atm90e32(Metered):
    """`gains` are the UGain and IGain with which this board's resistors and clamp read true."""

    NAME = "atm90e32"
    LATENCY_MS = 100
    PERIOD_MS = 100

    def __init__(self, phase_ms=0, gain_bp=0, phases=1, gains=(0x8000, 0x8000)):
        super().__init__(phase_ms, gain_bp, phases)
        self._gains = gains
        self._registers = {}
        self.last_data = 0
        self._phase_dw = (0,) * phases
        self._pending_dwms = [0] * (2 * phases)  # import by phase, then export

    def flow(self, second, ms, voltage_dv, phase_dw, power_factor_pct):
        """See `Metered`; each phase has its energy registers."""
        super().flow(second, ms, voltage_dv, phase_dw, power_factor_pct)
        self._phase_dw = tuple([dw + dw * self._gain_bp // 10_000 for dw in phase_dw])

    def count(self, duration_ms):
        """See `Metered`; what its registers hold grows only while it is configured."""
        super().count(duration_ms)
        if not self._measures():
            return
        for phase, power_dw in enumerate(self._phase_dw):
            if power_dw > 0:
                self._pending_dwms[phase] += power_dw * duration_ms
            elif power_dw < 0:
                self._pending_dwms[self.phases + phase] -= power_dw * duration_ms

    def transfer(self, request, second, ms):
        """Obey four octets of SPI; return the value that a read shows, or None for a write."""
        register = (request[0] & 0x03) << 8 | request[1]
        if request[0] & _READ:
            value = self._read(register, second, ms)
            self.last_data = value
            return value
        self._write(register, request[2] << 8 | request[3])
        return None

    def reset_energy(self):
        """Somebody has read its energy registers; nothing else can zero them."""
        super().reset_energy()
        self._pending_dwms = [0] * (2 * self.phases)

    def restart(self):
        """It has lost its power, or was told to reset."""
        self._registers = {}
        self._pending_dwms = [0] * (2 * self.phases)

    def go_dark(self):
        """Mains are gone, and with them all that it held."""
        super().go_dark()
        self.restart()
        self._phase_dw = (0,) * self.phases

    def state(self):
        """Return all that it holds, as plain lists."""
        registers = [[register, value] for register, value in self._registers.items()]
        own = [registers, self.last_data, list(self._phase_dw), list(self._pending_dwms)]
        return [own, super().state()]

    def restore(self, state):
        """Go back to what `state` returned."""
        own, metered = state
        super().restore(metered)
        registers, self.last_data, phase_dw, self._pending_dwms = own
        self._registers = dict(registers)
        self._phase_dw = tuple(phase_dw)

    def _measures(self):
        registers = self._registers
        is_scaled = (registers.get(0x31), registers.get(0x32)) == _PL_CONSTANT
        return registers.get(METER_ON, 0) & 1 == 1 and is_scaled

    def _write(self, register, value):
        self.last_data = value
        if register == SOFT_RESET and value == RESET_KEY:
            self.restart()
        is_open = self._registers.get(CONFIG_ACCESS) == CONFIG_KEY
        if register == CONFIG_ACCESS or (register < CONFIG_END and is_open):
            self._registers[register] = value

    def _read(self, register, second, ms):
        if register == LAST_DATA:
            return self.last_data
        if register < MEASURED:
            return self._registers.get(register, 0)
        if not self._measures():
            return 0
        for phase in range(self.phases):
            if register == _IMPORT + phase:
                return self._clear(phase)
            if register == _EXPORT + phase:
                return self._clear(self.phases + phase)
        return self._measured(register, second, ms)

    def _clear(self, index):
        counts = self._pending_dwms[index] // _COUNT_DWMS
        self._pending_dwms[index] %= _COUNT_DWMS
        return counts & 0xFFFF

    def _measured(self, register, second, ms):
        voltage_dv, phase_dw, factor_pct = self.shown(second, ms)
        if register == _FREQUENCY:
            return FREQUENCY_DHZ * 10 if voltage_dv else 0
        for phase in range(self.phases):
            phase_dv = phase_voltage_dv(voltage_dv, phase)
            if register == _VOLTAGE + phase:
                return self._gained(phase_dv * 10, _UGAIN, phase) & 0xFFFF
            if register == _CURRENT + phase:
                drawn_ma = current_ma(phase_dw[phase], phase_dv, factor_pct)
                return min(0xFFFF, self._gained(drawn_ma, _IGAIN, phase))
            if register in (_POWER + phase, _POWER_LOW + phase):
                word = (phase_dw[phase] * 625 + 1) // 2  # units of 0.00032 W
                return (word if register >= _POWER_LOW else word >> 16) & 0xFFFF
        return 0

    def _gained(self, value, first, phase):
        gain = self._registers.get(first + _GAIN_STEP * phase, 0)
        return value * gain // self._gains[first - _UGAIN]
