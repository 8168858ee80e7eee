"""Runs inside MicroPython: the store on a real littlefs whose flash dies at every single write.

A power cut is tried at each write of a short life, whole and torn; after it everything that a call
returned for must be there, and nothing that is there may be broken.
"""

import gc
import os
import struct

import vfs

from firmware.core import journal, ledger
from firmware.drivers import store as store_module
from firmware.drivers.store import Store

BLOCK_BYTES = 4096
BLOCKS = 24


class PowerCut(Exception):
    """Not an OSError: the board must not be able to handle it."""


class Flash:
    """Erase blocks in memory; after `writes_left` writes nothing arrives any more."""

    def __init__(self):
        self.data = bytearray(BLOCK_BYTES * BLOCKS)
        self.writes_left = None
        self.torn = False

    def readblocks(self, block, buffer, offset=0):
        start = block * BLOCK_BYTES + offset
        buffer[:] = self.data[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        start = block * BLOCK_BYTES + offset
        if self.writes_left is not None:
            if self.writes_left == 0:
                if self.torn:
                    half = len(buffer) // 2
                    self.data[start : start + half] = buffer[:half]
                    self.torn = False
                raise PowerCut
            self.writes_left -= 1
        self.data[start : start + len(buffer)] = buffer

    def ioctl(self, operation, block):
        if operation == 4:
            return BLOCKS
        if operation == 5:
            return BLOCK_BYTES
        if operation == 6 and self.writes_left != 0:
            start = block * BLOCK_BYTES
            self.data[start : start + BLOCK_BYTES] = b"\xff" * BLOCK_BYTES
        return 0


def mount(flash):
    vfs.mount(vfs.VfsLfs2(flash), "/chip")


def unmount():
    vfs.umount("/chip")


def new_flash():
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash)
    return flash


def reading(sequence):
    record = bytearray(journal.READING_BYTES)
    energy_wh = sequence * 100
    journal.pack_reading(
        record, sequence, sequence * 900, 0, energy_wh, energy_wh, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    )
    return record


def event(sequence):
    record = bytearray(journal.EVENT_BYTES)
    journal.pack_event(record, sequence, sequence, 0, 301, sequence)
    return record


class Life:
    """What the store was asked to keep, and how far it said that it had."""

    def __init__(self):
        self.ledger = 0
        self.programme = 0
        self.reading = 0
        self.event = 0
        self.released = 0

    def live(self, store, steps):
        values = ledger.create()
        for step in range(1, steps + 1):
            values[ledger.ENERGY_WH] = step
            ledger.seal(values)
            store.save_ledger(values)
            self.ledger = step
            store.append_reading(reading(step))
            self.reading = step
            store.append_event(event(step))
            self.event = step
            store.save_programme(step % 2, b"programme %d" % step)
            self.programme = step
            store.release_readings(step - 1)
            self.released = step - 1

    def check(self, store):
        record = store.load_ledger()
        energy_wh = 0 if record is None else ledger.array("i", record)[ledger.ENERGY_WH]
        assert energy_wh in (self.ledger, self.ledger + 1), (energy_wh, self.ledger)
        compare_ring(store.readings, self.reading, reading)
        compare_ring(store.events, self.event, event)
        assert self.released <= max(store.readings.released, self.released)
        assert store.readings.released <= store.readings.last
        for step in range(max(1, self.programme - 1), self.programme + 1):
            kept = store.load_programme(step % 2)
            newer = b"programme %d" % (step + 2)
            assert kept in (b"programme %d" % step, newer), (kept, step)


def compare_ring(ring, told, build):
    assert ring.last in (told, told + 1), (ring.last, told)
    buffer = bytearray(ring.record_bytes)
    for sequence in range(max(1, ring.first), ring.last + 1):
        assert ring.read(sequence, buffer), sequence
        assert buffer == build(sequence), sequence


def check_power_cut_at_every_write():
    cuts = 0
    flash = new_flash()
    blank = bytes(flash.data)
    for torn in (False, True):
        writes = 0
        while True:
            flash = Flash()
            flash.data[:] = blank
            flash.writes_left = writes
            flash.torn = torn
            life = Life()
            mount(flash)
            try:
                life.live(Store("/chip"), 6)
                ended = True
            except PowerCut:
                ended = False
                cuts += 1
            vfs.umount("/chip")
            flash.writes_left = None
            mount(flash)
            store = Store("/chip")
            life.check(store)
            store.append_reading(reading(store.readings.last + 1))
            unmount()
            if ended:
                break
            writes += 1
    assert cuts > 100, cuts


def check_ring_is_bounded():
    flash = new_flash()
    mount(flash)
    ring = store_module.Ring("/chip", "ring", journal.EVENT_BYTES, 10, 25)
    buffer = bytearray(journal.EVENT_BYTES)
    for sequence in range(1, 101):
        ring.append(event(sequence))
        assert ring.last == sequence
        assert sequence - ring.first < 40, (ring.first, sequence)
    assert ring.last - ring.first >= 25
    assert not ring.read(ring.first - 1, buffer)
    assert ring.read(ring.first, buffer)
    assert len([entry for entry in os.ilistdir("/chip") if entry[0].startswith("ring")]) <= 4
    again = store_module.Ring("/chip", "ring", journal.EVENT_BYTES, 10, 25)
    assert (again.first, again.last) == (ring.first, ring.last)
    unmount()


def check_what_is_not_whole_is_left_out():
    flash = new_flash()
    mount(flash)
    store = Store("/chip")
    assert store.load_ledger() is None
    assert store.load_programme(0) is None
    assert store.readings_range() == (0, 0)
    for sequence in (1, 2, 3):
        store.append_event(event(sequence))
    with open("/chip/events.0", "r+b") as file:
        file.seek(4 * journal.EVENT_BYTES)  # record s stands at s
        file.write(b"\x07")
    with open("/chip/ledger.a", "wb") as file:
        file.write(b"not a ledger")
    with open("/chip/released", "wb") as file:
        file.write(struct.pack("<III", 3, 3, 12345))
    store = Store("/chip")
    assert store.load_ledger() is None
    assert store.events_range() == (1, 3), store.events_range()
    assert store.events.released == 0
    buffer = bytearray(journal.EVENT_BYTES)
    assert not store.read_event(0, buffer)
    assert not store.read_event(4, buffer)
    store.release_events(9)
    assert store.events.released == 3
    assert Store("/chip").events.released == 3
    unmount()


def check_a_ledger_slot_that_cannot_be_read_does_not_hide_the_other():
    """A board that took it for a missing ledger would begin anew: no credit, no holds."""
    flash = new_flash()
    mount(flash)
    values = ledger.create()
    store = Store("/chip")
    for _ in range(2):
        ledger.seal(values)
        store.save_ledger(values)
    os.remove("/chip/ledger.b")
    os.mkdir("/chip/ledger.b")  # to open it is an error other than "no such file"
    store = Store("/chip")
    assert ledger.sequence_of(store.load_ledger()) == 1
    os.remove("/chip/ledger.a")
    os.mkdir("/chip/ledger.a")
    try:
        Store("/chip").load_ledger()
        raise AssertionError("two unreadable slots are not a new board")
    except OSError:
        pass
    unmount()


def check_a_record_that_cannot_be_read_counts_as_not_held():
    """A bad block of the flash must not end the uplink, whose next record it would ever be."""
    flash = new_flash()
    mount(flash)
    store = Store("/chip")
    store.append_event(event(1))
    store.events._close()
    os.remove("/chip/events.0")
    os.mkdir("/chip/events.0")
    assert not store.read_event(1, bytearray(journal.EVENT_BYTES))
    unmount()


gc.disable()  # a file of before a cut that is collected would be closed, and so written, after it
for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
