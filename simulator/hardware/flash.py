"""The board's flash: a block device on an image file, with erase blocks of 4 KB as on an ESP32.

It must not know the file system on it.
"""

from simulator.hardware import rig

BLOCK_BYTES = 4096
BLOCKS = 384  # 1.5 MB, what a 4 MB ESP32 leaves beside its firmware

_COUNT = 4
_SIZE = 5


class Flash:
    """`file` is the image, open for reading and writing without a buffer."""

    def __init__(self, file):
        self._file = file

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * BLOCK_BYTES + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        rig.checkpoint()
        self._file.seek(block * BLOCK_BYTES + offset)
        self._file.write(buffer)

    def ioctl(self, operation, _):
        if operation == _COUNT:
            return BLOCKS
        if operation == _SIZE:
            return BLOCK_BYTES
        return 0  # start, stop, sync: nothing to do; erase: a file can be written over
