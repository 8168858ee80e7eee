"""The world's state in a file of two slots.

A kill in the middle of a write loses one state, not both. It must not know what a state holds:
octets in, octets out.
"""

import binascii
import struct

SLOT_BYTES = 16_384
_HEADER = "<III"  # sequence, length, CRC of the state
_HEADER_BYTES = 12


class StateFile:
    """`file` is open for reading and writing without a buffer."""

    def __init__(self, file):
        self._file = file
        self._sequence = 0

    def load(self):
        """Return the newest whole state, or None in a new file."""
        newest = None
        for slot in (0, 1):
            self._file.seek(slot * SLOT_BYTES)
            header = self._file.read(_HEADER_BYTES)
            if len(header) < _HEADER_BYTES:
                continue
            sequence, length, crc = struct.unpack(_HEADER, header)
            state = self._file.read(length)
            if sequence > self._sequence and len(state) == length and binascii.crc32(state) == crc:
                self._sequence = sequence
                newest = state
        return newest

    def save(self, state):
        """Keep `state` in the slot that does not hold the newest one."""
        if len(state) > SLOT_BYTES - _HEADER_BYTES:
            raise ValueError("the state of a world is at most %d bytes" % SLOT_BYTES)
        self._sequence += 1
        header = struct.pack(_HEADER, self._sequence, len(state), binascii.crc32(state))
        self._file.seek(self._sequence % 2 * SLOT_BYTES)
        self._file.write(header + state)
