"""What every store of the board has in common: which part keeps what, and what is wrong with it.

The ledger may be kept elsewhere (FRAM) than programmes, readings and events. A store that cannot
be read never stops the board: `trouble` tells, and the calls raise OSError. This module must not
know where or how anything is kept.
"""

from micropython import const

# Parts of the memory, numbered as the event "store fault" tells them (docs/wire.md).
LEDGER = const(1)
PROGRAMME = const(2)
READINGS = const(3)
EVENTS = const(4)
MOUNT = const(5)
EIO = const(5)


class RecordStore:
    """`ledger` has `load()` and `save(record)`; `readings` and `events` are rings.

    A ring has `record_bytes`, `first`, `last`, `released`, `read(sequence, buffer)` and
    `append(record)`. `trouble` is 0, or the number of the part that could not be read at the
    start, `trouble_text` the same for a person.
    """

    def __init__(self, ledger, readings, events):
        self._ledger = ledger
        self._ledger_is_lost = False
        self.readings = readings
        self.events = events
        self.trouble = 0
        self.trouble_text = ""

    def report(self, part, error):
        """Note that `part` cannot be read; the first trouble stays the one that is told."""
        if not self.trouble:
            self.trouble = part
            self.trouble_text = str(error)

    def load_ledger(self):
        """Return the newest whole ledger record, or None on a board that never ran.

        Raises OSError when there may be one that cannot be read now. Nothing is then saved before
        the next start: a board that began anew would write over its own credit and holds.
        """
        self._ledger_is_lost = True
        try:
            record = self._ledger.load()
        except OSError as error:
            self.report(LEDGER, error)
            raise
        self._ledger_is_lost = False
        return record

    def save_ledger(self, record):
        """Keep `record`; when this returns, it is what the next start finds. Raises OSError."""
        if self._ledger_is_lost:
            raise OSError(EIO)
        self._ledger.save(record)

    def append_reading(self, record):
        """Keep one encoded reading; its sequence is higher than the last one's."""
        self.readings.append(record)

    def append_event(self, record):
        """Keep one encoded event; its sequence is higher than the last one's."""
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
        if through > ring.released:
            ring.released = through
            self._keep_released(self.readings.released, self.events.released)

    def _keep_released(self, readings, events):
        """Write both sequences down, where the store has a place for them."""
        raise NotImplementedError

    def _take_released(self, readings, events):
        """Without it everything is sent again, and the controller drops what it has."""
        self.readings.released = min(readings, self.readings.last)
        self.events.released = min(events, self.events.last)


class AbsentStore(RecordStore):
    """Stands in where the memory that the board definition names is not there.

    Everything written is refused, and the ledger counts as unreadable: the board knows then that
    it may have holds and credit that it cannot see.
    """

    def __init__(self, error, reading_bytes, event_bytes):
        super().__init__(self, AbsentRing(reading_bytes), AbsentRing(event_bytes))
        self.report(MOUNT, error)

    def load(self):
        """Raise OSError: a ledger that cannot be seen is not one that never was."""
        raise OSError(EIO)

    def load_programme(self, _slot):
        """Return nothing: there is no programme but the built-in one."""
        raise OSError(EIO)

    def save_programme(self, _slot, _programme):
        """Refuse."""
        raise OSError(EIO)


class AbsentRing:
    """A ring that holds nothing and takes nothing."""

    first = last = released = 0

    def __init__(self, record_bytes):
        self.record_bytes = record_bytes

    def append(self, _record):
        """Refuse."""
        raise OSError(EIO)

    def read(self, _sequence, _buffer):
        """Tell that nothing is held."""
        return False
