"""What is left where the power fails in the middle of a write or of an erase.

For flash and FRAM alike. It must not know devices or files.
"""

NOTHING = 0  # nothing of it arrived
PREFIX = 1  # the first octets are new, the rest is as before
MIXED = 2  # the first octets are new; of every bit after them that was to change, some have
MODELS = (NOTHING, PREFIX, MIXED)
NAMES = ("nothing", "prefix", "mixed")

_MULTIPLIER = 1_103_515_245
_MASK = 0x7FFFFFFF


def tear(model, old, new, seed):
    """Return what stands where `new` was being written over `old` (octets of the same length).

    `new` is what would have stood there afterwards. One seed is one tear.
    """
    if model == NOTHING:
        return bytes(old)
    state = (seed * _MULTIPLIER + 12_345) & _MASK
    kept = (state >> 8) % len(new)  # never all of it
    if model == PREFIX:
        return bytes(new[:kept]) + bytes(old[kept:])
    left = bytearray(old)
    left[:kept] = new[:kept]
    for index in range(kept, len(left)):
        state = (state * _MULTIPLIER + 12_345) & _MASK
        left[index] ^= (left[index] ^ new[index]) & (state >> 16)
    return bytes(left)


class Tearing:
    """A store in `medium` in whose operations the power can be made to fail."""

    def __init__(self, medium):
        self.medium = medium
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

    def write_or_tear(self, at, old, octets):
        """Write `octets` over `old` at `at`, unless the power fails here or has failed."""
        if self._cut_left is not None and self._is_cut(at, old, octets):
            return
        self.medium.write(at, octets)

    def _is_cut(self, at, old, octets):
        model, seed, on_cut = self._cut
        self._cut_left -= 1
        if self._cut_left >= 0:
            return False
        if self._cut_left == -1:
            self.medium.write(at, tear(model, old, octets, seed))
        on_cut()
        return True
