"""Plugs a board's memories in: flash partitions, FRAM and NVS, each on a file of its house.

A file that is not there yet is made as the part leaves its factory. It must not know what the
firmware keeps in them.
"""

import uos

from simulator.hardware import rig
from simulator.hardware.flash import BLOCK_BYTES, BLOCKS, FileMedium, Flash, Wear
from simulator.hardware.fram import BYTES as FRAM_BYTES
from simulator.hardware.fram import Fram
from simulator.hardware.statefile import StateFile

RING_BLOCKS = 256  # 1 MB beside the file system
FRAM_ADDRESS = 0x50
_CHUNK = 4096

# Given up when a cut is armed: a write that is to be torn is first laid out whole, and a heap as
# small as the chip's has no room for that.
RESERVE_BYTES = 20 * 1024
reserve = bytearray(RESERVE_BYTES)

flashes = {}  # "flash" and "ring" -> flash.Flash, once in use


def plug(folder):
    """Give `rig` the memories whose files are in `folder`."""

    def open_flash(name, blocks):
        if name not in flashes:
            flashes[name] = _open_flash("%s/%s" % (folder, name), blocks)
        return flashes[name]

    rig.partitions = {
        "vfs": lambda: open_flash("flash", BLOCKS),
        "ring": lambda: open_flash("ring", RING_BLOCKS),
    }
    open_flash("flash", BLOCKS)  # now, so that it is not counted as the firmware's heap
    fram = _open(folder + "/fram.bin", FRAM_BYTES, 0)
    rig.memories[FRAM_ADDRESS] = Fram(FileMedium(fram))
    rig.nvs = StateFile(_open(folder + "/nvs.bin", 0, 0))


def wear():
    """Return what each flash that is in use has borne, by name."""
    return {name: flash.wear.facts() for name, flash in flashes.items()}


def _open_flash(path, blocks):
    size = blocks * BLOCK_BYTES
    file = _open(path + ".img", size, 0xFF)
    if uos.stat(path + ".img")[6] != size:
        raise OSError("%s.img has the wrong size" % path)
    return Flash(FileMedium(file), blocks, Wear(blocks, _open(path + ".wear", 8 * blocks, 0)))


def _open(path, size, octet):
    try:
        return open(path, "r+b")  # noqa: PTH123 (MicroPython has no pathlib)
    except OSError:
        chunk = bytes([octet]) * min(size, _CHUNK)
        with open(path, "wb") as file:  # noqa: PTH123
            at = 0
            while at < size:
                at += file.write(chunk)
        return open(path, "r+b")  # noqa: PTH123 (MicroPython has no pathlib)
