"""`os` of the interpreter, but for `urandom`, which here comes from the seed: one seed is one run.

It must not be used outside the simulator: what it gives out is no secret.
"""

import hashlib as _hashlib

from uos import *  # noqa: F403 - the built-in module, whatever `os` stands on the path

_seed = b""
_drawn = 0


def seed(octets):
    global _seed, _drawn
    _seed = octets
    _drawn = 0


def urandom(count):
    global _drawn
    octets = b""
    while len(octets) < count:
        _drawn += 1
        octets += _hashlib.sha256(_seed + b"%d" % _drawn).digest()
    return octets[:count]
