"""The consumer's push button: edges noted by interrupt, bounces told apart by time.

The interrupt handler only notes times, so the button needs neither a task nor polling; the
once-a-second pass asks `take`. An edge that the chip lost is made good there. A button that is
down when the board starts does nothing until it has been up. It must not know what a press does.
"""

import time

from micropython import const

DEBOUNCE_MS = const(30)  # contacts bounce for up to 10 ms; a finger stays for 100 ms and more
LONG_MS = const(3_000)
STUCK_MS = const(60_000)

NOTHING = const(0)
PRESS = const(1)  # a short one, when it is over
LONG_PRESS = const(2)  # as soon as it is one
STUCK = const(3)  # once; the button then does nothing until it was up


class Button:
    """A button between `pin` (an input with pull-up) and ground."""

    def __init__(self, pin):
        self._pin = pin
        self._down = pin.value() == 0
        self._since_ms = self._up_ms = time.ticks_ms()
        self._held = False  # long enough to be no bounce
        self._pressed = False  # over, and not yet taken
        self._told = LONG_PRESS if self._down else NOTHING  # of the present press
        pin.irq(self._edge, pin.IRQ_FALLING | pin.IRQ_RISING)

    def take(self):
        """Return NOTHING, PRESS, LONG_PRESS or STUCK, each once; call it once a second."""
        if self._pin.value() and not (self._down or self._held or self._pressed):
            return NOTHING  # as in most seconds
        self._edge(self._pin)
        now_ms = time.ticks_ms()
        if self._down:
            return self._judge_hold(time.ticks_diff(now_ms, self._since_ms))
        if time.ticks_diff(now_ms, self._up_ms) >= DEBOUNCE_MS:
            self._end_press()
        pressed = self._pressed
        self._pressed = False
        return PRESS if pressed else NOTHING

    def _judge_hold(self, held_ms):
        if held_ms >= STUCK_MS and self._told != STUCK:
            self._told = STUCK
            return STUCK
        if held_ms >= LONG_MS and self._told == NOTHING:
            self._told = LONG_PRESS
            return LONG_PRESS
        return NOTHING

    def _edge(self, pin):
        """Take note of the pin's level; a short gap inside a press does not end it."""
        down = pin.value() == 0
        if down == self._down:
            return
        now_ms = time.ticks_ms()
        self._down = down
        if not down:
            self._up_ms = now_ms
            if time.ticks_diff(now_ms, self._since_ms) >= DEBOUNCE_MS:
                self._held = True
        elif not self._held or time.ticks_diff(now_ms, self._up_ms) >= DEBOUNCE_MS:
            self._end_press()
            self._since_ms = now_ms

    def _end_press(self):
        if self._held and self._told == NOTHING:
            self._pressed = True
        self._held = False
        self._told = NOTHING
