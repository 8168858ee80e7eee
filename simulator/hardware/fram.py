"""A ferroelectric memory on the I2C bus (MB85RC256V): 32 KB, 16-bit addresses, no erase.

Its octets are in a medium of `flash.py`, so that they survive as a flash's do. It must not know
what is kept in it.
"""

from simulator.hardware.torn import tear

BYTES = 32_768
_ENODEV = 19


class Fram:
    """`watch(at, old, new)`, if set, is called before each write."""

    def __init__(self, medium):
        self.medium = medium
        self.is_present = True
        self.watch = None
        self._cut_left = None
        self._cut = None

    def cut_after(self, operations, model, seed, on_cut):
        """Let the power fail in the operation after so many more: torn, then `on_cut()`.

        Nothing is written from then on, and each try calls `on_cut()` again, until `mend`.
        """
        self._cut_left = operations
        self._cut = (model, seed, on_cut)

    def mend(self):
        """The power is back, or does not fail after all."""
        self._cut_left = None

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
        if self._cut_left is not None and self._is_cut(address, old, octets):
            return
        self.medium.write(address, octets)

    def _is_cut(self, address, old, octets):
        model, seed, on_cut = self._cut
        self._cut_left -= 1
        if self._cut_left >= 0:
            return False
        if self._cut_left == -1:
            self.medium.write(address, tear(model, old, octets, seed))
        on_cut()
        return True

    def _require(self, address, size):
        if not self.is_present or address < 0 or address + size > BYTES:
            raise OSError(_ENODEV)
