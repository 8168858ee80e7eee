"""When a timer that has run on must go to the ledger: soon at first, then every ten seconds.

A power cycle takes back less of a timer than the timer ran in it, and the flash sees at most a
write in ten seconds and four more. This module must not know what is timed.
"""

GAP_MAX_S = 10
CALM_MAX_S = 3600  # further ahead nobody has to look for what falls due
QUIET_S = 60  # without a timer ahead of the ledger: the next begins with the short gaps again


class Pace:
    """Asked in every second in which a timer is ahead of the ledger."""

    def __init__(self):
        self._gap_s = 1
        self._written_s = 0  # uptime
        self._ahead_s = 0  # uptime

    def is_due(self, uptime_s):
        """Tell whether to write now."""
        if uptime_s - self._ahead_s >= QUIET_S:
            self._gap_s = 1
        self._ahead_s = uptime_s
        if uptime_s - self._written_s < self._gap_s:
            return False
        self._written_s = uptime_s
        self._gap_s = min(2 * self._gap_s, GAP_MAX_S)
        return True
