"""The load limiter: bands of percent and seconds with leaky timers, trips, wait and lockout.

Every band's timer runs forward while the load is at or over its threshold and backward while it
is under, so that an overload that comes and goes trips too. Timers run on uptime; what is left of
them goes through the ledger, so that neither a power cut nor a clock step clears a wait. This
module must not know the relay. Requirements: UP-6, EB-16, ../shared/design/board.md "Limiter".
"""

from array import array

from firmware.core.ledger import (
    LOCKOUT_LEFT_S,
    TRIP_LEFT_S,
    TRIPS,
    TRIPS_REMEMBERED,
    WAIT_LEFT_S,
)
from protocol import programme as wire
from protocol.limits import BANDS_MAX

ACTIVE_POWER = 0
APPARENT_POWER = 1

NOTHING = 0
TRIPPED = 1
LOCKED_OUT = 2  # tripped once too often


class Limiter:
    """Judges the load once a second; the owner opens the relay and keeps the holds."""

    def __init__(self, values):
        self._values = values
        self._bands = 0
        self._threshold_dw = array("i", bytes(4 * BANDS_MAX))
        self._seconds = array("i", bytes(4 * BANDS_MAX))
        self._timer_s = array("i", bytes(4 * BANDS_MAX))
        self._trip_until_s = array("i", bytes(4 * TRIPS_REMEMBERED))  # uptime
        self._wait_until_s = 0  # uptime
        self._lockout_until_s = 0  # uptime
        self._wait_s = 0
        self._trips_max = 0
        self._trips_window_s = 0
        self._lockout_s = 0
        self._basis = ACTIVE_POWER
        self.limit_w = 0

    def configure(self, load):
        """Take the `load` record of a programme (docs/wire.md, "Programme")."""
        self.limit_w = load[wire.LOAD_LIMIT_W]
        self._basis = load[wire.LOAD_BASIS]
        self._bands = len(load[wire.LOAD_BANDS])
        for index, (percent, seconds) in enumerate(load[wire.LOAD_BANDS]):
            self._threshold_dw[index] = self.limit_w * percent // 10
            self._seconds[index] = seconds
            self._timer_s[index] = 0
        self._wait_s = load[wire.LOAD_WAIT_S]
        self._trips_max = load[wire.LOAD_TRIPS_MAX]
        self._trips_window_s = load[wire.LOAD_TRIPS_WINDOW_S]
        self._lockout_s = load[wire.LOAD_LOCKOUT_S]

    def measure_dw(self, sample):
        """Return the load in the unit of the limit: 0.1 W, or 0.1 VA."""
        if self._basis == APPARENT_POWER:
            return sample.voltage_dv * sample.current_ma // 1000
        return sample.power_dw

    def judge(self, load_dw, elapsed_s, uptime_s):
        """Let the timers run for a load that is to be believed; 0 while the relay is open."""
        timers = self._timer_s
        for index in range(self._bands):
            if load_dw < self._threshold_dw[index]:
                left_s = timers[index] - elapsed_s
                timers[index] = left_s if left_s > 0 else 0
            else:
                timers[index] += elapsed_s
                if timers[index] >= self._seconds[index]:
                    return self._trip(uptime_s)
        return NOTHING

    def _trip(self, uptime_s):
        self._values[TRIPS] += 1
        for index in range(BANDS_MAX):
            self._timer_s[index] = 0
        self._wait_until_s = uptime_s + self._wait_s
        if self._remember_trip(uptime_s) <= self._trips_max:
            return TRIPPED
        for index in range(TRIPS_REMEMBERED):
            self._trip_until_s[index] = 0
        self._lockout_until_s = uptime_s + self._lockout_s
        return LOCKED_OUT

    def _remember_trip(self, uptime_s):
        """Put the trip in the place of the oldest; return how many count at this moment."""
        recent = self._trip_until_s
        oldest = 0
        for index in range(TRIPS_REMEMBERED):
            if recent[index] < recent[oldest]:
                oldest = index
        recent[oldest] = uptime_s + self._trips_window_s
        return sum(1 for until_s in recent if until_s > uptime_s)

    def wait_left_s(self, uptime_s):
        """Return the seconds until the button is accepted (the later of wait and lockout)."""
        until_s = max(self._wait_until_s, self._lockout_until_s)
        return until_s - uptime_s if until_s > uptime_s else 0

    def is_locked_out(self, uptime_s):
        """Tell whether a lockout is running."""
        return uptime_s < self._lockout_until_s

    def save(self, uptime_s):
        """Put what is left of every timer into the ledger."""
        values = self._values
        values[WAIT_LEFT_S] = max(0, self._wait_until_s - uptime_s)
        values[LOCKOUT_LEFT_S] = max(0, self._lockout_until_s - uptime_s)
        for index in range(TRIPS_REMEMBERED):
            values[TRIP_LEFT_S + index] = max(0, self._trip_until_s[index] - uptime_s)

    def load(self, uptime_s, passed_s):
        """Take the timers from the ledger, less `passed_s` (0 when nobody knows how long).

        A trip count never forgets by power cuts with an unknown clock, only by time that passed.
        """
        values = self._values
        self._wait_until_s = uptime_s + max(0, values[WAIT_LEFT_S] - passed_s)
        self._lockout_until_s = uptime_s + max(0, values[LOCKOUT_LEFT_S] - passed_s)
        for index in range(TRIPS_REMEMBERED):
            left_s = max(0, values[TRIP_LEFT_S + index] - passed_s)
            self._trip_until_s[index] = uptime_s + left_s if left_s else 0
