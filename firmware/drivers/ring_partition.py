"""The board's memory on a raw flash partition, without a file system.

NOR flash: writing only clears bits, an erase sets all of a 4 KB block. Everything is a `Log`:
records of one size, each with its sequence and CRC, one after another through the erase blocks of
an area and around again, so that every block of the area wears alike. A record is read back after
it was written; one that did not arrive is written again in the next block. Nothing need be
formatted: what is not a whole record is not there. Layout and figures: docs/memory.md.
It must not know what the records mean.
"""

import struct
from array import array

import uctypes
from micropython import const

from firmware.core import journal, ledger
from firmware.drivers import records
from protocol.limits import PROGRAMME_MAX_BYTES

BLOCK_BYTES = const(4096)
_ERASE = const(6)  # of a block device's ioctl
_COUNT = const(4)
_WRITE_TRIES = const(8)  # blocks, one after another, before a write is given up
_CHUNK_BYTES = const(64)
_RELEASED_BLOCKS = const(2)
_PROGRAMME_SLOTS = const(3)
_LEDGER_BLOCKS_MIN = const(4)
_SPARE_BLOCKS = const(2)  # one is empty or half full at any moment, one may be worn out
_RELEASED_FORMAT = "<III"  # sequence, readings, events; a CRC follows
_RELEASED_BYTES = const(16)
_PROGRAMME_HEAD = const(12)  # sequence, length, CRC of both and of the programme
_PROGRAMME_BYTES = _PROGRAMME_HEAD + PROGRAMME_MAX_BYTES


def find(label):
    """Return the partition called `label`. Raises OSError when there is none."""
    import esp32

    found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=label)
    if not found:
        raise OSError("no partition is called %s: flash the partition table again" % label)
    return found[0]


class PartitionStore(records.RecordStore):
    """`device` is an `esp32.Partition` or another block device with offsets.

    `ledger_place` keeps the ledger instead, if given. Areas, from the first block on: readings,
    events, programmes, what is released, and all the rest for the ledger, which is written most.
    """

    def __init__(
        self,
        device,
        ledger_place=None,
        readings_kept=journal.READINGS_KEPT,
        events_kept=journal.EVENTS_KEPT,
    ):
        blocks = device.ioctl(_COUNT, 0)
        readings = blocks_for(readings_kept, journal.READING_BYTES)
        events = blocks_for(events_kept, journal.EVENT_BYTES)
        programmes = _PROGRAMME_SLOTS * 2
        taken = readings + events + programmes + _RELEASED_BLOCKS
        if blocks < taken + _LEDGER_BLOCKS_MIN:
            needed = taken + _LEDGER_BLOCKS_MIN
            raise OSError("the ring partition has %d blocks, needs %d" % (blocks, needed))
        at = readings + events
        self._programmes = [
            Log(device, at + 2 * slot, 2, _PROGRAMME_BYTES, programme_sequence)
            for slot in range(_PROGRAMME_SLOTS)
        ]
        at += programmes
        self._released = Log(device, at, _RELEASED_BLOCKS, _RELEASED_BYTES, journal.sequence_of)
        at += _RELEASED_BLOCKS
        rest = Log(device, at, blocks - at, ledger.BYTES, ledger.sequence_of)
        super().__init__(
            ledger_place or LedgerLog(rest),
            Log(device, 0, readings, journal.READING_BYTES, journal.sequence_of),
            Log(device, readings, events, journal.EVENT_BYTES, journal.sequence_of),
        )
        self._recover()

    def _recover(self):
        for part, log in (
            (records.READINGS, self.readings),
            (records.EVENTS, self.events),
            (records.READINGS, self._released),
        ):
            try:
                log.recover()
            except OSError as error:
                self.report(part, error)
        newest = bytearray(_RELEASED_BYTES)
        if self._released.read(self._released.last, newest):
            self._take_released(*struct.unpack_from("<II", newest, 4))

    def _keep_released(self, readings, events):
        record = struct.pack(_RELEASED_FORMAT, self._released.last + 1, readings, events)
        self._released.append(record + struct.pack("<i", ledger.checksum(record)))

    def load_programme(self, slot):
        """Return the programme of slot 0, 1 or 2, or None. Raises OSError."""
        log = self._programmes[slot]
        log.recover()
        if not log.last:
            return None
        record = log.load_newest()
        size = struct.unpack_from("<I", record, 4)[0]
        return record[_PROGRAMME_HEAD : _PROGRAMME_HEAD + size]

    def save_programme(self, slot, programme):
        """Keep the octets `programme` in slot 0, 1 or 2. Raises OSError."""
        if len(programme) > PROGRAMME_MAX_BYTES:
            raise OSError("a programme has at most %d octets" % PROGRAMME_MAX_BYTES)
        log = self._programmes[slot]
        log.recover()
        head = struct.pack("<II", log.last + 1, len(programme))
        crc = ledger.checksum(head + programme)
        log.append(head + struct.pack("<i", crc) + programme)


def programme_sequence(record):
    """Return the sequence of a whole programme record, which may be followed by blank flash."""
    sequence, size, crc = struct.unpack_from("<IIi", record, 0)
    if size > PROGRAMME_MAX_BYTES:
        return 0
    body = bytes(record[:8]) + bytes(record[_PROGRAMME_HEAD : _PROGRAMME_HEAD + size])
    return sequence if ledger.checksum(body) == crc else 0


def blocks_for(kept, record_bytes):
    """Return how many blocks hold at least `kept` records at any moment."""
    per_block = BLOCK_BYTES // record_bytes
    return (kept + per_block - 1) // per_block + _SPARE_BLOCKS


class LedgerLog:
    """The ledger as the newest record of a log."""

    def __init__(self, log):
        self._log = log

    def load(self):
        """Return the newest whole record, or None. Raises OSError."""
        self._log.recover()
        return self._log.load_newest() if self._log.last else None

    def save(self, record):
        """Keep `record`. Raises OSError."""
        self._log.append(octets_of(record), record[ledger.SEQUENCE])


def octets_of(record):
    """Return the octets of a ledger, an array of words, without a copy."""
    return uctypes.bytearray_at(uctypes.addressof(record), ledger.BYTES)


class Log:
    """Records of one size in `blocks` erase blocks of `device`, from block `start` on.

    `sequence_of(record)` returns a whole record's sequence (ascending, from 1) and 0 for anything
    else. A place is used once between two erases; a block is erased when writing enters it, never
    before, so that an erase that the power cut short is made again.
    """

    def __init__(self, device, start, blocks, record_bytes, sequence_of):
        self._device = device
        self._start = start
        self.record_bytes = record_bytes
        self._sequence_of = sequence_of
        self._places = BLOCK_BYTES // record_bytes
        self._firsts = array("i", bytes(4 * blocks))  # first sequence in each block, 0: none
        self._block = blocks - 1  # that is being filled
        self._last_block = blocks - 1  # that holds the newest record
        self._place = self._places  # the next in it
        self.first = 0
        self.last = 0
        self.released = 0

    def recover(self):
        """Find the records. Raises OSError.

        Looks at one place of each block, at more only where that one is torn, and at all places
        of the newest block.
        """
        record = bytearray(self.record_bytes)
        newest = -1
        for block in range(len(self._firsts)):
            self._firsts[block] = self._find_first(block, record)
            if self._firsts[block] and (newest < 0 or self._firsts[block] > self._firsts[newest]):
                newest = block
        if newest >= 0:
            self._recover_newest(newest, record)
        self._find_oldest()

    def _find_first(self, block, record):
        for place in range(self._places):
            self._read_place(block, place, record)
            sequence = self._sequence_of(record)
            if sequence:
                return sequence
            if not place and is_blank(record):
                return 0  # places are filled in turn
        return 0

    def _recover_newest(self, block, record):
        self._block = self._last_block = block
        self._place = 0
        self.last = 0
        for place in range(self._places):
            self._read_place(block, place, record)
            sequence = self._sequence_of(record)
            self.last = max(self.last, sequence)
            if sequence or not is_blank(record):
                self._place = place + 1

    def _find_oldest(self):
        self.first = 0
        for sequence in self._firsts:
            if sequence and (sequence < self.first or not self.first):
                self.first = sequence

    def append(self, record, sequence=None):
        """Write `record` in the next place and read it back. Raises OSError."""
        if sequence is None:
            sequence = struct.unpack_from("<I", record, 0)[0]
        if sequence <= self.last:
            raise OSError("a record must be newer than the last one")
        for _ in range(_WRITE_TRIES):
            if self._take_place(record):
                if not self._firsts[self._block]:
                    self._firsts[self._block] = sequence
                self.last = sequence
                self.first = self.first or sequence
                self._last_block = self._block
                return
            self._place = self._places  # what failed here once is not tried again this time round
        self._block = self._last_block  # the next one begins behind it again
        raise OSError(records.EIO)

    def _take_place(self, record):
        try:
            if self._place >= self._places:
                self._enter_next_block()
            place = self._place
            self._place += 1
            offset = place * self.record_bytes
            self._device.writeblocks(self._start + self._block, record, offset)
            return self._holds(offset, record)
        except OSError:
            return False

    def _enter_next_block(self):
        block = (self._block + 1) % len(self._firsts)
        if self.last and block == self._last_block:
            raise OSError(records.EIO)  # whatever the flash does, the newest record stays
        self._block = block
        self._place = self._places
        self._firsts[self._block] = 0
        self._find_oldest()
        self._device.ioctl(_ERASE, self._start + self._block)
        self._place = 0

    def _holds(self, offset, record):
        octets = memoryview(record)
        chunk = bytearray(_CHUNK_BYTES)
        for at in range(0, len(octets), _CHUNK_BYTES):
            part = memoryview(chunk)[: min(_CHUNK_BYTES, len(octets) - at)]
            self._device.readblocks(self._start + self._block, part, offset + at)
            if part != octets[at : at + len(part)]:
                return False
        return True

    def read(self, sequence, buffer):
        """Fill `buffer` with a record; return False when it is not held or not whole."""
        try:
            return sequence > 0 and self._seek(sequence, buffer)
        except OSError:
            return False

    def _seek(self, sequence, buffer):
        block = -1
        for index, first in enumerate(self._firsts):
            if 0 < first <= sequence and (block < 0 or first > self._firsts[block]):
                block = index
        if block < 0:
            return False
        # Where it stands unless a place before it is torn, or sequences were left out.
        guess = min(sequence - self._firsts[block], self._places)
        for step in range(self._places):
            self._read_place(block, (guess + step) % self._places, buffer)
            if self._sequence_of(buffer) == sequence:
                return True
        return False

    def load_newest(self):
        """Return the newest record as bytes. Raises OSError when it cannot be read any more."""
        record = bytearray(self.record_bytes)
        if not self.read(self.last, record):
            raise OSError(records.EIO)
        return bytes(record)

    def _read_place(self, block, place, buffer):
        self._device.readblocks(self._start + block, buffer, place * self.record_bytes)


def is_blank(record):
    """Tell whether these octets of the flash are as an erase leaves them."""
    return record == b"\xff" * len(record)
