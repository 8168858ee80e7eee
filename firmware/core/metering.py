"""Is the metering to be believed? Silent, implausible, all-zero and frozen samples, and the fault.

Fails safe: a sample that is not good never counts as "under the limit". Bad seconds are counted
leakily, like the limiter's: a good sample takes back only its own second, and a power cut nothing,
so that a line that is mostly bad becomes a fault. This module must not know the registers or the
relay.
"""

from firmware.core.ledger import METERING_BAD_S, METERING_FRAME, METERING_SAME_S
from firmware.core.pace import CALM_MAX_S
from protocol import programme as wire
from protocol.limits import POWER_MAX_W, VOLTAGE_MAX_V

OK = 0
SILENT = 1
IMPLAUSIBLE = 2
ALL_ZERO = 3
FROZEN = 4

GOOD_RUN_S = 3  # so many good seconds in a row end a fault
OWING_S = 3600  # then a counter that stood still is tried again
_IDLE_DW = 10  # what a chip may see of no load
_SHORT_S = 10  # a disturbance up to this is over with the first good sample
_CURRENT_MAX_MA = 200_000  # twice what the largest chip of the house can measure
_MAINS_DV = 500  # 50.0 V

# The chips count in steps of up to 10 Wh; power that should have moved the counter so far and did
# not shows that one of the two stands still.
_OWED_MAX_DWS = 25 * 36_000  # 25 Wh
_MASK = 0x3FFFFFFF
_STEP_MAX_S = 60  # of owed energy at once


class Metering:
    """The state of the metering (the cause in event 1013) and how long it has not been good."""

    def __init__(self, values):
        self._values = values
        self.state = OK
        self._silent_s = 5
        self._fault_after_s = 30
        self._frozen_s = 300
        self._invalid_s = 0
        self._zero_s = 0
        self._bad_s = 0
        self._good_s = 0  # in a row
        self._has_measured = False  # since this start
        self.is_faulty = False  # bad for longer than the programme allows
        self.is_ahead = False  # bad seconds have run on since the ledger was written
        self._same_s = 0
        self._unseen_s = 0  # since the last frame that was compared
        self._has_moved = False  # since a fault began, or since the start
        self._kept_s = 0  # of the time before the start, until the first frame has been compared
        self._owed_dws = 0
        self._idle_s = 0  # under _IDLE_DW while the counter owes
        self._voltage_dv = self._current_ma = self._power_dw = 0
        self._frequency_dhz = self._energy_wh = 0

    def configure(self, load):
        """Take the limits of a programme's `load`."""
        self._silent_s = load[wire.LOAD_SILENT_S]
        self._fault_after_s = load[wire.LOAD_FAULT_AFTER_S]
        self._frozen_s = load[wire.LOAD_FROZEN_S]

    def judge(self, sample, elapsed_s):
        """Look at a sample before its energy is counted; return True if it can be used.

        The chip is fed by the mains that feed the board: a running board that reads no volts, no
        frequency and no power has a chip that answers without measuring.
        """
        if not sample.valid:
            self._invalid_s += elapsed_s
            self._unseen_s += elapsed_s
            self._note(SILENT, elapsed_s, self._invalid_s >= self._silent_s)
            return False
        self._invalid_s = 0
        if not (sample.voltage_dv or sample.frequency_dhz or sample.power_dw):
            # After power-on the chip shows zeros until it has measured once: no event yet.
            self._zero_s += elapsed_s
            self._unseen_s += elapsed_s
            is_starting = not self._has_measured and self._zero_s < self._silent_s
            self._note(ALL_ZERO, elapsed_s, not is_starting)
            return False
        # Chips say such things now and then, in whole frames; the wire has no room for them.
        if (
            sample.voltage_dv > VOLTAGE_MAX_V * 10
            or sample.power_dw > POWER_MAX_W * 10
            or sample.current_ma > _CURRENT_MAX_MA
        ):
            self._unseen_s += elapsed_s
            self.doubt(elapsed_s)
            return False
        if self._stands_still(sample, elapsed_s):
            self._note(FROZEN, elapsed_s, True)
            return False
        return True

    def _stands_still(self, sample, elapsed_s):
        """Tell whether nothing has moved for so long that the chip must be frozen."""
        if self._kept_s:
            self._resume(sample)
        voltage_dv = sample.voltage_dv
        power_dw = sample.power_dw
        same_s = self._same_s
        owed_dws = self._owed_dws
        if sample.energy_wh != self._energy_wh:
            self._energy_wh = sample.energy_wh
            self._has_moved = True
            owed_dws = same_s = 0
        elif power_dw > 0 and owed_dws < _OWED_MAX_DWS:
            owed_dws += power_dw * (elapsed_s if elapsed_s < _STEP_MAX_S else _STEP_MAX_S)
        if (
            voltage_dv == self._voltage_dv
            and power_dw == self._power_dw
            and sample.current_ma == self._current_ma
            and sample.frequency_dhz == self._frequency_dhz
        ):
            same_s += elapsed_s
            if self._unseen_s < self._fault_after_s:  # what comes between does not thaw a chip
                same_s += self._unseen_s
        else:
            same_s = 0
            self._has_moved = True
            self._voltage_dv = voltage_dv
            self._power_dw = power_dw
            self._current_ma = sample.current_ma
            self._frequency_dhz = sample.frequency_dhz
        self._same_s = same_s
        self._unseen_s = 0
        self._owed_dws = owed_dws
        if not self._frozen_s or voltage_dv < _MAINS_DV:
            return False
        if owed_dws >= _OWED_MAX_DWS:
            return self._is_owing(elapsed_s)
        return same_s >= self._frozen_s

    def _resume(self, sample):
        """At the first frame of a start: a chip that shows what it showed before goes on so."""
        shown = _sum(
            sample.voltage_dv,
            sample.power_dw,
            sample.current_ma,
            sample.frequency_dhz,
            sample.energy_wh,
        )
        if shown == self._values[METERING_FRAME]:
            self._same_s = self._kept_s
            self._energy_wh = sample.energy_wh
            self._voltage_dv = sample.voltage_dv
            self._power_dw = sample.power_dw
            self._current_ma = sample.current_ma
            self._frequency_dhz = sample.frequency_dhz
        self._kept_s = 0

    def _is_owing(self, elapsed_s):
        """Tell whether the counter still owes; with the relay open nothing can ever move it.

        So it is believed again after an hour without load, for as much as it may owe.
        """
        self._idle_s = self._idle_s + elapsed_s if self._power_dw <= _IDLE_DW else 0
        if self._idle_s < OWING_S:
            return True
        self._owed_dws = self._idle_s = 0
        return False

    def is_calm(self):
        """Tell whether all is well and the last two samples showed the same."""
        return self._same_s > 0 and self.state == OK and not self._bad_s and not self.is_ahead

    def calm_left_s(self):
        """Return for how long the same samples would not yet be called frozen."""
        if not self._frozen_s or self._voltage_dv < _MAINS_DV:
            return CALM_MAX_S
        left_s = min(self._frozen_s - self._same_s, CALM_MAX_S)
        if self._power_dw > 0:
            return min(left_s, (_OWED_MAX_DWS - self._owed_dws) // self._power_dw)
        return left_s

    def stand_still(self, elapsed_s):
        """Let seconds of the same sample have passed, within `calm_left_s`."""
        self._same_s += elapsed_s
        if self._power_dw > 0 and self._owed_dws < _OWED_MAX_DWS:
            self._owed_dws += self._power_dw * elapsed_s

    def accept(self, elapsed_s):
        """The sample and its energy are good."""
        self._has_measured = True
        if self.state == OK and not self._bad_s:
            return
        if self.is_faulty and not self._has_moved:
            return  # it shows what it showed before the fault: that is no proof of life
        self._good_s += elapsed_s
        self._bad_s = max(0, self._bad_s - elapsed_s)
        if self._good_s >= GOOD_RUN_S:
            self.is_faulty = False
            self.state = OK
        elif not self.is_faulty and self._bad_s < _SHORT_S:
            self.state = OK

    def doubt(self, elapsed_s):
        """The sample cannot be true."""
        self._note(IMPLAUSIBLE, elapsed_s, True)

    def save(self):
        """Put the bad seconds into the ledger, and what stands still: a cut clears neither."""
        self._values[METERING_BAD_S] = self._bad_s
        if not self._kept_s:
            self._values[METERING_SAME_S] = self._same_s
            self._values[METERING_FRAME] = _sum(
                self._voltage_dv,
                self._power_dw,
                self._current_ma,
                self._frequency_dhz,
                self._energy_wh,
            )
        self.is_ahead = False

    def load(self):
        """Take them from the ledger: a fault stands until a few good seconds say otherwise."""
        self._bad_s = self._values[METERING_BAD_S]
        self._kept_s = self._values[METERING_SAME_S]
        self.is_faulty = self._bad_s >= self._fault_after_s

    def _note(self, state, elapsed_s, is_certain):
        """Count a bad second; the first of them may still be nothing (`is_certain` false)."""
        self._good_s = 0
        if is_certain:
            self.state = state
        self._bad_s += elapsed_s
        if self._bad_s >= self._fault_after_s:
            self._bad_s = self._fault_after_s
            if not self.is_faulty:
                self.is_faulty = True
                self._has_moved = False
            if self.state == OK:
                self.state = state
        if self._bad_s > self._values[METERING_BAD_S]:
            self.is_ahead = True


def _sum(voltage_dv, power_dw, current_ma, frequency_dhz, energy_wh):
    """Return a small integer over what a frame shows."""
    return (voltage_dv ^ power_dw << 9 ^ current_ma << 5 ^ frequency_dhz << 20 ^ energy_wh) & _MASK
