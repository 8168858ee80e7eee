"""ATM90E32 metering chip: SPI mode 3, 16-bit registers, one to three phases.

Its energy registers clear when they are read. So `request()` reads them before anything else, once
a second (they hold 200 Wh a phase, 12 s of 60 kW), and what was read is counted whatever fails
later. Every value is read back from the register that repeats the last one. Nothing waits, nothing
allocates. It must not judge what it measures. Registers and scales: docs/metering.md.
"""

import time
from array import array

from micropython import const

from firmware.drivers.sdm import power_factor_pct

_METER_ON = const(0x00)
_LAST_DATA = const(0x78)
_SOFT_RESET = const(0x70)
_RESET_KEY = const(0x789A)
_CONFIG_ACCESS = const(0x7F)
_CONFIG_KEY = const(0x55AA)
_ENERGY_IMPORT = const(0x81)  # phase A, then B and C; total forward active energy
_ENERGY_EXPORT = const(0x85)
_POWER = const(0xB1)
_POWER_LOW = const(0xC1)
_VOLTAGE = const(0xD9)
_CURRENT = const(0xDD)
_FREQUENCY = const(0xF8)
_UGAIN = const(0x61)  # phase A; 4 further on each for B and C
_IGAIN = const(0x62)

# register, value: written in this order, read back, and one a second looked at again.
_CONFIGURATION = (
    (0x31, 0x0861),  # 450e9 / 3200 pulses a kWh: one count of energy is 1/320 Wh
    (0x32, 0xC468),
    (0x33, 0x0087),  # three phases, four wires, 50 Hz
    (0x34, 0x0000),  # current inputs without gain
    (0x35, 0x1D4C),  # start-up powers, active and apparent
    (0x37, 0x1D4C),
    (0x38, 0x02EE),  # the same a phase
    (0x3A, 0x02EE),
)
_COUNTS_PER_WH = const(320)
_COUNTS_MAX = const(27_000)  # 60 kW on one phase for 5 s; more is noise
_POWER_HIGH_MAX = const(0x2000)  # 170 kW: beyond, the value would leave 30 bits
_READ = const(0x80)
_TRIES_MAX = const(3)
_FAILED = const(-1)
_SETTLE_MS = const(10)
_PHASES = const(3)


class Atm90e32:
    """The chip on `spi`, selected by pin `select` (low). `gains` are its UGain and IGain.

    `faults` counts reads that could not be verified and configurations that had gone.
    """

    name = "atm90e32"
    keeps_counter = False
    answer_ms = 0

    def __init__(self, spi, select, phases, gains, calibration):
        if not 1 <= phases <= _PHASES:
            raise ValueError("METER_PHASES of an ATM90E32 is 1 to 3")
        self.phases = phases
        self.faults = 0
        self._spi = spi
        self._select = select
        self.calibration = calibration
        self._out = bytearray(4)
        self._in = bytearray(4)
        self._registers, self._values = _configuration(gains)
        self._looked_at = 0
        self._counts = array("i", bytes(8))  # import, export: what makes no whole Wh yet
        self._wh = array("i", bytes(8))
        self._has_told = False
        select.value(1)

    def detect(self):
        """Return whether the chip is there and configured, after at most three tries.

        A chip that still is configured is not reset: what it has counted stays. Only at boot.
        """
        for _ in range(_TRIES_MAX):
            if self._is_configured() or self._configure():
                return True
            time.sleep_ms(_SETTLE_MS)
        return False

    def request(self):
        """Count the energy that the chip has counted since the last time."""
        for phase in range(self.phases):
            self._count(0, _ENERGY_IMPORT + phase)
            self._count(1, _ENERGY_EXPORT + phase)

    def collect(self, sample):
        """Fill `sample`; return (and note in it) whether every value of it was verified."""
        sample.valid = False
        if not self._still_configured():
            self.faults += 1
            self._configure()
            return False
        sample.voltage_dv = sample.current_ma = sample.power_dw = sample.apparent_dva = 0
        sample.phases = self.phases
        for phase in range(self.phases):
            if not self._measure(phase, sample):
                self.faults += 1
                return False
        frequency = self._read(_FREQUENCY)
        if frequency < 0:
            self.faults += 1
            return False
        sample.voltage_dv //= self.phases
        sample.frequency_dhz = frequency // 10
        if self._has_told:
            sample.energy_wh = self._wh[0]
            sample.reverse_wh = self._wh[1]
        else:  # the first counter is only a baseline: what flowed before it shows in the next
            sample.energy_wh = sample.reverse_wh = 0
            self._has_told = True
        sample.power_factor_pct = power_factor_pct(sample.power_dw, sample.apparent_dva)
        self.calibration.scale(sample)
        sample.valid = True
        return True

    def _measure(self, phase, sample):
        voltage = self._read(_VOLTAGE + phase)
        current_ma = self._read(_CURRENT + phase)
        high = self._read(_POWER + phase)
        low = self._read(_POWER_LOW + phase)
        if voltage < 0 or current_ma < 0 or high < 0 or low < 0:
            return False
        if high >= 0x8000:
            high -= 0x10000
        if not -_POWER_HIGH_MAX < high < _POWER_HIGH_MAX:
            return False
        power_dw = (high << 16 | low) // 625 * 2 + (high << 16 | low) % 625 * 2 // 625
        voltage_dv = (voltage + 5) // 10
        apparent_dva = voltage_dv * current_ma // 1000
        sample.voltage_dv += voltage_dv
        sample.current_ma += current_ma
        sample.power_dw += power_dw
        sample.apparent_dva += apparent_dva
        if self.phases > 1:
            sample.phase_voltage_dv[phase] = voltage_dv
            sample.phase_current_ma[phase] = current_ma
            sample.phase_power_dw[phase] = power_dw
            sample.phase_apparent_dva[phase] = apparent_dva
        return True

    def _count(self, direction, register):
        """Add a register that clears when read: by what was read, or what the chip says it sent.

        The chip repeats its last value. Where the two differ, the repetition counts if it comes
        twice; a repetition of 0 is no proof, because then the value may have been the true one.
        """
        read = self._transfer(register)
        last = self._transfer(_LAST_DATA)
        if last != read:
            self.faults += 1
            again = self._transfer(_LAST_DATA)
            if again == last and last:
                read = last
            elif again != read and last:
                return
        if read > _COUNTS_MAX:
            return
        counts = self._counts[direction] + read
        self._wh[direction] += counts // _COUNTS_PER_WH
        self._counts[direction] = counts % _COUNTS_PER_WH

    def _still_configured(self):
        """Whether it measures, and one more register of its configuration is as it was written."""
        if self._read(_METER_ON) != 1:
            return False
        index = self._looked_at
        self._looked_at = (index + 1) % len(self._registers)
        return self._read(self._registers[index]) == self._values[index]

    def _is_configured(self):
        for index in range(len(self._registers)):
            if self._read(self._registers[index]) != self._values[index]:
                return False
        return self._read(_METER_ON) == 1

    def _configure(self):
        """Reset the chip, write its configuration, and return whether it reads back the same."""
        self._write(_SOFT_RESET, _RESET_KEY)
        self._write(_CONFIG_ACCESS, _CONFIG_KEY)
        for index in range(len(self._registers)):
            self._write(self._registers[index], self._values[index])
        self._write(_METER_ON, 1)
        is_configured = self._is_configured()
        self._write(_CONFIG_ACCESS, 0)
        return is_configured

    def _read(self, register):
        """Return a register that the chip repeats as it sent it; -1 if it does not."""
        for _ in range(_TRIES_MAX):
            value = self._transfer(register)
            if self._transfer(_LAST_DATA) == value:
                return value
        return _FAILED

    def _write(self, register, value):
        out = self._out
        out[0] = register >> 8
        out[1] = register & 0xFF
        out[2] = value >> 8
        out[3] = value & 0xFF
        self._select.value(0)
        self._spi.write_readinto(out, self._in)
        self._select.value(1)

    def _transfer(self, register):
        out = self._out
        out[0] = _READ | register >> 8
        out[1] = register & 0xFF
        out[2] = out[3] = 0
        self._select.value(0)
        self._spi.write_readinto(out, self._in)
        self._select.value(1)
        return self._in[2] << 8 | self._in[3]


def _configuration(gains):
    """Return the registers and the values of the whole configuration, gains included."""
    wanted = list(_CONFIGURATION)
    for phase in range(_PHASES):
        wanted.append((_UGAIN + 4 * phase, gains[0]))
        wanted.append((_IGAIN + 4 * phase, gains[1]))
    registers = array("H", [register for register, _ in wanted])
    return registers, array("H", [value for _, value in wanted])
