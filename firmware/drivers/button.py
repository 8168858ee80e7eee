"""The consumer's push button: edges noted by interrupt, bounces told apart by time.

The interrupt handler only notes a time, so the button needs neither a task nor polling; the
once-a-second pass asks `take_press`. It must not know what a press does.
"""

import time

from micropython import const

DEBOUNCE_MS = const(30)  # contacts bounce for up to 10 ms; a finger stays for 100 ms and more


class Button:
    """A button between `pin` (an input with pull-up) and ground."""

    def __init__(self, pin):
        self._pin = pin
        self._down = False
        self._since_ms = 0
        self._counted = False
        self._pressed = False
        pin.irq(self._edge, pin.IRQ_FALLING | pin.IRQ_RISING)

    def take_press(self):
        """Return True once for each press that lasted DEBOUNCE_MS or is lasting that long."""
        self._count(time.ticks_ms())
        pressed = self._pressed
        self._pressed = False
        return pressed

    def _edge(self, pin):
        now_ms = time.ticks_ms()
        self._count(now_ms)
        down = pin.value() == 0
        if down and not self._down:
            self._since_ms = now_ms
            self._counted = False
        self._down = down

    def _count(self, now_ms):
        held = self._down and time.ticks_diff(now_ms, self._since_ms) >= DEBOUNCE_MS
        if held and not self._counted:
            self._counted = True
            self._pressed = True
