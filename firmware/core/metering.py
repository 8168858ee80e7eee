"""Is the metering to be believed? Silent, implausible and all-zero samples, and the fault hold.

Fails safe: a sample that is not good never counts as "under the limit". This module must not know
the registers or the relay.
"""

from protocol.limits import POWER_MAX_W, VOLTAGE_MAX_V

OK = 0
SILENT = 1
IMPLAUSIBLE = 2
ALL_ZERO = 3

_CURRENT_MAX_MA = 200_000  # twice what the largest chip of the house can measure


class Metering:
    """The state of the metering (the cause in event 1013) and how long it has not been good."""

    def __init__(self):
        self.state = OK
        self._silent_s = 5
        self._fault_after_s = 30
        self._invalid_s = 0
        self._zero_s = 0
        self._bad_s = 0
        self._has_measured = False  # since this start

    def configure(self, silent_s, fault_after_s):
        """Take the programme's limits."""
        self._silent_s = silent_s
        self._fault_after_s = fault_after_s

    def judge(self, sample, elapsed_s):
        """Look at a sample before its energy is counted; return True if it can be used.

        The chip is fed by the mains that feed the board: a running board that reads no volts, no
        frequency and no power has a chip that answers without measuring.
        """
        if not sample.valid:
            self._invalid_s += elapsed_s
            if self._invalid_s >= self._silent_s:
                self._note(SILENT, elapsed_s)
            elif self.state != OK:
                self._note(self.state, elapsed_s)
            return False
        self._invalid_s = 0
        if not (sample.voltage_dv or sample.frequency_dhz or sample.power_dw):
            self._take_zero(elapsed_s)
            return False
        if _is_beyond_any_house(sample):
            self.doubt(elapsed_s)
            return False
        return True

    def _take_zero(self, elapsed_s):
        """After power-on the chip shows zeros until it has measured once: that is no fault yet."""
        self._zero_s += elapsed_s
        is_starting = not self._has_measured and self._zero_s < self._silent_s
        if self.state != OK or not is_starting:
            self._note(ALL_ZERO, elapsed_s)

    def accept(self):
        """The sample and its energy are good."""
        self.state = OK
        self._bad_s = 0
        self._has_measured = True

    def doubt(self, elapsed_s):
        """The sample cannot be true."""
        self._note(IMPLAUSIBLE, elapsed_s)

    def is_faulty(self):
        """Tell whether it has been bad for longer than the programme allows."""
        return self.state != OK and self._bad_s >= self._fault_after_s

    def _note(self, state, elapsed_s):
        self.state = state
        self._bad_s += elapsed_s


def _is_beyond_any_house(sample):
    """Chips say such things now and then, in whole frames; the wire has no room for them."""
    return (
        sample.voltage_dv > VOLTAGE_MAX_V * 10
        or sample.power_dw > POWER_MAX_W * 10
        or sample.current_ma > _CURRENT_MAX_MA
    )
