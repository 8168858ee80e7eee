"""Energy: the board's own registers, fed by the difference of the chip's counter.

The chip's counter is never taken as such: chips reset, wrap and can be zeroed on their bus. A
difference counts if it can have flowed in the time since the last one that counted. This module
must not know prices, nor how the chip is read. Requirement: ../shared/design/board.md "Energy".
"""

from array import array

from firmware.core.ledger import (
    CHIP_REVERSE_WH,
    CHIP_WH,
    ENERGY_REST,
    ENERGY_WH,
    RATE,
    RATE_WH,
    REVERSE_WH,
)

POWER_MAX_W = 25000  # what the largest chip of the house can measure (100 A at 250 V)
_CWH_PER_S = 764  # hundredths of Wh a second at 1.1 times POWER_MAX_W
_SLACK_CWH = 200  # the counter steps in whole Wh and may lag
_ALLOWANCE_MAX_CWH = 0x1FFFFFFF

# The ledger is written every 10 Wh or 60 s, so no more than this is on the chip alone at a cut.
LEDGER_STEP_WH = 10
LEDGER_STEP_S = 60
_BOOT_ALLOWANCE_CWH = LEDGER_STEP_WH * 100 + LEDGER_STEP_S * _CWH_PER_S + _SLACK_CWH

_PPM = 1_000_000  # the unit of ENERGY_REST is a millionth of a Wh

REBASE_AFTER_S = 60  # a jumped counter that behaves so long becomes the new baseline

COUNTED = 0
IMPLAUSIBLE = 1
REBASED = 2


class Sample:
    """One look at the metering chip; the driver fills the same object every second.

    With three phases `voltage_dv` is the mean, current, power and apparent power are sums, and
    the arrays hold the three; with one phase the arrays stay as they are.
    """

    def __init__(self):
        self.valid = False  # a whole, checked frame arrived
        self.phases = 1
        self.voltage_dv = 0
        self.current_ma = 0
        self.power_dw = 0
        self.apparent_dva = 0
        self.energy_wh = 0  # the chip's counter, import
        self.reverse_wh = 0  # and export; 0 where the chip does not tell
        self.phase_voltage_dv = array("i", bytes(12))
        self.phase_current_ma = array("i", bytes(12))
        self.phase_power_dw = array("i", bytes(12))
        self.phase_apparent_dva = array("i", bytes(12))
        self.frequency_dhz = 0
        self.power_factor_pct = 0


class Energy:
    """The registers in the ledger. They never decrease."""

    def __init__(self, values):
        self._values = values
        self._allowance_cwh = _BOOT_ALLOWANCE_CWH
        self._jump_from_wh = 0
        self._jump_wh = 0
        self._jump_s = 0
        self.added_wh = 0  # by the last `count`
        self.rebased_from_wh = 0
        self._safe_reverse_wh = 0
        self.gain_ppm = 0  # by calibration: so much more than the chip counts has flowed

    def forget_counter(self):
        """Take the chip's next counter as the baseline: it began anew, which is no fault."""
        self._values[CHIP_WH] = self._values[CHIP_REVERSE_WH] = -1

    @property
    def total_wh(self):
        """The import register."""
        return self._values[ENERGY_WH]

    def wait(self, elapsed_s):
        """Let time pass: that much more may have flowed when the next difference is judged."""
        left_cwh = _ALLOWANCE_MAX_CWH - self._allowance_cwh
        more_cwh = (elapsed_s if elapsed_s < 86400 else 86400) * _CWH_PER_S
        self._allowance_cwh += more_cwh if more_cwh < left_cwh else left_cwh

    def count(self, counter_wh, elapsed_s):
        """Take the chip's counter; return COUNTED, IMPLAUSIBLE or REBASED.

        `wait` must have been called for the time since the last call, `elapsed_s` of it.
        """
        values = self._values
        self.added_wh = 0
        before_wh = values[CHIP_WH]
        delta_wh = counter_wh - before_wh
        if before_wh < 0:
            delta_wh = 0
        elif delta_wh < 0:
            self._allowance_cwh = _SLACK_CWH  # if it comes back from one bad frame, it jumps
            return self._rebase(counter_wh)
        elif delta_wh > self._allowance_cwh // 100:
            return self._follow_jump(counter_wh, elapsed_s)
        if delta_wh or before_wh < 0:
            values[CHIP_WH] = counter_wh
        if delta_wh:
            added_wh = self._calibrate(delta_wh) if self.gain_ppm else delta_wh
            self.added_wh = added_wh
            values[ENERGY_WH] += added_wh
            values[RATE_WH + values[RATE]] += added_wh
        self._allowance_cwh = _SLACK_CWH
        self._jump_s = 0
        return COUNTED

    def count_reverse(self, counter_wh):
        """Take the chip's counter of energy fed back; call it before `count`.

        What cannot have flowed is a new baseline: nobody is billed by this register. Return True
        if after a cut the chip could not tell any more what the register has counted.
        """
        values = self._values
        delta_wh = counter_wh - values[CHIP_REVERSE_WH]
        is_known = values[CHIP_REVERSE_WH] >= 0
        values[CHIP_REVERSE_WH] = counter_wh
        if is_known and 0 < delta_wh <= self._allowance_cwh // 100:
            values[REVERSE_WH] += delta_wh
            return False
        is_lost = values[REVERSE_WH] != self._safe_reverse_wh
        self._safe_reverse_wh = values[REVERSE_WH]
        return is_lost

    def _calibrate(self, delta_wh):
        """Return what a difference of the chip's counter comes to; keep the rest below 1 Wh."""
        rest = self._values[ENERGY_REST] + delta_wh * self.gain_ppm
        self._values[ENERGY_REST] = rest % _PPM
        return delta_wh + rest // _PPM

    def _rebase(self, counter_wh):
        self.rebased_from_wh = self._values[CHIP_WH]
        self._values[CHIP_WH] = counter_wh
        self._jump_s = 0
        return REBASED

    def _follow_jump(self, counter_wh, elapsed_s):
        """Watch a jumped counter: one bad frame passes, a lasting jump becomes the baseline.

        What flowed since the jump is counted then; the jump itself never is.
        """
        grown_wh = counter_wh - self._jump_wh
        self._jump_wh = counter_wh
        if self._jump_s and 0 <= grown_wh <= 2 + elapsed_s * _CWH_PER_S // 100:
            self._jump_s += elapsed_s
            if self._jump_s >= REBASE_AFTER_S:
                return self._rebase(self._jump_from_wh)
        else:
            self._jump_from_wh = counter_wh
            self._jump_s = 1
        return IMPLAUSIBLE
