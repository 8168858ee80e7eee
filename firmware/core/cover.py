"""The meter's cover: an opening is told once, also one that began while the power was off.

This module must not know what the programme makes of it.
"""

from firmware.core.inputs import COVER_OPEN as COVER_LINE
from firmware.core.ledger import COVER_OPEN, TAMPERS, VALUE_MAX
from protocol import messages

CLOSED_S = 10  # a switch that chatters opens the cover once


class Cover:
    """The cover as the ledger knows it; `values` is the ledger."""

    def __init__(self, values, clock, recorder):
        self._values = values
        self._clock = clock
        self._recorder = recorder
        self._open_s = 0  # uptime at which it was last seen open

    def is_open(self):
        """Tell whether the cover is open as far as is known."""
        return self._values[COVER_OPEN] != 0

    def watch(self, inputs):
        """Take the input lines; return True when the cover has just been opened."""
        values = self._values
        uptime_s = self._clock.uptime_s
        if not inputs & COVER_LINE:
            if values[COVER_OPEN] and uptime_s - self._open_s >= CLOSED_S:
                values[COVER_OPEN] = 0
            return False
        self._open_s = uptime_s
        if values[COVER_OPEN]:
            return False
        values[COVER_OPEN] = 1
        if values[TAMPERS] < VALUE_MAX:
            values[TAMPERS] += 1
        self._recorder.record_event(messages.EVENT_COVER_OPENED, 0)
        return True
