"""Eastron SDM120 (one phase) and SDM630 (three): Modbus RTU, IEEE-754 floats in input registers.

A second has two blocks. `request()` asks for the load: volts, amperes, watts, VA.
`collect(sample)` reads it and asks for the energy, which the next `request()` finds on the line:
so no limit waits for a counter, and nothing waits at all. Neither allocates; floats become
integers without a float.
It must not judge what it measures.

Input registers (two a value, high word first): 0 V, 6 A, 12 W, 18 VA, each for phases 1 to 3;
70 Hz, 72 import kWh, 74 export kWh.
"""

import time

from micropython import const

from firmware.drivers import modbus

_LOAD_FIRST = const(0)
_VOLTAGE = const(0)  # octets into the load block, for phase 1; 4 more a phase
_CURRENT = const(12)
_POWER = const(24)
_APPARENT = const(36)
_ENERGY_FIRST = const(70)
_ENERGY_REGISTERS = const(6)
_IMPORT = const(4)
_EXPORT = const(8)

ENERGY_AGE_MAX_S = const(5)  # older counters are no sample
_DETECT_TRIES = const(3)
_MEASURED_TRIES = const(6)
_MEASURED_MS = const(400)
_ADDRESSES_TRIED = const(8)  # when METER_ADDRESS is 0
_THINKING_MS = const(60)  # until a meter begins to answer
_ASKED_BYTES = const(8)

_MANTISSA_BITS = const(23)
_BIAS = const(127)
_ROOM_BITS = const(26)  # a mantissa below it times ten stays below 2^30
VALUE_MAX = const(0x3FFFFFFF)  # what is beyond, or is no number


def scaled_float(data, at, tens):
    """Return the float in `data[at:at + 4]` times 10 ** `tens`, rounded, without a float.

    What is too large, infinite or no number at all becomes VALUE_MAX with its sign.
    """
    exponent = (data[at] & 0x7F) << 1 | data[at + 1] >> 7
    if not exponent:
        return 0
    mantissa = 0x800000 | (data[at + 1] & 0x7F) << 16 | data[at + 2] << 8 | data[at + 3]
    down = _BIAS + _MANTISSA_BITS - exponent  # binary places behind the point
    for _ in range(tens):
        while mantissa >> _ROOM_BITS:
            mantissa >>= 1
            down -= 1
        mantissa *= 10
    if down > 30:
        value = 0
    elif down > 0:
        value = (mantissa >> down - 1) + 1 >> 1
    elif down < -30 or mantissa >> (30 + down):
        value = VALUE_MAX
    else:
        value = mantissa << -down
    return -value if data[at] & 0x80 else value


class Sdm:
    """The meter behind a `modbus.Line` of `baud`; `phases` 1 for an SDM120, 3 for an SDM630.

    `address` 0: the first of 1 to 8 that answers. `faults` counts the collections in which
    something came but no frame was in it. `calibration` scales its samples.
    """

    keeps_counter = True

    def __init__(self, line, address, phases, baud, calibration):
        if not 0 <= address <= modbus.ADDRESS_MAX:
            raise ValueError("METER_ADDRESS of an SDM is 1 to 247, or 0 to find it")
        self.name = "sdm120" if phases == 1 else "sdm630"
        self.phases = phases
        self.faults = 0
        self.address = address
        self._line = line
        registers = 20 if phases == 1 else 24
        asked = address or 1
        self._load = modbus.Block(asked, modbus.READ_INPUT, _LOAD_FIRST, registers)
        self._energy = modbus.Block(asked, modbus.READ_INPUT, _ENERGY_FIRST, _ENERGY_REGISTERS)
        on_line_bytes = _ASKED_BYTES + self._load.frame_bytes
        self.answer_ms = _THINKING_MS + on_line_bytes * 10_000 // baud
        self.calibration = calibration
        self._filled = None
        self._energy_age_s = ENERGY_AGE_MAX_S + 1
        self._import_wh = 0
        self._export_wh = 0
        self._frequency_dhz = 0

    def detect(self):
        """Return whether the meter answers: three tries, or one at each address to be tried.

        Only at boot: it sleeps, 3 s at 2400 baud.
        """
        addresses = (self.address,) if self.address else range(1, _ADDRESSES_TRIED + 1)
        tries = _DETECT_TRIES if self.address else 1
        for address in addresses:
            self._load.ask_at(address, address)
            self._energy.ask_at(address, address)
            if self._answers(self._load, tries):
                self.address = address
                if self._answers(self._energy, _DETECT_TRIES):
                    self._parse_energy()
                self._load.forget()
                return True
        return False

    def is_fed_on_more_phases(self):
        """Tell, after `detect`, whether phase 2 or 3 has volts; waits 3 s for a first measurement.

        Only at boot: it sleeps.
        """
        for _ in range(_MEASURED_TRIES):
            if self._volts_dv(0):
                break
            time.sleep_ms(_MEASURED_MS)
            self._answers(self._load, 1)
        self._load.forget()
        return self._volts_dv(1) > 0 or self._volts_dv(2) > 0

    def _volts_dv(self, phase):
        return scaled_float(self._load.data, self._load.at + _VOLTAGE + 4 * phase, 1)

    def _answers(self, block, tries):
        for _ in range(tries):
            block.ask(self._line)
            time.sleep_ms(self.answer_ms)
            if block.take(self._line) >= modbus.SAME:
                return True
        return False

    def request(self):
        """Take in the energy asked for a second ago, and ask for the load."""
        if self._energy_age_s <= ENERGY_AGE_MAX_S:
            self._energy_age_s += 1
        state = self._energy.take(self._line)
        if state == modbus.SAME:
            self._energy_age_s = 0
        elif state == modbus.NEW:
            self._parse_energy()
            self._filled = None
        self._load.ask(self._line)

    def collect(self, sample):
        """Fill `sample` from what has come; return (and note in it) whether it is whole.

        The load is of this second; the energy of the last one, or of up to five seconds before
        when frames with it were lost.
        """
        state = self._load.take(self._line)
        if state < modbus.SAME:
            if state == modbus.NOISE:
                self.faults += 1
            sample.valid = False
            return False
        if state == modbus.NEW or self._filled is not sample:
            self._parse_load(sample)
            self._filled = sample
        self._line.send(self._energy.request)
        sample.valid = self._energy_age_s <= ENERGY_AGE_MAX_S
        return sample.valid

    def _parse_energy(self):
        data = self._energy.data
        at = self._energy.at
        self._frequency_dhz = scaled_float(data, at, 1)
        self._import_wh = scaled_float(data, at + _IMPORT, 3)
        self._export_wh = scaled_float(data, at + _EXPORT, 3)
        self._energy_age_s = 0

    def _parse_load(self, sample):
        data = self._load.data
        at = self._load.at
        sample.phases = self.phases
        sample.voltage_dv = sample.current_ma = sample.power_dw = sample.apparent_dva = 0
        for phase in range(self.phases):
            voltage_dv = scaled_float(data, at + _VOLTAGE, 1)
            current_ma = scaled_float(data, at + _CURRENT, 3)
            power_dw = scaled_float(data, at + _POWER, 1)
            apparent_dva = scaled_float(data, at + _APPARENT, 1)
            at += 4
            sample.voltage_dv += voltage_dv
            sample.current_ma += current_ma
            sample.power_dw += power_dw
            sample.apparent_dva += apparent_dva
            if self.phases > 1:
                sample.phase_voltage_dv[phase] = voltage_dv
                sample.phase_current_ma[phase] = current_ma
                sample.phase_power_dw[phase] = power_dw
                sample.phase_apparent_dva[phase] = apparent_dva
        sample.voltage_dv //= self.phases
        sample.energy_wh = self._import_wh
        sample.reverse_wh = self._export_wh
        sample.frequency_dhz = self._frequency_dhz
        sample.power_factor_pct = power_factor_pct(sample.power_dw, sample.apparent_dva)
        self.calibration.scale(sample)


def power_factor_pct(power_dw, apparent_dva):
    """Return the power factor in 0.01, without sign; 0 where nothing flows."""
    if not apparent_dva or apparent_dva >= VALUE_MAX:
        return 0
    return (power_dw if power_dw > 0 else -power_dw) * 100 // apparent_dva
