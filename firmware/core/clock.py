"""Board time, uptime and how far the clock can be believed, for everyone in the core to look at.

The clock is unset (nobody told the time since the last power cut), held (a real-time clock carried
it over) or synced (an authenticated source said so since boot). What cannot be taken back, such as
a day's charge, follows `calendar_s`, which a clock that nobody authenticated moves by at most a
day. This module must not know where time comes from. Behaviour: docs/board.md "Calendar".
"""

from firmware.core.calendar import DAY_S
from protocol import messages

UNSET = messages.CLOCK_UNSET
HELD = messages.CLOCK_HELD
SYNCED = messages.CLOCK_SYNCED

SLEW_MAX_S = 5  # a difference up to this is made up second by second, a larger one is a step
SLEW_EVERY_S = 10


class Clock:
    """The present moment."""

    def __init__(self):
        self.state = UNSET
        self.time_s = 0  # board time; while unset it runs on from the last ledger write
        self.uptime_s = 0  # never steps: timers run on it
        self.elapsed_s = 0  # since the moment before this one
        self.known_s = 0  # it is at least so late: last authenticated time, and what passed since
        self.doubted_by_s = 0  # how far the last time told was from what is known; 0 believed
        self.has_settled = False  # this moment made up the rest of a small difference
        self._slew_s = 0
        self._slew_at_s = 0  # uptime

    def now_s(self, uptime_s):
        """Return board time at `uptime_s`, for a caller without a better clock."""
        return self.time_s + uptime_s - self.uptime_s

    @property
    def is_slewing(self):
        """Whether a small difference is still being made up."""
        return self._slew_s != 0

    def begin(self, now_s, uptime_s):
        """Move on to a moment; `now_s` counts only if the clock is set."""
        elapsed_s = uptime_s - self.uptime_s
        self.elapsed_s = elapsed_s if elapsed_s > 0 else 0
        self.uptime_s = uptime_s
        self.time_s = self.time_s + self.elapsed_s if self.state == UNSET else now_s
        if self.known_s:
            self.known_s += self.elapsed_s
        self.has_settled = False
        if self._slew_s and uptime_s >= self._slew_at_s:
            self._slew()

    def set(self, now_s, state):
        """Take `now_s` as the time of the present moment; return the step in seconds.

        A time that nobody authenticated (HELD) does not go behind what is known, and is doubted
        when it is more than a day ahead of it (`doubted_by_s`).
        """
        self.doubted_by_s = 0
        if state == SYNCED:
            self.known_s = now_s
        elif state == HELD and self.known_s:
            ahead_s = now_s - self.known_s
            if not 0 <= ahead_s <= DAY_S:
                self.doubted_by_s = ahead_s
            now_s = max(now_s, self.known_s)
        step_s = now_s - self.time_s
        self.time_s = now_s
        self.state = state
        self._slew_s = 0
        return step_s

    def adjust(self, now_s, state):
        """As `set`, but make a small difference up bit by bit; return the step taken at once."""
        difference_s = now_s - self.time_s
        if self.state == UNSET or state != SYNCED or abs(difference_s) > SLEW_MAX_S:
            return self.set(now_s, state)
        self.set(self.time_s, state)
        self.known_s = now_s
        self._slew_s = difference_s
        self._slew_at_s = self.uptime_s + SLEW_EVERY_S
        return 0

    def learn(self, past_s):
        """Take from an authenticated message that it is at least so late."""
        self.known_s = max(self.known_s, past_s)

    def calendar_s(self):
        """Return the time by which days are charged, programmes begin; 0 while unknown."""
        if self.state == SYNCED:
            return self.time_s
        if self.state == UNSET or not self.known_s:
            return 0
        return self._near_known_s()

    def dated_s(self):
        """Return the time that readings bear: the calendar's, as soon as there is one.

        So a month's last reading tells what was charged up to then, whatever the clock says. An
        unset clock runs on from a time that perhaps was not believed: it stays near the known too.
        """
        if self.state == SYNCED or not self.known_s:
            return self.time_s
        return self._near_known_s()

    def _near_known_s(self):
        return max(self.known_s, min(self.time_s, self.known_s + DAY_S))

    def _slew(self):
        """Let time stand still for a second, or skip one; it never runs backwards."""
        step_s = 1 if self._slew_s > 0 else -1
        self._slew_at_s = self.uptime_s + SLEW_EVERY_S
        if step_s < 0 and not self.elapsed_s:
            return
        self.time_s += step_s
        self._slew_s -= step_s
        self.has_settled = not self._slew_s
