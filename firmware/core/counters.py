"""Counters of the link: uplink numbers in reserved blocks, and refused messages.

This module must not know keys or messages.
"""

from firmware.core.ledger import REFUSED_MESSAGES, UPLINK_RESERVED, VALUE_MAX
from protocol import messages
from protocol.limits import COUNTER_BLOCK

REFUSALS_PER_EVENT_S = 60  # refused messages are all counted, but may not flood the ring


class Counters:
    """`persist()` writes the ledger and returns whether the store took it."""

    def __init__(self, values, clock, recorder, persist):
        self._values = values
        self._clock = clock
        self._recorder = recorder
        self._persist = persist
        self._uplink = 0
        self._refusal_until_s = 0

    def load(self):
        """Start above every uplink counter that may have been used before."""
        self._uplink = self._values[UPLINK_RESERVED]

    def next_uplink(self):
        """Return a counter never used before, or 0 when the store cannot reserve any."""
        values = self._values
        if self._uplink >= values[UPLINK_RESERVED]:
            values[UPLINK_RESERVED] = self._uplink + COUNTER_BLOCK
            if not self._persist():
                values[UPLINK_RESERVED] = self._uplink
                return 0
        self._uplink += 1
        return self._uplink

    def refuse(self, reason):
        """Count a message refused unread, and tell of it at most once a minute."""
        if self._values[REFUSED_MESSAGES] < VALUE_MAX:
            self._values[REFUSED_MESSAGES] += 1
        if self._clock.uptime_s >= self._refusal_until_s:
            self._refusal_until_s = self._clock.uptime_s + REFUSALS_PER_EVENT_S
            self._recorder.record_event(messages.EVENT_MESSAGE_REFUSED, reason)
