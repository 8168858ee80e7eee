"""The board's memory on flash: ledger and programme in two slots each; readings, events in rings.

Made for littlefs: a file is what it was until `flush` or `close` returns, and then it is new. A
ring is a few segment files of fixed-size records, found by sequence number; the oldest segment
goes when a new one begins. Nothing else is ever rewritten. Every method may raise OSError.
It must not know what the records mean; their form and their CRC are `firmware.core.journal`'s.
"""

import os
import struct

from micropython import const

from firmware.core import journal, ledger

_LEDGER_FILES = ("ledger.a", "ledger.b")
_PROGRAMME_FILES = ("programme.a", "programme.b")
_RELEASED_FILE = "released"
_RELEASED_FORMAT = "<III"  # readings, events, and the CRC of both
_READINGS_PER_SEGMENT = const(720)
_EVENTS_PER_SEGMENT = const(250)
_ENOENT = const(2)


class Store:
    """`folder` is the root of the board's file system, without a slash at its end ("" is /).

    `readings` and `events` are the two rings; `released` of each is the sequence up to which the
    controller holds everything.
    """

    def __init__(self, folder=""):
        self._folder = folder
        self._ledger_slot = 0  # the one to write next
        self.readings = Ring(
            folder, "readings", journal.READING_BYTES, _READINGS_PER_SEGMENT, journal.READINGS_KEPT
        )
        self.events = Ring(
            folder, "events", journal.EVENT_BYTES, _EVENTS_PER_SEGMENT, journal.EVENTS_KEPT
        )
        self._load_released()

    def load_ledger(self):
        """Return the newer whole ledger record, or None on a board that never ran.

        A slot that cannot be read counts as torn. Raises its OSError when there is no other.
        """
        records = [None, None]
        trouble = None
        for slot, name in enumerate(_LEDGER_FILES):
            try:
                records[slot] = self._load(name)
            except OSError as error:
                trouble = error
        slot = ledger.newest(records[0], records[1])
        if slot is None:
            if trouble:
                raise trouble
            return None
        self._ledger_slot = 1 - slot
        return records[slot]

    def save_ledger(self, record):
        """Write `record` over the older slot."""
        self._save(_LEDGER_FILES[self._ledger_slot], record)
        self._ledger_slot = 1 - self._ledger_slot

    def load_programme(self, slot):
        """Return the programme of slot 0 or 1, or None."""
        return self._load(_PROGRAMME_FILES[slot])

    def save_programme(self, slot, programme):
        """Write the octets `programme` over slot 0 or 1."""
        self._save(_PROGRAMME_FILES[slot], programme)

    def append_reading(self, record):
        """Keep one encoded reading; its sequence is one above the last one's."""
        self.readings.append(record)

    def append_event(self, record):
        """Keep one encoded event; its sequence is one above the last one's."""
        self.events.append(record)

    def read_reading(self, sequence, buffer):
        """Fill `buffer` with the reading; return False when it is not held or not whole."""
        return self.readings.read(sequence, buffer)

    def read_event(self, sequence, buffer):
        """Fill `buffer` with the event; return False when it is not held or not whole."""
        return self.events.read(sequence, buffer)

    def readings_range(self):
        """Return the first and last sequence held, (0, 0) when there is none."""
        return self.readings.first, self.readings.last

    def events_range(self):
        """Return the first and last sequence held, (0, 0) when there is none."""
        return self.events.first, self.events.last

    def release_readings(self, through):
        """Note that the controller holds all readings up to `through`.

        They stay readable (`read_profile`) until the ring needs their place.
        """
        self._release(self.readings, through)

    def release_events(self, through):
        """Note that the controller holds all events up to `through`."""
        self._release(self.events, through)

    def _release(self, ring, through):
        through = min(through, ring.last)
        if through <= ring.released:
            return
        ring.released = through
        pair = struct.pack("<II", self.readings.released, self.events.released)
        record = pair + struct.pack("<i", ledger.checksum(pair))
        self._save(_RELEASED_FILE, record)

    def _load_released(self):
        """Without the file everything is sent again, and the controller drops what it has."""
        record = self._load(_RELEASED_FILE)
        if record is None or len(record) != struct.calcsize(_RELEASED_FORMAT):
            return
        if struct.unpack_from("<i", record, 8)[0] != ledger.checksum(record[:8]):
            return
        readings, events = struct.unpack_from("<II", record, 0)
        self.readings.released = min(readings, self.readings.last)
        self.events.released = min(events, self.events.last)

    def _load(self, name):
        try:
            with open(self._folder + "/" + name, "rb") as file:
                return file.read()
        except OSError as error:
            if error.errno != _ENOENT:
                raise
            return None

    def _save(self, name, record):
        with open(self._folder + "/" + name, "wb") as file:
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
        self.first = 0
        self.last = 0
        self.released = 0
        self._recover(folder or "/", name + ".")

    def _recover(self, folder, prefix):
        """Find what is held. A torn record at the end is left out and written over."""
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
        sequence = struct.unpack_from("<I", record, 0)[0]
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
