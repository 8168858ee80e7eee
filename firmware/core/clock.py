"""Board time, uptime and how far the clock can be believed, for everyone in the core to look at.

The clock is unset (nobody told the time since the last power cut), held (a real-time clock carried
it over) or synced (an authenticated source said so since boot). This module must not know where
time comes from.
"""

from protocol import messages

UNSET = messages.CLOCK_UNSET
HELD = messages.CLOCK_HELD
SYNCED = messages.CLOCK_SYNCED


class Clock:
    """The present moment."""

    def __init__(self):
        self.state = UNSET
        self.time_s = 0  # board time; while unset it runs on from the last ledger write
        self.uptime_s = 0  # never steps: timers run on it
        self.elapsed_s = 0  # since the moment before this one

    def now_s(self, uptime_s):
        """Return board time at `uptime_s`, for a caller without a better clock."""
        return self.time_s + uptime_s - self.uptime_s

    def begin(self, now_s, uptime_s):
        """Move on to a moment; `now_s` counts only if the clock is set."""
        elapsed_s = uptime_s - self.uptime_s
        self.elapsed_s = elapsed_s if elapsed_s > 0 else 0
        self.uptime_s = uptime_s
        self.time_s = self.time_s + self.elapsed_s if self.state == UNSET else now_s

    def set(self, now_s, state):
        """Take `now_s` as the time of the present moment; return the step in seconds."""
        step_s = now_s - self.time_s
        self.time_s = now_s
        self.state = state
        return step_s
