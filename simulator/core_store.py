"""A board's memory that lives in the memory of the computer, and may lose its power at any write.

It has what the core asks of a store (docs/architecture.md), and nothing of files or flash. It
must not know what the records mean.
"""

from firmware.core import journal, ledger

BEFORE, TORN, AFTER = 0, 1, 2  # of a write that the power cut: nothing, half or all of it landed
EIO = 5


class PowerCut(BaseException):
    """The power failed at a write: nothing of the board's code may run any more."""


class MemoryRing:
    """Records by sequence; at least `kept` stay."""

    def __init__(self, kept):
        self.records = {}
        self.first = 0
        self.last = 0
        self.released = 0
        self._kept = kept

    def append(self, record):
        """Keep a whole record; its sequence follows the last one's."""
        sequence = journal.sequence_of(record)
        if sequence <= self.last:
            raise OSError(EIO)
        self.records[sequence] = record
        self.last = sequence
        self.first = self.first or sequence
        while len(self.records) > self._kept:
            self.records.pop(self.first, None)
            self.first += 1

    def read(self, sequence, buffer):
        """Fill `buffer`; False when the record is not held."""
        record = self.records.get(sequence)
        if record is None:
            return False
        buffer[:] = record
        return True


class MemoryStore:
    """`cut_after` counts writes down, the one at 0 tears as `tear` says; `is_worn` refuses all."""

    def __init__(self):
        self.readings = MemoryRing(journal.READINGS_KEPT)
        self.events = MemoryRing(journal.EVENTS_KEPT)
        self.writes = 0
        self.cut_after = None
        self.tear = TORN
        self.is_worn = False
        self._slots = [None, None]
        self._next_slot = 0
        self._programmes = [None, None, None]

    def load_ledger(self):
        """Return the newer whole record, or None."""
        slot = ledger.newest(self._slots[0], self._slots[1])
        if slot is None:
            return None
        self._next_slot = 1 - slot
        return self._slots[slot]

    def save_ledger(self, record):
        """Write over the older one."""
        slot = self._next_slot
        self._write(bytes(record), self._slots, slot)
        self._next_slot = 1 - slot

    def load_programme(self, slot):
        """Return what is in a slot, or None."""
        return self._programmes[slot]

    def save_programme(self, slot, record):
        """Write over a slot."""
        self._write(bytes(record), self._programmes, slot)

    def append_reading(self, record):
        """Keep a reading."""
        self._append(self.readings, bytes(record))

    def append_event(self, record):
        """Keep an event."""
        self._append(self.events, bytes(record))

    def read_reading(self, sequence, buffer):
        """Fill `buffer` with a reading; False when it is not held."""
        return self.readings.read(sequence, buffer)

    def read_event(self, sequence, buffer):
        """Fill `buffer` with an event; False when it is not held."""
        return self.events.read(sequence, buffer)

    def readings_range(self):
        """Return the first and last sequence held."""
        return self.readings.first, self.readings.last

    def events_range(self):
        """Return the first and last sequence held."""
        return self.events.first, self.events.last

    def release_readings(self, through):
        """The far end holds all up to `through`."""
        self.readings.released = max(self.readings.released, through)

    def release_events(self, through):
        """The far end holds all up to `through`."""
        self.events.released = max(self.events.released, through)

    def _write(self, record, places, place):
        landed = self._begin()
        if landed is None:
            places[place] = record
            return
        if landed == TORN:
            places[place] = record[: len(record) // 2] + bytes(len(record) - len(record) // 2)
        elif landed == AFTER:
            places[place] = record
        raise PowerCut

    def _append(self, ring, record):
        landed = self._begin()
        if landed is None or landed == AFTER:
            ring.append(record)
        if landed is not None:
            raise PowerCut  # a torn record is known by its CRC, and is as if it were not there

    def _begin(self):
        """Return None for a write that goes well, else how much of it lands."""
        if self.is_worn:
            raise OSError(EIO)
        self.writes += 1
        if self.cut_after is None:
            return None
        if self.cut_after:
            self.cut_after -= 1
            return None
        return self.tear
