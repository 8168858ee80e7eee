"""The latching relay: two coils, contacts that bounce, weld or miss a pulse.

It must not know what is behind the contacts.
"""

PULSE_MS_MIN = 20
DAY_MS = 86_400_000
# After the armature has moved: (contacts closed, ms until the next line).
_BOUNCE = ((True, 1), (False, 1), (True, 2), (False, 1), (True, 0))


class Relay:
    """`closed` are the contacts now; `left_ms` until they move again (None: at rest)."""

    def __init__(self):
        self.closed = False
        self.welded = False
        self.misses = 0  # pulses to come that the armature will not follow
        self.bounce_ms = 0  # worn contacts: how long they bounce when they close
        self.operations = 0
        self.left_ms = None
        self._stage = 0
        self._bounce_left_ms = 0
        self._energised_ms = [None, None]

    def drive(self, closing, level, now_ms):
        """A coil's pin changed, at `now_ms` of the day.

        The armature moves when a pulse of at least `PULSE_MS_MIN` ends.
        """
        began_ms = self._energised_ms[closing]
        self._energised_ms[closing] = now_ms if level else None
        if level or began_ms is None or (now_ms - began_ms) % DAY_MS < PULSE_MS_MIN:
            return
        if self.misses:
            self.misses -= 1
        elif closing:
            self._close()
        else:
            self._open()

    def release(self, now_ms):
        """The board's supply is gone in the middle of whatever it did: no coil has current."""
        self.drive(False, 0, now_ms)
        self.drive(True, 0, now_ms)

    def weld(self, welded=True):
        """Weld the contacts shut, as a short circuit behind them does, or repair them."""
        self.welded = welded
        if welded:
            self.closed = True
            self.left_ms = None
            self._bounce_left_ms = 0

    def move(self):
        """`left_ms` is over: the contacts bounce once more."""
        if self._bounce_left_ms > 0:
            self.closed = not self.closed
            self.left_ms = 1 + self._bounce_left_ms % 7
            self._bounce_left_ms -= self.left_ms
            return
        self._stage += 1
        self.closed, left_ms = _BOUNCE[self._stage]
        self.left_ms = left_ms or None

    def _close(self):
        if self.closed:
            return
        self.operations += 1
        self._stage = 0
        self._bounce_left_ms = self.bounce_ms
        self.closed, self.left_ms = _BOUNCE[0]

    def _open(self):
        if self.welded or not (self.closed or self.left_ms is not None):
            return
        self.operations += 1
        self.closed = False
        self.left_ms = None
        self._bounce_left_ms = 0

    def state(self):
        """Return all that outlives a power cut, as a plain list."""
        return [self.closed, self.welded, self.misses, self.operations, self.left_ms, self._stage,
                self.bounce_ms, self._bounce_left_ms]  # fmt: skip

    def restore(self, state):
        """Go back to what `state` returned, with no current in the coils."""
        (self.closed, self.welded, self.misses, self.operations, self.left_ms, self._stage,
         self.bounce_ms, self._bounce_left_ms) = state  # fmt: skip
        self._energised_ms = [None, None]
