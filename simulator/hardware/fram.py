"""A ferroelectric memory on the I2C bus (MB85RC256V): 32 KB, 16-bit addresses, no erase.

Its octets are in a medium of `flash.py`, so that they survive as a flash's do. It must not know
what is kept in it.
"""

from simulator.hardware.torn import Tearing

BYTES = 32_768
_ENODEV = 19


class Fram(Tearing):
    """`watch(at, old, new)`, if set, is called before each write."""

    def __init__(self, medium):
        super().__init__(medium)
        self.is_present = True
        self.watch = None

    def read_memory(self, address, buffer):
        """Fill `buffer` from `address` on."""
        self._require(address, len(buffer))
        self.medium.read(address, memoryview(buffer))

    def write_memory(self, address, octets):
        """Write from `address` on."""
        self._require(address, len(octets))
        old = bytearray(len(octets))
        self.medium.read(address, memoryview(old))
        if self.watch:
            self.watch(address, old, octets)
        self.write_or_tear(address, old, octets)

    def _require(self, address, size):
        if not self.is_present or address < 0 or address + size > BYTES:
            raise OSError(_ENODEV)
