"""Runs inside MicroPython: stores whose memory is not there, or is full of something else."""

import os
import sys

import vfs

sys.path.insert(1, sys.path[0] + "/../../../simulator/hardware")  # machine, esp32

import esp32

from firmware.core import journal, ledger
from firmware.core.board import Board
from firmware.core.energy import Sample
from firmware.drivers import fram, nvs, store
from firmware.drivers.ring_partition import Log, PartitionStore
from simulator.hardware import rig
from simulator.hardware.flash import Flash, RamMedium

BLOCKS = 64


class Definition:
    """What `build_store` asks of a board definition."""

    I2C_BUS, I2C_SDA_PIN, I2C_SCL_PIN, I2C_HZ = 0, 21, 22, 100_000


class OnPartition(Definition):
    STORE = "partition"
    RING_PARTITION = "ring"


class WithFram(Definition):
    LEDGER = "fram"


def garbage(size):
    state = 7
    octets = bytearray(size)
    for index in range(size):
        state = (state * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        octets[index] = state >> 16 & 255
    return octets


def refuses(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        return True
    return False


def check_all_is_refused(made):
    """The board lives on it: it measures, and holds nothing that it was not told."""
    assert made.trouble
    assert made.trouble_text
    values = ledger.create()
    ledger.seal(values)
    assert refuses(made.load_ledger)
    assert refuses(made.save_ledger, values)
    assert refuses(made.load_programme, 2) or made.load_programme(2) is None
    assert refuses(made.append_event, event())
    assert made.events_range() == made.readings_range() == (0, 0)
    assert not made.read_event(1, event())
    made.release_events(5)
    board = Board(made)
    board.start(200_000_000, 1, 0, 0)
    sample = Sample()
    sample.valid = True
    sample.voltage_dv = 2300
    for second in range(1, 20):
        sample.energy_wh += second
        board.tick(200_000_000 + second, second, sample, True)
    assert board.status(200_000_020)


def event():
    record = bytearray(journal.EVENT_BYTES)
    journal.pack_event(record, 1, 1, 0, 301, 0)
    return record


check_all_is_refused(store.Store("/nowhere"))
rig.partitions = {}
check_all_is_refused(store.build_store(OnPartition))
rig.partitions = {"ring": lambda: Flash(RamMedium(8 * 4096), 8)}
check_all_is_refused(store.build_store(OnPartition))  # it is too small

# A partition full of something else is one that holds nothing yet.
flash = Flash(RamMedium(BLOCKS * 4096), BLOCKS)
flash.medium.octets[:] = garbage(BLOCKS * 4096)
made = PartitionStore(flash, None, 130, 300)
assert not made.trouble
assert made.load_ledger() is None
assert made.events_range() == (0, 0)
made.append_event(event())
assert PartitionStore(flash, None, 130, 300).events_range() == (1, 1)


# A flash that erases but takes nothing (low voltage, worn): the newest record is never erased.
class Weak(Flash):
    is_weak = False

    def writeblocks(self, block, buffer, offset=None):
        if not self.is_weak:
            super().writeblocks(block, buffer, offset)


weak = Weak(RamMedium(8 * 4096), 8)
log = Log(weak, 0, 4, journal.EVENT_BYTES, journal.sequence_of)
for sequence in range(1, 4096 // journal.EVENT_BYTES + 10):
    record = event()
    journal.pack_event(record, sequence, sequence, 0, 301, sequence)
    log.append(record)
newest = bytes(record)
journal.pack_event(record, sequence + 1, 1, 0, 301, 0)
weak.is_weak = True
for _ in range(3):
    assert refuses(log.append, record)
found = Log(weak, 0, 4, journal.EVENT_BYTES, journal.sequence_of)
found.recover()
assert found.last == sequence, (found.last, sequence)
assert found.load_newest() == newest
weak.is_weak = False
for late in (log, found):
    journal.pack_event(record, sequence + 1, 1, 0, 301, 0)
    late.append(record)
    sequence += 1
    found.recover()
    assert found.last == sequence

# A file system full of garbage in its second half: nothing is formatted, nothing hangs.
vfs.VfsLfs2.mkfs(flash)
vfs.mount(vfs.VfsLfs2(flash), "/chip")
whole = store.Store("/chip")
for sequence in range(1, 40):
    record = event()
    journal.pack_event(record, sequence, sequence, 0, 301, sequence)
    whole.append_event(record)
vfs.umount("/chip")
flash.medium.octets[BLOCKS * 2048 :] = garbage(BLOCKS * 2048)
try:
    vfs.mount(vfs.VfsLfs2(flash), "/chip")
    halved = store.Store("/chip")
    refuses(halved.load_ledger)
    buffer = event()
    for sequence in range(1, 40):
        halved.read_event(sequence, buffer)
    os.listdir("/chip")
except OSError:
    pass
assert b"littlefs" in bytes(flash.medium.octets[:64])

# FRAM that does not answer: the ledger cannot be seen, so nothing is saved over it.
rig.memories = {}
deaf = store.build_store(WithFram)
assert refuses(deaf.load_ledger)
assert deaf.trouble == 1
assert refuses(deaf.save_ledger, ledger.create())
assert isinstance(deaf._ledger, fram.FramLedger)


class Kept:
    """The file of an NVS."""

    def __init__(self):
        self.octets = None

    def load(self):
        return self.octets

    def save(self, octets):
        self.octets = bytes(octets)


rig.nvs = None
values = nvs.Values()
assert "nothing is erased" in values.trouble
assert (values.crashes, values.text(nvs.METER), values.text(nvs.BOARD, "x")) == (0, "", "x")
assert not values.keep_crashes(3)
assert not values.keep_text(nvs.METER, "M1")
rig.nvs = Kept()
values = nvs.Values()
assert values.crashes == 0
assert values.keep_crashes(3)
assert values.keep_text(nvs.METER, "M1")
assert not values.keep_text(nvs.METER, "")
assert not values.keep_text(nvs.METER, "x" * 33)
esp32.NVS._kept = None  # the chip starts again
assert (nvs.Values().crashes, nvs.Values().text(nvs.METER)) == (3, "M1")
print("ok")
