"""The board's memory: `build_store` chooses it, `Store` keeps it in files.

Made for littlefs: a file is what it was until `flush` or `close` returns, and then it is new.
Ledger and programmes have two or three files each; readings and events are rings of a few segment
files of fixed-size records, found by sequence number; the oldest segment goes when a new one
begins. Nothing else is ever rewritten. Every method may raise OSError, the constructor does not.
It must not know what the records mean; their form and their CRC are `firmware.core.journal`'s.
"""

import os
import struct

from micropython import const

from firmware.core import journal, ledger
from firmware.drivers import records

_LEDGER_FILES = ("ledger.a", "ledger.b")
_PROGRAMME_FILES = ("programme.a", "programme.b", "programme.c")
_RELEASED_FILE = "released"
_RELEASED_FORMAT = "<III"  # readings, events, and the CRC of both
_READINGS_PER_SEGMENT = const(720)
_EVENTS_PER_SEGMENT = const(250)
_ENOENT = const(2)
_EEXIST = const(17)


def build_store(definition):
    """Return the store that a board definition names, in whatever state it is.

    `STORE` is "files" (the default) or "partition", with `RING_PARTITION` its label; `LEDGER` is
    "store" (the default) or "fram", with `FRAM_ADDRESS`. They stand in the definition and not in
    config.json, because that lies on the file system that may be broken.
    """
    trouble = None
    ledger_place = None
    if getattr(definition, "LEDGER", "store") == "fram":
        from firmware.drivers import fram

        ledger_place = fram.build(definition)
    if getattr(definition, "STORE", "files") == "partition":
        from firmware.drivers import ring_partition

        try:
            device = ring_partition.find(definition.RING_PARTITION)
            return ring_partition.PartitionStore(device, ledger_place)
        except OSError as error:
            trouble = error
    if trouble:
        return records.AbsentStore(trouble, journal.READING_BYTES, journal.EVENT_BYTES)
    folder = os.getcwd()
    return Store("" if folder == "/" else folder, ledger_place)


class Store(records.RecordStore):
    """`folder` is the root of the board's file system, without a slash at its end ("" is /).

    `ledger_place` keeps the ledger instead of two files, if given. `readings` and `events` are
    the two rings; `released` of each is the sequence up to which the controller holds everything.
    """

    def __init__(self, folder="", ledger_place=None):
        self._folder = folder
        super().__init__(
            ledger_place or LedgerFiles(folder),
            Ring(
                folder,
                "readings",
                journal.READING_BYTES,
                _READINGS_PER_SEGMENT,
                journal.READINGS_KEPT,
            ),
            Ring(folder, "events", journal.EVENT_BYTES, _EVENTS_PER_SEGMENT, journal.EVENTS_KEPT),
        )
        try:
            require_folder(folder)
        except OSError as error:
            self.report(records.MOUNT, error)
        for part, ring in ((records.READINGS, self.readings), (records.EVENTS, self.events)):
            try:
                ring.recover()
            except OSError as error:
                self.report(part, error)
        self._load_released()

    def load_programme(self, slot):
        """Return the programme of slot 0, 1 or 2, or None."""
        return load(self._folder, _PROGRAMME_FILES[slot])

    def save_programme(self, slot, programme):
        """Write the octets `programme` over slot 0, 1 or 2."""
        save(self._folder, _PROGRAMME_FILES[slot], programme)

    def _keep_released(self, readings, events):
        pair = struct.pack("<II", readings, events)
        save(self._folder, _RELEASED_FILE, pair + struct.pack("<i", ledger.checksum(pair)))

    def _load_released(self):
        try:
            record = load(self._folder, _RELEASED_FILE)
        except OSError:
            return
        if record is None or len(record) != struct.calcsize(_RELEASED_FORMAT):
            return
        if struct.unpack_from("<i", record, 8)[0] == ledger.checksum(record[:8]):
            self._take_released(*struct.unpack_from("<II", record, 0))


class LedgerFiles:
    """The ledger in two files, written in turn."""

    def __init__(self, folder):
        self._folder = folder
        self._slot = 0  # the one to write next

    def load(self):
        """Return the newer whole record, or None. A file that cannot be read counts as torn.

        Raises its OSError when there is no other.
        """
        require_folder(self._folder)  # a file is missing in it, or all of it is
        kept = [None, None]
        trouble = None
        for slot, name in enumerate(_LEDGER_FILES):
            try:
                kept[slot] = load(self._folder, name)
            except OSError as error:
                trouble = error
        slot = ledger.newest(kept[0], kept[1])
        if slot is None:
            if trouble:
                raise trouble
            return None
        self._slot = 1 - slot
        return kept[slot]

    def save(self, record):
        """Write `record` over the older file."""
        save(self._folder, _LEDGER_FILES[self._slot], record)
        self._slot = 1 - self._slot


def require_folder(folder):
    """Raise OSError unless files can be looked up in `folder`: it is not there, or not mounted."""
    os.stat(folder or "/")
    try:
        os.stat(folder + "/" + _RELEASED_FILE)
    except OSError as error:
        if error.errno != _ENOENT:
            raise


def load(folder, name):
    """Return a file's octets, or None when there is no such file. Raises OSError."""
    try:
        with open(folder + "/" + name, "rb") as file:
            return file.read()
    except OSError as error:
        if error.errno != _ENOENT:
            raise
        return None


def save(folder, name, record):
    """Write a whole file anew. Raises OSError."""
    with open(folder + "/" + name, "wb") as file:
        file.write(record)


class Ring:
    """Records of one size in segment files `name.N`; record s stands in segment s // per_segment.

    At least `kept` records are held once so many were written, at most one segment more.
    """

    def __init__(self, folder, name, record_bytes, per_segment, kept):
        self._prefix = folder + "/" + name + "."
        self.record_bytes = record_bytes
        self._per_segment = per_segment
        self._segments_max = (kept + per_segment - 1) // per_segment + 1
        self._file = None  # of the newest segment
        self._file_segment = -1
        self._folder = folder or "/"
        self._is_known = False
        self.first = 0
        self.last = 0
        self.released = 0

    def recover(self):
        """Find what is held. A torn record at the end is left out and written over.

        Raises OSError when the folder cannot be read; the next `append` then tries again.
        """
        folder = self._folder
        prefix = self._prefix[self._prefix.rindex("/") + 1 :]
        segments = sorted(
            int(entry[0][len(prefix) :])
            for entry in os.ilistdir(folder)
            if entry[0].startswith(prefix) and entry[0][len(prefix) :].isdigit()
        )
        while segments and not self.last:
            self._recover_last(segments[-1])
            if not self.last:
                os.remove(self._prefix + str(segments.pop()))
        if self.last:
            self.first = max(1, segments[0] * self._per_segment)
        self._is_known = True

    def _recover_last(self, segment):
        buffer = bytearray(self.record_bytes)
        size = os.stat(self._prefix + str(segment))[6]
        sequence = segment * self._per_segment + size // self.record_bytes - 1
        while sequence >= max(1, segment * self._per_segment):
            if self.read(sequence, buffer):
                self.last = sequence
                return
            sequence -= 1

    def append(self, record):
        """Add a record, by its own sequence number, which is higher than the last."""
        if not self._is_known:
            self.recover()
        sequence = struct.unpack_from("<I", record, 0)[0]
        if sequence <= self.last:
            raise OSError(_EEXIST)
        segment, position = divmod(sequence, self._per_segment)
        if segment != self._file_segment:
            self._begin_segment(segment)
        try:
            self._file.seek(position * self.record_bytes)
            self._file.write(record)
            self._file.flush()
        except OSError:
            self._close()
            raise
        self.last = sequence
        self.first = self.first or sequence

    def read(self, sequence, buffer):
        """Fill `buffer` with a record; return False when it is not held or not whole.

        One that the flash cannot read is not held either: those after it must go their way.
        """
        segment, position = divmod(sequence, self._per_segment)
        try:
            with open(self._prefix + str(segment), "rb") as file:
                file.seek(position * self.record_bytes)
                count = file.readinto(buffer)
        except OSError:
            return False
        whole = count == self.record_bytes and journal.sequence_of(buffer) == sequence
        return whole and sequence > 0

    def _begin_segment(self, segment):
        self._close()
        self._make_room(segment)
        path = self._prefix + str(segment)
        try:
            self._file = open(path, "r+b")  # noqa: SIM115 (while it is written)
        except OSError as error:
            if error.errno != _ENOENT:
                raise
            self._file = open(path, "w+b")  # noqa: SIM115
        self._file_segment = segment

    def _make_room(self, segment):
        """Remove the segments that fall out of the ring when `segment` begins."""
        oldest = self.first // self._per_segment
        while self.first and oldest <= segment - self._segments_max:
            self._remove(oldest)
            oldest += 1
            self.first = oldest * self._per_segment

    def _remove(self, segment):
        try:
            os.remove(self._prefix + str(segment))
        except OSError as error:
            if error.errno != _ENOENT:
                raise

    def _close(self):
        file = self._file
        self._file = None
        self._file_segment = -1
        if file:
            file.close()
