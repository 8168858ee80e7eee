"""Status LED: one pattern of eight seconds, one step a second.

It must not know why a pattern is shown; `main.py` chooses.
"""

from micropython import const

SUPPLY_ON = const(0b11111111)  # lit
PRESS_BUTTON = const(0b10101010)  # blinking: the consumer can end this
WAIT = const(0b11110000)  # slow: supply hours, credit or the operator decides
FAULT = const(0b10100000)  # two short flashes, then dark: call the technician

_STEPS = const(8)


class StatusLed:
    """`pin` is an output, high = lit; `pattern` is one of the constants above."""

    def __init__(self, pin):
        self._pin = pin
        self._step = 0
        self.pattern = WAIT

    def step(self):
        """Show the next second of `pattern`; called once a second."""
        self._pin.value(self.pattern >> self._step & 1)
        self._step = (self._step + 1) % _STEPS
