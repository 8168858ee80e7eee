"""Which counters of a meter's messages are new, although messages may overtake each other.

Commands need no window: a board takes only a counter above the last one it wrote down.
This module must not know keys: ask it only about authenticated messages.
"""

from protocol.errors import ReplayError
from protocol.limits import REPLAY_WINDOW

_BEHIND = REPLAY_WINDOW - 1


class Window:
    """The last 64 counters of one meter and key epoch, for messages that may overtake.

    `highest` is the highest counter accepted (0: none); bit n of `bitmap` tells whether
    `highest - 1 - n` was accepted. 63 bits: both fit a signed 64 bit database column.
    """

    def __init__(self, highest=0, bitmap=0):
        self.highest = highest
        self.bitmap = bitmap

    def accept(self, counter):
        """Remember `counter`; return True when it is new, False when it was seen before.

        Raises ReplayError when it is too old to tell.
        """
        behind = self.highest - counter
        if behind > _BEHIND or counter < 1:
            raise ReplayError("counter %d is too old; the newest is %d" % (counter, self.highest))
        if behind < 0:
            self._advance(-behind)
            self.highest = counter
            return True
        bit = 1 << behind >> 1
        if behind == 0 or self.bitmap & bit:
            return False
        self.bitmap |= bit
        return True

    def _advance(self, steps):
        if steps > REPLAY_WINDOW:
            self.bitmap = 0
            return
        bitmap = self.bitmap << 1
        if self.highest:
            bitmap |= 1
        self.bitmap = (bitmap << (steps - 1)) & ((1 << _BEHIND) - 1)
