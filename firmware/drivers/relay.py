"""Latching relay with two coils, and the sense input behind its contacts.

A coil is energised for one short pulse; nothing holds the contacts but their own magnet, so a
dead board leaves the supply as it was. It must not know why supply is on or off.
"""

import time

from micropython import const

# The coils are made for pulses of 30 ms to 200 ms. The pulse is a plain wait and not a task: no
# name lookup or TLS handshake of the network can then keep a coil burning.
PULSE_MS = const(60)


class LatchingRelay:
    """Outputs `open_coil` and `close_coil`, high = energised; input `load_side`, high = live."""

    def __init__(self, open_coil, close_coil, load_side):
        self._open_coil = open_coil
        self._close_coil = close_coil
        self._load_side = load_side
        self._release()

    def open(self):
        """Cut the supply. Takes PULSE_MS."""
        self._pulse(self._open_coil)

    def close(self):
        """Give supply. Takes PULSE_MS."""
        self._pulse(self._close_coil)

    def load_side_live(self):
        """Return whether there is voltage behind the contacts."""
        return self._load_side.value() == 1

    def _pulse(self, coil):
        self._release()
        try:
            coil.value(1)
            time.sleep_ms(PULSE_MS)
        finally:
            self._release()

    def _release(self):
        self._open_coil.value(0)
        self._close_coil.value(0)
