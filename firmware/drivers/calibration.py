"""Calibration: by how much a meter's volts, amperes and watts are to be corrected, in ppm.

`calibration.json` is written on the bench (docs/metering.md) and read at boot; for another chip,
or with a wrong CRC, it is ignored and the console says so. It must not know how a chip is read.
"""

import binascii
import json

from micropython import const

FILE = "calibration.json"
GAIN_MAX_PPM = const(100_000)  # a meter that is off by more than a tenth is broken, not off
_GAINS = ("voltage_ppm", "current_ppm", "power_ppm")
_PPM = const(1_000_000)
_PHASES = const(3)
_SCALED_MAX = const(5_000_000)  # more than any house; beyond, the steps would leave 30 bits


class CalibrationError(Exception):
    """A calibration that cannot be used; the text says what to do."""


class Calibration:
    """Corrections in ppm of what the chip says; all 0: none."""

    def __init__(self, voltage_ppm=0, current_ppm=0, power_ppm=0, date_s=0):
        self.voltage_ppm = voltage_ppm
        self.current_ppm = current_ppm
        self.power_ppm = power_ppm
        self.date_s = date_s
        self._is_neutral = not (voltage_ppm or current_ppm or power_ppm)

    def scale(self, sample):
        """Correct what a driver has just filled in, without allocation.

        Energy is left as the chip counts it: the core scales its differences by `power_ppm`.
        """
        if self._is_neutral:
            return
        sample.voltage_dv = scaled(sample.voltage_dv, self.voltage_ppm)
        sample.current_ma = scaled(sample.current_ma, self.current_ppm)
        sample.power_dw = scaled(sample.power_dw, self.power_ppm)
        apparent_ppm = self.voltage_ppm + self.current_ppm
        sample.apparent_dva = scaled(sample.apparent_dva, apparent_ppm)
        if sample.phases == 1:
            return
        for phase in range(_PHASES):
            _scale(sample.phase_voltage_dv, phase, self.voltage_ppm)
            _scale(sample.phase_current_ma, phase, self.current_ppm)
            _scale(sample.phase_power_dw, phase, self.power_ppm)
            _scale(sample.phase_apparent_dva, phase, apparent_ppm)


def scaled(value, ppm):
    """Return `value` and `ppm` millionths of it more, rounded; every step fits 30 bits."""
    if not -_SCALED_MAX < value < _SCALED_MAX:
        return value
    return value + (value // 1000 * ppm + value % 1000 * ppm // 1000 + 500) // 1000


def _scale(values, index, ppm):
    values[index] = scaled(values[index], ppm)


def solve(reference, measured):
    """Return the correction in ppm that makes `measured` the `reference`, both in one unit.

    Raises CalibrationError when there was nothing to measure or the meter is too far off.
    """
    if measured <= 0 or reference <= 0:
        raise CalibrationError("reference and meter must both show more than 0: connect the load")
    ppm = (2 * (reference - measured) * _PPM + measured) // (2 * measured)
    if not -GAIN_MAX_PPM <= ppm <= GAIN_MAX_PPM:
        raise CalibrationError("the meter is off by more than 10 %: look for a fault, not a gain")
    return ppm


def checksum(chip, date_s, gains):
    """Return the CRC-32 of a calibration; `gains` are voltage, current and power in ppm."""
    return binascii.crc32(("%s,%d,%d,%d,%d" % ((chip, date_s) + tuple(gains))).encode())


def encode(chip, date_s, voltage_ppm, current_ppm, power_ppm):
    """Return the text of `calibration.json`; `date_s` is board time."""
    gains = (voltage_ppm, current_ppm, power_ppm)
    record = {"chip": chip, "date_s": date_s, "crc": checksum(chip, date_s, gains)}
    for index, name in enumerate(_GAINS):
        record[name] = gains[index]
    return json.dumps(record)


def decode(text, chip):
    """Return the Calibration that `text` holds for `chip`. Raises CalibrationError."""
    try:
        record = json.loads(text)
        gains = [record[name] for name in _GAINS]
        date_s = record["date_s"]
        is_whole = record["crc"] == checksum(record["chip"], date_s, gains)
    except (ValueError, TypeError, KeyError):
        raise CalibrationError("calibration.json cannot be read: calibrate again") from None
    if not is_whole:
        raise CalibrationError("calibration.json has a wrong checksum: calibrate again")
    if record["chip"] != chip:
        raise CalibrationError(
            "calibration.json is for a %s, this is a %s: calibrate again" % (record["chip"], chip)
        )
    if min(gains) < -GAIN_MAX_PPM or max(gains) > GAIN_MAX_PPM:
        raise CalibrationError("calibration.json corrects by more than 10 %: calibrate again")
    return Calibration(gains[0], gains[1], gains[2], date_s)


def load(chip):
    """Return the calibration of this board for `chip`; none when there is no usable one."""
    try:
        with open(FILE) as file:
            return decode(file.read(), chip)
    except OSError:
        return Calibration()
    except CalibrationError as error:
        print("calibration: %s" % error)
        return Calibration()
