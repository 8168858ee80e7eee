"""Automatic retries after a trip, for packages that want them: how many, when, and when again.

Only a minute of good running refills them, and the count goes through the ledger: no power cycle
brings one back. This module must not know the relay or the holds.
"""

from firmware.core.ledger import RETRIES, RETRY_LEFT_S
from firmware.core.pace import CALM_MAX_S
from protocol import programme as wire

GOOD_RUN_S = 60


class Retry:
    """The retry that is due after a trip, if any."""

    def __init__(self, values):
        self._values = values
        self._retries_max = 0
        self._interval_s = 0
        self._at_s = 0  # uptime; 0: none is due
        self._good_s = 0

    def configure(self, load):
        """Take the `load` record of a programme."""
        self._retries_max = load[wire.LOAD_RETRIES_MAX]
        self._interval_s = load[wire.LOAD_RETRY_INTERVAL_S]

    @property
    def has_used(self):
        """Whether there is anything for good running to give back."""
        return self._values[RETRIES] > 0

    def begin(self, uptime_s):
        """After a trip: let one be due after the interval, unless all are used up."""
        self._good_s = 0
        if self._values[RETRIES] < self._retries_max:
            self._at_s = uptime_s + self._interval_s

    def cancel(self):
        """Forget the one that is due: the button was faster, or a lockout wants the button."""
        self._at_s = 0

    def is_due(self, uptime_s):
        """Tell whether the supply should be tried again now."""
        return 0 < self._at_s <= uptime_s

    def calm_left_s(self, uptime_s):
        """Return the seconds until one is due, at most CALM_MAX_S."""
        return min(self._at_s - uptime_s, CALM_MAX_S) if self._at_s else CALM_MAX_S

    def take(self):
        """Use the one that is due; return its number."""
        self._at_s = 0
        self._values[RETRIES] += 1
        return self._values[RETRIES]

    def observe(self, is_good, elapsed_s):
        """Note a second with the relay closed and the load under every threshold, or not."""
        self._good_s = self._good_s + elapsed_s if is_good else 0
        if self._good_s >= GOOD_RUN_S:
            self._values[RETRIES] = 0

    def save(self, uptime_s):
        """Put what is left of the interval into the ledger."""
        self._values[RETRY_LEFT_S] = max(1, self._at_s - uptime_s) if self._at_s else 0

    def load(self, uptime_s, passed_s):
        """Take it from there, less what is known to have passed."""
        left_s = self._values[RETRY_LEFT_S]
        self._at_s = uptime_s + max(1, left_s - passed_s) if left_s else 0
