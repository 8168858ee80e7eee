"""Which limit is in force: the package's, its second one, or a lower one in an emergency.

The second limit holds while the supply comes from the generator (by the input line or by command)
and within its hours. An emergency limit only ever lowers, until its deadline. Deadlines are board
time and go through the ledger. This module must not know bands or the relay.
"""

from firmware.core.inputs import GENERATOR
from firmware.core.ledger import EMERGENCY_LIMIT_W, EMERGENCY_UNTIL_S, SOURCE, SOURCE_UNTIL_S
from firmware.core.pace import CALM_MAX_S
from protocol import commands, messages
from protocol import programme as wire


class Feeder:
    """The source and the limit that follows from it."""

    def __init__(self, values, recorder):
        self._values = values
        self._recorder = recorder
        self._limit_w = 0
        self._second_w = 0  # 0: the package has none
        self._inputs = 0
        self._is_second_hours = False
        self._has_deadline = True  # or something was commanded since
        self.source = commands.SOURCE_MAINS

    def configure(self, programme):
        """Take the limits of a programme."""
        self._limit_w = programme[wire.LOAD][wire.LOAD_LIMIT_W]
        second = programme[wire.SECOND_LIMIT]
        self._second_w = second[0] if second else 0

    def command_source(self, source, until_s):
        """Take a source by command, until a time or (0) until told otherwise."""
        self._values[SOURCE] = source
        self._values[SOURCE_UNTIL_S] = until_s
        self._has_deadline = True

    def command_emergency(self, limit_w, until_s):
        """Take an emergency limit until a time, or (0 W) end it."""
        self._values[EMERGENCY_LIMIT_W] = limit_w
        self._values[EMERGENCY_UNTIL_S] = until_s
        self._has_deadline = True

    def watch(self, inputs, is_second_hours):
        """Take the input lines and whether these are the second limit's hours.

        Return whether anything may be different from the last time, deadlines included.
        """
        if inputs == self._inputs and is_second_hours == self._is_second_hours:
            return self._has_deadline
        self._inputs = inputs
        self._is_second_hours = is_second_hours
        return True

    def is_calm(self, is_second_hours):
        """Tell whether the limit in force can stay until `calm_left_s` or something is told."""
        return is_second_hours == self._is_second_hours

    def calm_left_s(self, now_s):
        """Return the seconds until a deadline is reached, at most CALM_MAX_S."""
        values = self._values
        left_s = CALM_MAX_S
        if values[EMERGENCY_LIMIT_W]:
            left_s = min(left_s, values[EMERGENCY_UNTIL_S] - now_s)
        if values[SOURCE] and values[SOURCE_UNTIL_S]:
            left_s = min(left_s, values[SOURCE_UNTIL_S] - now_s)
        return left_s

    def limit_w(self, now_s):
        """Return the limit in force, in W or VA; tell when the source or an emergency changes."""
        values = self._values
        if values[EMERGENCY_LIMIT_W] and now_s >= values[EMERGENCY_UNTIL_S]:
            values[EMERGENCY_LIMIT_W] = 0
            self._recorder.record_event(messages.EVENT_EMERGENCY_LIMIT, 0)
        self._follow_source(now_s)
        self._has_deadline = bool(values[EMERGENCY_LIMIT_W] or values[SOURCE])
        limit_w = self._limit_w
        if self._second_w and (self.source or self._is_second_hours):
            limit_w = self._second_w
        if values[EMERGENCY_LIMIT_W]:
            limit_w = min(limit_w, values[EMERGENCY_LIMIT_W])
        return limit_w

    def _follow_source(self, now_s):
        values = self._values
        if values[SOURCE] and 0 < values[SOURCE_UNTIL_S] <= now_s:
            values[SOURCE] = commands.SOURCE_MAINS
        source = commands.SOURCE_GENERATOR if self._inputs & GENERATOR else values[SOURCE]
        if source != self.source:
            self.source = source
            self._recorder.record_event(messages.EVENT_SOURCE, source)
