"""`socket`: the computer's own sockets, for as long as there is a wireless network to reach them.

Takes the place of the interpreter's built-in module. It must not know what goes through them.
"""

import network as _network
import usocket as _real
from usocket import *  # noqa: F403 (the constants and functions of the real one)

_HOST_UNREACHABLE = 113
_BOTH_WAYS = 2
_KEPT_MAX = 16  # the chip has fewer

_descriptors = []


def socket(*kind):
    """Return a new socket. Raises OSError without a network."""
    if not _network.available:
        raise OSError(_HOST_UNREACHABLE)
    made = _real.socket(*kind)
    descriptor = made.fileno()
    if descriptor in _descriptors:
        _descriptors.remove(descriptor)
    _descriptors.append(descriptor)
    del _descriptors[:-_KEPT_MAX]
    return made


def cut():
    """The network is gone: what stands through it ends, for both sides."""
    import ffi

    shutdown = ffi.open("libc.so.6").func("i", "shutdown", "ii")  # which MicroPython leaves out
    for descriptor in _descriptors:
        shutdown(descriptor, _BOTH_WAYS)  # of one that is closed already: nothing happens
    _descriptors.clear()
