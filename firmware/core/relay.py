"""Did the latching relay do what it was told? Weld and miss, a bounded number of retries, alarm.

The load-side sense tells whether the consumer's line is live. A line that stays live although the
relay was opened is a weld to us, also if something else feeds it. And whatever the sense says, a
watt-hour that the chip counts well after the opening came through the contacts. This module must
not know why the relay is wanted open or closed. Requirement: ../shared/design/board.md
"Supply control".
"""

SETTLE_S = 3  # a pulse, contact bounce and the sense's own filter are over by then
ATTEMPTS_MAX = 3  # pulses after the first before we stop wearing out the coil
LATER_S = 600  # then one so often: an armature that stuck may come loose, and supply must not stay
FLOW_SETTLES_S = 10  # what flowed before the opening is counted by then
FLOW_DW = 50  # below this nothing flows: the meter's own use, and what chips show of no load

MATCHED = 0
WELDED = 1  # live although it should be open: pulse again
MISSED = 2  # dead although it should be closed and mains is there: pulse again
ALARM = 3  # the retries are used up; told once


class Relay:
    """What the relay was told, and whether the line agrees."""

    def __init__(self):
        self.closed = False  # commanded
        self.attempts = 0
        self.is_welded = False  # beyond the retries; until line and command agree
        self.has_alarm = False  # told; what follows is no news
        self._pulsed_s = 0
        self._differed_s = 0
        self._metered_s = -1  # open, and every measurement good, since this uptime; -1: not
        self._is_flowing = False  # although open

    def command(self, closed, uptime_s):
        """Note that the coil for `closed` gets its pulse now."""
        self.closed = closed
        self.attempts = 0
        self.has_alarm = False
        self._pulsed_s = uptime_s
        self.lose_sight()
        self._is_flowing = False

    def meter(self, load_dw, counted_wh, uptime_s):
        """Take a good measurement while the relay is open: is it truly?

        A chip that hangs shows the load of before, but counts nothing.
        """
        if self._metered_s < 0:
            self._metered_s = uptime_s
        elif counted_wh and uptime_s - self._metered_s >= FLOW_SETTLES_S:
            self._is_flowing = True
        if load_dw < FLOW_DW:
            self._is_flowing = False

    def lose_sight(self):
        """There is no good measurement: the next may count what flowed before the opening."""
        self._metered_s = -1

    def is_calm(self, load_side_live):
        """Tell whether the line is as commanded, and nothing is left of when it was not."""
        return self.closed == load_side_live and not (
            self.attempts or self.is_welded or self.has_alarm or self._is_flowing
        )

    def verify(self, load_side_live, mains_present, uptime_s):
        """Return MATCHED, WELDED, MISSED or ALARM for what sense and chip say this second."""
        load_side_live = load_side_live or self._is_flowing
        if self.closed == load_side_live or (self.closed and not mains_present):
            if self.attempts or self.is_welded or self.has_alarm:
                self._settle(uptime_s)
            return MATCHED
        self._differed_s = uptime_s
        if uptime_s - self._pulsed_s < (LATER_S if self.has_alarm else SETTLE_S):
            return MATCHED
        if self.attempts >= ATTEMPTS_MAX and not self.has_alarm:
            self.has_alarm = True
            self.is_welded = not self.closed
            return ALARM
        self.attempts = min(self.attempts + 1, ATTEMPTS_MAX)
        self._pulsed_s = uptime_s
        return MISSED if self.closed else WELDED

    def _settle(self, uptime_s):
        if uptime_s - max(self._pulsed_s, self._differed_s) >= SETTLE_S:
            self.attempts = 0
            self.is_welded = self.has_alarm = False
