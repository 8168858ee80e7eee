"""Board time kept as an offset to uptime, and how far it can be believed.

The board has three clock states: unset (nobody told the time since the last power cut), held (a
real-time clock carried it over) and synced (an authenticated source said so since boot). This
module must not know where time comes from.
"""

from protocol import messages

UNSET = messages.CLOCK_UNSET
HELD = messages.CLOCK_HELD
SYNCED = messages.CLOCK_SYNCED


class Clock:
    """Board time `now_s(uptime_s)` in seconds since 2020-01-01 UTC."""

    def __init__(self):
        self.state = UNSET
        self._offset_s = 0

    def now_s(self, uptime_s):
        """Return board time; without a set clock it runs on from where `set` put it."""
        return self._offset_s + uptime_s

    def set(self, now_s, uptime_s, state):
        """Take `now_s` as the time at `uptime_s`; return the step in seconds."""
        step_s = now_s - self.now_s(uptime_s)
        self._offset_s = now_s - uptime_s
        self.state = state
        return step_s
