"""Lines that say how the board stands: the cover, the generator, and power about to fail.

A line that is not fitted never says anything. It must not know what follows from any of them.
"""

import asyncio

from micropython import const

from firmware.core.inputs import COVER_OPEN, GENERATOR, POWER_FAILING

_CHATTER_MS = const(20)  # a line that falls without end must not keep the metering from running


class Inputs:
    """Input pins or None: `cover` high = open, `generator` high = it feeds, `power_fail` low."""

    def __init__(self, cover, generator, power_fail):
        self._cover = cover
        self._generator = generator
        self._power_fail = power_fail
        self._seen = 0
        self._mask = 0

    def look(self):
        """Return the lines as the bits of `Board.inputs`; call it once a second.

        Cover and generator count when two looks agree; power at once. Allocates nothing.
        """
        seen = 0
        if self._cover is not None and self._cover.value():
            seen = COVER_OPEN
        if self._generator is not None and self._generator.value():
            seen |= GENERATOR
        differing = seen ^ self._seen
        self._mask = self._mask & differing | seen & ~differing
        self._seen = seen
        if self._power_fail is not None and not self._power_fail.value():
            return self._mask | POWER_FAILING
        return self._mask


class PowerFail:
    """A line that falls when the supply does, some 100 ms before the chip dies.

    The interrupt only wakes the task: the ledger must not be written from within another write.
    """

    def __init__(self, pin, save):
        self._save = save  # called for every fall: writes what must not be lost, opens supply
        self._fallen = asyncio.ThreadSafeFlag()
        pin.irq(self._fall, pin.IRQ_FALLING)

    async def run(self):
        """Wait for the line to fall, for ever."""
        while True:
            await self._fallen.wait()
            self._save()
            await asyncio.sleep_ms(_CHATTER_MS)

    def _fall(self, _pin):
        self._fallen.set()
