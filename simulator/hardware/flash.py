"""The board's flash: a block device with erase blocks of 4 KB, as `esp32.Partition` offers it.

NOR flash: a write only clears bits, an erase sets those of a whole block. Writes and erases of
every block are counted; a block can be worn out, and the power can fail at any operation. It must
not know the file system on it.
"""

from simulator.hardware import rig
from simulator.hardware.torn import Tearing

BLOCK_BYTES = 4096
BLOCKS = 384  # 1.5 MB, what a 4 MB ESP32 leaves beside its firmware

WELL = 0
STUCK = 1  # an erase leaves some bits as they are
REFUSING = 2  # erase and write fail

_COUNT = 4
_SIZE = 5
_ERASE = 6
_CHUNK_BYTES = 256
_ERASED = memoryview(b"\xff" * BLOCK_BYTES)
_STUCK_EVERY = 64  # octets of a worn block that no erase changes any more
_EIO = 5


class FileMedium:
    """Octets in a file that is open for reading and writing without a buffer."""

    def __init__(self, file):
        self._file = file

    def read(self, at, buffer):
        self._file.seek(at)
        self._file.readinto(buffer)

    def write(self, at, octets):
        rig.checkpoint()
        self._file.seek(at)
        self._file.write(octets)


class RamMedium:
    """Octets in memory, for trials that make thousands of images."""

    def __init__(self, size):
        self.octets = bytearray(size)

    def read(self, at, buffer):
        buffer[:] = memoryview(self.octets)[at : at + len(buffer)]

    def write(self, at, octets):
        self.octets[at : at + len(octets)] = octets


class Flash(Tearing):
    """`medium` has `read(at, buffer)` and `write(at, octets)`; `wear` counts, if given.

    `watch(at, old, new)`, if set, is called before each operation. `cut_after(…)` lets the power
    fail in one to come. `endurance` is the number of erases after which a block is worn, None:
    never, and `worn` what a worn block does, STUCK or REFUSING.
    """

    def __init__(self, medium, blocks=BLOCKS, wear=None):
        super().__init__(medium)
        self._blocks = blocks
        self.wear = wear
        self.watch = None
        self.endurance = None
        self.worn = STUCK
        self._chunk = memoryview(bytearray(_CHUNK_BYTES))

    def readblocks(self, block, buffer, offset=0):
        self.medium.read(self._place(block, offset, len(buffer)), memoryview(buffer))

    def writeblocks(self, block, buffer, offset=None):
        """Clear the bits of `buffer`; without `offset` the blocks are erased before."""
        octets = memoryview(buffer)
        size = len(octets)
        if offset is None:
            for erased in range(block, block + size // BLOCK_BYTES):
                self._erase(erased)
        at = self._place(block, offset or 0, size)
        if self.worn == REFUSING and self._is_worn(block):
            raise OSError(_EIO)
        if self.wear:
            self.wear.note_write(block)
        if self._is_watched():
            old = bytearray(size)
            self.medium.read(at, memoryview(old))
            self._change(at, old, and_octets(old, octets))
            return
        for begin in range(0, size, _CHUNK_BYTES):
            self._write_chunk(at + begin, octets[begin : begin + _CHUNK_BYTES])

    def _write_chunk(self, at, octets):
        """Write without taking from the heap, which is the firmware's."""
        old = self._chunk[: len(octets)]
        self.medium.read(at, old)
        if old != _ERASED[: len(octets)]:
            octets = and_octets(old, octets)
        self.medium.write(at, octets)

    def ioctl(self, operation, block):
        if operation == _COUNT:
            return self._blocks
        if operation == _SIZE:
            return BLOCK_BYTES
        if operation == _ERASE:
            self._erase(block)
        return 0  # start, stop, sync: nothing to do

    def _erase(self, block):
        at = self._place(block, 0, BLOCK_BYTES)
        if self.worn == REFUSING and self._is_worn(block):
            raise OSError(_EIO)
        if self.wear:
            self.wear.note_erase(block)
        if self._is_watched() or self._is_worn(block):
            self._change(at, *self._erase_octets(block, at))
            return
        self.medium.write(at, _ERASED)

    def _erase_octets(self, block, at):
        """Return a block's octets before and after an erase."""
        old = bytearray(BLOCK_BYTES)
        self.medium.read(at, memoryview(old))
        octets = bytearray(b"\xff" * BLOCK_BYTES)
        if self._is_worn(block):
            for index in range(block % _STUCK_EVERY, BLOCK_BYTES, _STUCK_EVERY):
                octets[index] = old[index]
        return old, octets

    def _change(self, at, old, octets):
        if self.watch:
            self.watch(at, old, octets)
        self.write_or_tear(at, old, octets)

    def _is_watched(self):
        return self.watch or self._cut_left is not None

    def _is_worn(self, block):
        if self.endurance is None or not self.wear:
            return False
        return self.wear.erases[block] >= self.endurance

    def _place(self, block, offset, size):
        at = block * BLOCK_BYTES + offset
        if block < 0 or at + size > self._blocks * BLOCK_BYTES:
            raise OSError(_EIO)
        return at


class Wear:
    """Writes and erases of each block; `file`, if given, keeps them from start to start."""

    def __init__(self, blocks, file=None):
        from array import array

        self.writes = array("I", bytes(4 * blocks))
        self.erases = array("I", bytes(4 * blocks))
        self._file = file
        if file:
            file.seek(0)
            file.readinto(self.writes)
            file.readinto(self.erases)

    def note_write(self, block):
        """Count a write into `block`."""
        self.writes[block] += 1
        if self._file:
            self._keep(4 * block, self.writes[block])

    def note_erase(self, block):
        """Count an erase of `block`."""
        self.erases[block] += 1
        if self._file:
            self._keep(4 * (len(self.writes) + block), self.erases[block])

    def facts(self):
        """Return the counts in short: totals, and the most that one block has borne."""
        blocks = len(self.erases)
        return {
            "blocks": blocks,
            "writes": sum(self.writes),
            "writes_max": max(self.writes),
            "erases": sum(self.erases),
            "erases_max": max(self.erases),
            "erases_mean": sum(self.erases) / blocks,
        }

    def _keep(self, at, count):
        import struct

        self._file.seek(at)
        self._file.write(struct.pack("<I", count))


def and_octets(first, second):
    """Return what NOR flash holds after `second` was written over `first`."""
    size = len(first)
    both = int.from_bytes(first, "little") & int.from_bytes(second, "little")
    return both.to_bytes(size, "little")
