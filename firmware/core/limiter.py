"""The load limiter: bands of percent and seconds with leaky timers, trips, wait and lockout.

Every band's timer runs forward while the load, or that of a phase, is at or over its threshold
and backward while it is under, so that an overload that comes and goes trips too. Timers run on
uptime and go through the ledger, so that neither a power cut nor a clock step clears anything.
This module must not know the relay.
Requirements: UP-6, EB-16, ../shared/design/board.md "Limiter".
"""

from array import array

from firmware.core.ledger import (
    BAND_TIMER_S,
    LOCKOUT_LEFT_S,
    TRIP_LEFT_S,
    TRIPS,
    TRIPS_REMEMBERED,
    UNBALANCE_S,
    WAIT_LEFT_S,
)
from firmware.core.pace import GAP_MAX_S
from protocol import programme as wire
from protocol.limits import BANDS_MAX

ACTIVE_POWER = 0
APPARENT_POWER = 1

NOTHING = 0
TRIPPED = 1
LOCKED_OUT = 2  # tripped once too often

CAUSE_TOTAL = 0
CAUSE_UNBALANCE = 4  # 1 to 3 are the phases

PHASES = 3


class Limiter:
    """Judges the load once a second; the owner opens the relay and keeps the holds."""

    def __init__(self, values):
        self._values = values
        self._bands = 0
        self._percent = array("i", bytes(4 * BANDS_MAX))
        self._threshold_dw = array("i", bytes(4 * BANDS_MAX))
        self._phase_threshold_dw = array("i", bytes(4 * BANDS_MAX))
        self._seconds = array("i", bytes(4 * BANDS_MAX))
        self._timer_s = array("i", bytes(4 * BANDS_MAX))
        self._trip_until_s = array("i", bytes(4 * TRIPS_REMEMBERED))  # uptime
        self._unbalance_s = 0
        self._unbalance_dw = 0  # 0: none is asked for
        self._unbalance_pct = 0
        self._phase_limit_w = 0
        self._wait_until_s = 0  # uptime
        self._lockout_until_s = 0  # uptime
        self._wait_s = 0
        self._trips_max = 0
        self._trips_window_s = 0
        self._lockout_s = 0
        self._basis = ACTIVE_POWER
        self._phase_dw = 0  # of the phase with most
        self._phase = 0
        self._spread_dw = 0
        self.is_ahead = False  # a timer has run on since the ledger was written
        self.limit_w = 0
        self.cause = CAUSE_TOTAL  # of the last trip
        self.is_over = False  # the load is at or over the lowest threshold

    def configure(self, load):
        """Take the `load` record of a programme (docs/wire.md); timers stand as they were."""
        self._basis = load[wire.LOAD_BASIS]
        self._bands = len(load[wire.LOAD_BANDS])
        for index, (percent, seconds) in enumerate(load[wire.LOAD_BANDS]):
            self._percent[index] = percent
            self._seconds[index] = seconds
        for index in range(self._bands, BANDS_MAX):
            self._timer_s[index] = 0
        self._wait_s = load[wire.LOAD_WAIT_S]
        self._trips_max = load[wire.LOAD_TRIPS_MAX]
        self._trips_window_s = load[wire.LOAD_TRIPS_WINDOW_S]
        self._lockout_s = load[wire.LOAD_LOCKOUT_S]
        self._phase_limit_w = load[wire.LOAD_PHASE_LIMIT_W]
        self._unbalance_pct = load[wire.LOAD_UNBALANCE_PCT]
        self.set_limit(load[wire.LOAD_LIMIT_W])

    def set_limit(self, limit_w):
        """Let another limit be in force; timers stand as they were."""
        self.limit_w = limit_w
        self._unbalance_dw = limit_w * self._unbalance_pct // 10
        for index in range(self._bands):
            self._threshold_dw[index] = limit_w * self._percent[index] // 10
            self._phase_threshold_dw[index] = self._phase_limit_w * self._percent[index] // 10

    def measure_dw(self, sample):
        """Return the load in the unit of the limit, 0.1 W or 0.1 VA; look at the phases too."""
        in_va = self._basis == APPARENT_POWER
        self._phase_dw = self._phase = self._spread_dw = 0
        if sample.phases == PHASES:
            self._measure_phases(sample.phase_apparent_dva if in_va else sample.phase_power_dw)
        if in_va and sample.apparent_dva > sample.power_dw:
            return sample.apparent_dva
        return sample.power_dw

    def _measure_phases(self, phases):
        lowest_dw = highest_dw = phases[0]
        self._phase = 1
        for index in range(1, PHASES):
            if phases[index] > highest_dw:
                highest_dw = phases[index]
                self._phase = index + 1
            elif phases[index] < lowest_dw:
                lowest_dw = phases[index]
        self._phase_dw = highest_dw
        self._spread_dw = highest_dw - lowest_dw

    def judge(self, load_dw, elapsed_s, uptime_s, is_measured=True):
        """Let the timers run for the load of the sample last measured, or 0 while it is open.

        Without a measurement (`is_measured` false) the load goes on, but no timer cools down.
        """
        phase_dw = self._phase_dw if load_dw and self._phase_limit_w else -1
        self.is_over = load_dw >= self._threshold_dw[0] or phase_dw >= self._phase_threshold_dw[0]
        # The lowest band has the longest timer: when that stands at 0, they all do.
        if self.is_over or self._timer_s[0]:
            cooled_s = elapsed_s if is_measured else 0
            if self._run_timers(load_dw, phase_dw, elapsed_s, cooled_s):
                return self._trip(uptime_s)
        if self._unbalance_dw and self._is_unbalanced(load_dw, elapsed_s):
            self.cause = CAUSE_UNBALANCE
            return self._trip(uptime_s)
        return NOTHING

    def is_calm(self):
        """Tell whether no band's timer runs and the load is under every threshold."""
        return not (self.is_over or self._timer_s[0] or self._unbalance_s or self.is_ahead)

    def _run_timers(self, load_dw, phase_dw, elapsed_s, cooled_s):
        """Let every band's timer run forward or backward; return whether one is at its end."""
        timers = self._timer_s
        for index in range(self._bands):
            over_total = load_dw >= self._threshold_dw[index]
            if over_total or phase_dw >= self._phase_threshold_dw[index]:
                timers[index] += elapsed_s
                if timers[index] > self._values[BAND_TIMER_S + index]:
                    self.is_ahead = True
                if timers[index] >= self._seconds[index]:
                    self.cause = CAUSE_TOTAL if over_total else self._phase
                    return True
            elif timers[index]:
                left_s = timers[index] - cooled_s
                timers[index] = left_s if left_s > 0 else 0
        return False

    def _is_unbalanced(self, load_dw, elapsed_s):
        """Run the timer of the unbalance; it may last as long as the first band."""
        if load_dw and self._spread_dw > self._unbalance_dw:
            self.is_over = True
            self._unbalance_s += elapsed_s
            if self._unbalance_s > self._values[UNBALANCE_S]:
                self.is_ahead = True
        elif self._unbalance_s:
            left_s = self._unbalance_s - elapsed_s
            self._unbalance_s = left_s if left_s > 0 else 0
        return self._unbalance_s >= self._seconds[0] and self._unbalance_s > 0

    def _trip(self, uptime_s):
        self._values[TRIPS] += 1
        for index in range(BANDS_MAX):
            self._timer_s[index] = 0
        self._unbalance_s = 0
        self.is_over = False
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

    def lockout_left_s(self, uptime_s):
        """Return the seconds until the lockout is over, negative when it is."""
        return self._lockout_until_s - uptime_s

    def is_locked_out(self, uptime_s):
        """Tell whether a lockout is running."""
        return uptime_s < self._lockout_until_s

    def save(self, uptime_s):
        """Put every timer into the ledger: of deadlines what is left of them."""
        values = self._values
        values[WAIT_LEFT_S] = max(0, self._wait_until_s - uptime_s)
        values[LOCKOUT_LEFT_S] = max(0, self._lockout_until_s - uptime_s)
        for index in range(TRIPS_REMEMBERED):
            until_s = self._trip_until_s[index]
            values[TRIP_LEFT_S + index] = until_s - uptime_s if until_s > uptime_s else 0
        for index in range(BANDS_MAX):
            values[BAND_TIMER_S + index] = self._timer_s[index]
        values[UNBALANCE_S] = self._unbalance_s
        self.is_ahead = False

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
        # A timer that ran may have run on for a gap before the power went: that was no cooling.
        cooled_s = max(0, passed_s - GAP_MAX_S)
        for index in range(self._bands):
            self._timer_s[index] = max(0, values[BAND_TIMER_S + index] - cooled_s)
        self._unbalance_s = max(0, values[UNBALANCE_S] - cooled_s)
