"""Status LED: one pattern of eight seconds, one step a second.

It must not know why a pattern is shown; the patterns are `firmware.core.signals`'.
"""

from micropython import const

_STEPS = const(8)


class StatusLed:
    """`pin` is an output, high = lit; bit 0 of `pattern` is the first second."""

    def __init__(self, pin):
        self._pin = pin
        self._step = 0
        self.pattern = 0

    def step(self):
        """Show the next second of `pattern`; called once a second."""
        self._pin.value(self.pattern >> self._step & 1)
        self._step = (self._step + 1) % _STEPS
