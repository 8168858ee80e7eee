"""An active buzzer: plays a sound of milliseconds on, off, on, …, one at a time.

A new sound takes the place of the one that plays. It must not know what a sound means.
"""

import asyncio


class Buzzer:
    """`pin` is an output, high = sounding; `run` is its task."""

    def __init__(self, pin):
        self._pin = pin
        self._sound = None
        self._wanted = asyncio.Event()

    def play(self, sound):
        """Begin a sound, a tuple of milliseconds; returns at once."""
        self._sound = sound
        self._wanted.set()

    async def run(self):
        """Play what is wanted, for ever; whatever happens, the buzzer is silent afterwards."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._play(self._sound)
            finally:
                self._pin.value(0)

    async def _play(self, sound):
        level = 1
        for duration_ms in sound:
            self._pin.value(level)
            await asyncio.sleep_ms(duration_ms)
            if self._sound is not sound:
                return
            level ^= 1
