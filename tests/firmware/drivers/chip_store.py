"""Runs inside MicroPython: one list of checks on every store, over a NOR flash that can be torn.

Each store is made by a `Bench`, which can start it again on what the memory holds, as after a
power cut. A cut is tried at every operation of a short life, in each way that an operation can be
torn.
"""

import os
import sys

import vfs

sys.path.insert(1, sys.path[0] + "/../../../simulator/hardware")  # machine, esp32

from firmware.core import journal, ledger
from firmware.drivers import store as store_module
from firmware.drivers.fram import FramLedger
from firmware.drivers.ring_partition import PartitionStore
from firmware.drivers.store import Store
from simulator.hardware import rig, torn
from simulator.hardware.flash import REFUSING, STUCK, Flash, RamMedium, Wear
from simulator.hardware.fram import Fram

BLOCK_BYTES = 4096
BLOCKS = 32
READINGS_KEPT = 130
EVENTS_KEPT = 300
FLASH_MEDIUM = RamMedium(BLOCKS * BLOCK_BYTES)
FRAM_MEDIUM = RamMedium(8192)
BLANK_FRAM = bytes(8192)


opened = []


def open_and_note(path, mode):
    file = open(path, mode)  # noqa: SIM115 (the store closes it)
    opened.append(file)
    return file


def close_opened():
    """No finaliser may have to: it could not raise, nor take from the heap."""
    for file in opened:
        try:  # noqa: SIM105 (MicroPython has no contextlib)
            file.close()
        except OSError:
            pass
    opened.clear()


class PowerCut(BaseException):
    """Not an Exception: the board must not be able to handle it."""


def fall_dark():
    raise PowerCut


class Bench:
    """A store's memory: flash, and FRAM where the ledger is there."""

    has_fram = False

    def __init__(self):
        self.flash = Flash(FLASH_MEDIUM, BLOCKS, Wear(BLOCKS))
        self.fram = Fram(FRAM_MEDIUM)
        FRAM_MEDIUM.octets[:] = BLANK_FRAM
        rig.memories = {0x50: self.fram}
        self.make()

    def make(self):
        """Prepare a new memory as it leaves the factory."""
        for block in range(BLOCKS):
            self.flash.ioctl(6, block)

    def start(self):
        """Return the store as the next start finds it."""
        return PartitionStore(self.flash, self.ledger_place(), READINGS_KEPT, EVENTS_KEPT)

    def ledger_place(self):
        if not self.has_fram:
            return None
        import machine

        return FramLedger(machine.I2C(0))

    def restore_power(self):
        """Put new chips around the memory, and close what was open, so that no finaliser has to.

        What the closing writes is undone: after a cut nothing of the board writes any more.
        """
        image = bytes(FLASH_MEDIUM.octets)
        self.flash.mend()
        self.fram.mend()
        close_opened()
        FLASH_MEDIUM.octets[:] = image
        self.flash = Flash(self.flash.medium, BLOCKS, self.flash.wear)
        self.fram = Fram(self.fram.medium)
        rig.memories = {0x50: self.fram}

    def end(self):
        """Let go of what the start took."""


class PartitionWithFram(Bench):
    """Readings, events and programmes on the partition, the ledger in FRAM."""

    has_fram = True


class Files(Bench):
    """Everything in files of a littlefs."""

    def make(self):
        vfs.VfsLfs2.mkfs(self.flash)

    def start(self):
        self.end()
        vfs.mount(vfs.VfsLfs2(self.flash), "/chip")
        return Store("/chip", self.ledger_place())

    def end(self):
        if "chip" in os.listdir("/"):
            vfs.umount("/chip")


class FilesWithFram(Files):
    """Files, and the ledger in FRAM."""

    has_fram = True


BENCHES = (Bench, PartitionWithFram, Files, FilesWithFram)


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


def programme(number):
    return b"programme %d " % number + b"x" * (100 * number % 700)


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
            store.save_programme(step % 3, programme(step))
            self.programme = step
            store.release_readings(step - 1)
            self.released = step - 1

    def check(self, store):
        record = store.load_ledger()
        energy_wh = 0 if record is None else ledger.array("i", record)[ledger.ENERGY_WH]
        assert energy_wh in (self.ledger, self.ledger + 1), (energy_wh, self.ledger)
        compare_ring(store.readings, self.reading, reading)
        compare_ring(store.events, self.event, event)
        assert store.readings.released in (self.released, self.released + 1)
        for step in range(max(1, self.programme - 2), self.programme + 1):
            kept = store.load_programme(step % 3)
            assert kept in (programme(step), programme(step + 3)), (kept, step)


def compare_ring(ring, told, build):
    assert ring.last in (told, told + 1), (ring.last, told)
    buffer = bytearray(ring.record_bytes)
    for sequence in range(max(1, ring.first), ring.last + 1):
        assert ring.read(sequence, buffer), sequence
        assert buffer == build(sequence), sequence


def check_power_cut_at_every_write(kind):
    for model in torn.MODELS:
        for memory in ("flash", "fram") if kind.has_fram else ("flash",):
            operations = 0
            while cut_at(kind, memory, operations, model):
                operations += 1
            assert operations > 20, operations


def cut_at(kind, memory, operations, model):
    """Return whether the life ended in the cut, and not before."""
    bench = kind()
    life = Life()
    store = bench.start()
    getattr(bench, memory).cut_after(operations, model, operations, fall_dark)
    try:
        store.load_ledger()
        life.live(store, 5)
        ended = False
    except PowerCut:
        ended = True
    bench.restore_power()
    for _ in range(2):  # what the first start repairs must hold at the second
        store = bench.start()
        life.check(store)
        store.append_reading(reading(store.readings.last + 1))
        life.reading = store.readings.last
    bench.end()
    return ended


def check_rings_are_bounded_and_keep_what_they_must(kind):
    bench = kind()
    store = bench.start()
    count = 1000 if kind in (Files, FilesWithFram) else 3000
    for sequence in range(1, count):
        store.append_event(event(sequence))
        assert store.events.last == sequence
    assert count - store.events.first >= min(EVENTS_KEPT, count - 1)
    buffer = bytearray(journal.EVENT_BYTES)
    assert not store.read_event(store.events.first - 1, buffer)
    assert store.read_event(store.events.first, buffer)
    assert buffer == event(store.events.first)
    again = bench.start()
    assert again.events_range() == store.events_range(), again.events_range()
    compare_ring(again.events, store.events.last, event)
    bench.end()


def check_what_was_never_written_is_not_there(kind):
    bench = kind()
    store = bench.start()
    assert store.load_ledger() is None
    assert [store.load_programme(slot) for slot in range(3)] == [None, None, None]
    assert store.readings_range() == store.events_range() == (0, 0)
    assert not store.read_event(0, bytearray(journal.EVENT_BYTES))
    assert not store.read_event(1, bytearray(journal.EVENT_BYTES))
    assert not store.trouble
    bench.end()


def check_records_may_be_left_out_but_never_go_back(kind):
    bench = kind()
    store = bench.start()
    for sequence in (1, 2, 7, 9):
        store.append_event(event(sequence))
    for sequence in (9, 8, 1):
        try:
            store.append_event(event(sequence))
            raise AssertionError("a record that is not newer must be refused")
        except OSError:
            pass
    for seen in (store, bench.start()):
        buffer = bytearray(journal.EVENT_BYTES)
        held = [number for number in range(1, 11) if seen.read_event(number, buffer)]
        assert held == [1, 2, 7, 9], held
        assert seen.events_range() == (1, 9)
    bench.end()


def check_release_is_kept_and_never_ahead_of_the_ring(kind):
    bench = kind()
    store = bench.start()
    for sequence in (1, 2, 3):
        store.append_event(event(sequence))
    store.release_events(9)
    store.release_events(1)
    assert store.events.released == 3
    assert bench.start().events.released == 3
    bench.end()


def check_a_thousand_ledgers_are_kept_one_after_another(kind):
    bench = kind()
    store = bench.start()
    values = ledger.create()
    for step in range(1000):
        values[ledger.ENERGY_WH] = step
        ledger.seal(values)
        store.save_ledger(values)
    assert bytes(bench.start().load_ledger()) == bytes(values)
    bench.end()


def check_a_ledger_that_cannot_be_read_is_not_written_over(kind):
    bench = kind()
    store = bench.start()
    values = ledger.create()
    ledger.seal(values)
    store.save_ledger(values)
    store = bench.start()
    load = store._ledger.load
    store._ledger = Deaf(store._ledger)
    for call in (store.load_ledger, lambda: store.save_ledger(values)):
        try:
            call()
            raise AssertionError("an unreadable ledger is not that of a new board")
        except OSError:
            pass
    assert store.trouble == 1
    assert store.trouble_text
    assert bytes(load()) == bytes(values)
    bench.end()


class Deaf:
    """A place of the ledger that does not answer when it is read."""

    def __init__(self, place):
        self.save = place.save

    def load(self):
        raise OSError(5)


def check_worn_blocks_cost_nothing_that_was_acknowledged(kind):
    """Some blocks of the flash are at the end of their life, and say so or do not.

    What a store refuses it says; what it took stays.
    """
    for worn in (STUCK, REFUSING):
        bench = kind()
        bench.flash.endurance = 8
        bench.flash.worn = worn
        for block in range(3, BLOCKS, 9):
            bench.flash.wear.erases[block] = 7
        store = bench.start()
        values = ledger.create()
        kept = refused = 0
        for step in range(1, 150):
            values[ledger.ENERGY_WH] = step
            ledger.seal(values)
            try:
                store.save_ledger(values)
                kept = step
            except OSError:
                refused += 1
            if step == 40:
                store = bench.start()
                store.load_ledger()
        found = ledger.array("i", bench.start().load_ledger())[ledger.ENERGY_WH]
        assert found == kept > 140, (worn, found, kept)
        assert refused < 30, (worn, refused)  # littlefs tells, and goes on at the next write
        bench.flash.endurance = None
        bench.end()


store_module.open = open_and_note
for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        for kind in BENCHES:
            check(kind)
            close_opened()
            print(name, kind.__name__)
