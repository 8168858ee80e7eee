"""What is left where the power fails in the middle of a write or of an erase.

Pure functions on octets, for flash and FRAM alike. They must not know devices or files.
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
