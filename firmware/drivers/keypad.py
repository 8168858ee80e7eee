"""A 4×3 matrix keypad: asleep until a key wakes it, then scanned until all keys are up again.

At rest every row is low, and a key pulls its column low: an interrupt. While scanned, one row at a
time is low. A key counts when two scans agree; more than one key down counts as none until all
are up, for three of them make a fourth appear. Without a keypad nothing of this runs.
It must not know what a key means.
"""

import asyncio

from micropython import const

KEYS = "123456789*0#"  # row by row
SCAN_MS = const(20)
RELEASED_SCANS = const(3)  # bounce is over
STUCK_SCANS = const(3000)  # a minute: a key is jammed
STUCK_PAUSE_MS = const(1000)

_NONE = const(-1)
_MANY = const(-2)


class Keypad:
    """`rows` are open-drain outputs, `columns` inputs with pull-up; `pressed(key)` is called."""

    def __init__(self, rows, columns, pressed):
        self._rows = rows
        self._columns = columns
        self._pressed = pressed
        self._touched = asyncio.ThreadSafeFlag()
        self._rest()
        for pin in columns:
            pin.irq(self._touch, pin.IRQ_FALLING)

    async def run(self):
        """Wait for keys, for ever."""
        while True:
            await self._touched.wait()
            await self._follow()

    def scan(self):
        """Return the index of the only key that is down, -1 for none, -2 for several."""
        found = _NONE
        index = 0
        for row in self._rows:
            row.value(1)
        for row in self._rows:
            row.value(0)
            for column in self._columns:
                if not column.value():
                    found = index if found == _NONE else _MANY
                index += 1
            row.value(1)
        self._rest()
        return found

    async def _follow(self):
        """Scan from the first touch until every key is up."""
        before = _NONE
        taken = False
        released = scans = 0
        while released < RELEASED_SCANS:
            found = self.scan()
            if found == _NONE:
                released += 1
                if released == RELEASED_SCANS:
                    break
            else:
                released = 0
            if found == _MANY:
                taken = True  # nothing counts any more until all are up
            elif found >= 0 and found == before and not taken:
                taken = True
                self._pressed(KEYS[found])
            before = found
            scans += 1
            await asyncio.sleep_ms(SCAN_MS if scans < STUCK_SCANS else STUCK_PAUSE_MS)
        self._touched.clear()
        if self.scan() != _NONE:
            self._touched.set()  # it came while nobody looked

    def _rest(self):
        for row in self._rows:
            row.value(0)

    def _touch(self, _pin):
        self._touched.set()
