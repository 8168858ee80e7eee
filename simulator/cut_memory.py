"""The memories that the power-cut trial cuts: flash and FRAM over an image that can be put back.

Runs inside MicroPython. It must not know what is written to them nor what is judged afterwards.
"""

import vfs

from firmware.drivers import store as files
from firmware.drivers.fram import FramLedger
from firmware.drivers.ring_partition import PartitionStore
from firmware.drivers.store import Store
from simulator.hardware import rig, torn
from simulator.hardware.flash import BLOCK_BYTES, Flash, RamMedium
from simulator.hardware.fram import Fram

BLOCKS = 64
READINGS_KEPT = 130
EVENTS_KEPT = 300
FRAM_BYTES = 0x2000
FRAM_AT = BLOCKS * BLOCK_BYTES  # in the image, behind the flash
ERASED = b"\xff" * BLOCK_BYTES


class Memory:
    """Flash and FRAM over one image; `opened` are files that a cut may have left open."""

    def __init__(self, name):
        self.is_files = name.startswith("files")
        self.has_fram = name.endswith("fram")
        self.flash_medium = RamMedium(BLOCKS * BLOCK_BYTES)
        self.fram_medium = RamMedium(FRAM_BYTES)
        self.opened = []
        self._is_mounted = False
        self.new_chips()
        for block in range(BLOCKS):
            self.flash.ioctl(6, block)
        if self.is_files:
            vfs.VfsLfs2.mkfs(self.flash)

    def new_chips(self):
        """Put chips around the image that nobody has spoken to."""
        self.flash = Flash(self.flash_medium, BLOCKS)
        self.fram = Fram(self.fram_medium)

    def start(self):
        """Return the store that the memory holds now."""
        import machine

        rig.memories = {0x50: self.fram}
        place = FramLedger(machine.I2C(0)) if self.has_fram else None
        if not self.is_files:
            return PartitionStore(self.flash, place, READINGS_KEPT, EVENTS_KEPT)
        files.open = self._open
        if self._is_mounted:
            vfs.umount("/chip")
            self._is_mounted = False
        vfs.mount(vfs.VfsLfs2(self.flash), "/chip")
        self._is_mounted = True
        return Store("/chip", place)

    def end(self):
        """Close every file, so that no finaliser has to; what that writes is of no account."""
        self.flash.mend()
        self.fram.mend()
        for file in self.opened:
            try:  # noqa: SIM105 (MicroPython has no contextlib)
                file.close()
            except OSError:
                pass
        self.opened.clear()

    def _open(self, path, mode):
        file = open(path, mode)  # noqa: PTH123, SIM115 (as the store would)
        self.opened.append(file)
        return file


class Log:
    """Every operation of the story: where, what stood there, what came, in which moment."""

    def __init__(self, memory, witness):
        self.operations = []
        self._witness = witness
        memory.flash.watch = self._note
        memory.fram.watch = lambda at, old, new: self._note(FRAM_AT + at, old, new)

    def _note(self, at, _old, new):
        octets = None if new == ERASED else bytes(new)
        self.operations.append((at, octets, self._witness.index()))


class Image:
    """The memory as the story left it before an operation."""

    def __init__(self, flash, fram):
        self.flash = bytearray(flash)
        self.fram = bytearray(fram)

    def place(self, at):
        """Return the octets in which address `at` is, and where in them."""
        return (self.fram, at - FRAM_AT) if at >= FRAM_AT else (self.flash, at)

    def apply(self, at, octets):
        """Let an operation happen whole."""
        target, at = self.place(at)
        target[at : at + len(octets)] = octets

    def cut(self, memory, at, octets, model, seed):
        """Make `memory` as this operation, torn, leaves it."""
        memory.flash_medium.octets[:] = self.flash
        memory.fram_medium.octets[:] = self.fram
        source, place = self.place(at)
        old = source[place : place + len(octets)]
        target = memory.fram_medium if at >= FRAM_AT else memory.flash_medium
        target.octets[place : place + len(octets)] = torn.tear(model, old, octets, seed)
