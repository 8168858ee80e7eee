"""Writes events and readings: sequence numbers, interval boundaries and what an interval saw.

Readings fall on boundaries of local time and on the second at which another programme begins; no
second gets two, and a local midnight always gets one, if need be afterwards. The record goes to
the store before the ledger knows of it: after a power cut between the two the ring tells. This
module must not know what the store is made of.
"""

from firmware.core import journal
from firmware.core.calendar import DAY_S
from firmware.core.clock import HELD, UNSET
from firmware.core.ledger import (
    ENERGY_WH,
    EVENT_SEQUENCE,
    RATE_WH,
    READING_END_S,
    READING_SEQUENCE,
    READING_SUPPLY_S,
    SUPPLY_S,
)
from protocol import messages
from protocol import programme as wire

MISSED_MIDNIGHTS_MAX = 40
BACK_MAX_S = 3600  # readings wait so long, at most, for a clock that was set back


class Recorder:
    """The two rings' writing end and the statistics of the present interval."""

    def __init__(self, values, store, clock, zone):
        self._values = values
        self._store = store
        self._clock = clock
        self._zone = zone
        self._reading = bytearray(journal.READING_BYTES)
        self._event = bytearray(journal.EVENT_BYTES)
        self._events_lost = 0
        self.has_recorded = False  # an event; the caller clears it
        self.flags = 0  # of the present interval
        self._power_w_max = 0
        self._voltage_v_min = 0
        self._voltage_v_max = 0

    def recover(self):
        """Let the rings correct the ledger where a power cut fell between the two."""
        values = self._values
        try:
            last = self._store.events_range()[1]
            values[EVENT_SEQUENCE] = max(values[EVENT_SEQUENCE], last)
            last = self._store.readings_range()[1]
            if last and self._store.read_reading(last, self._reading):
                self._recover_reading(last, journal.unpack_reading(self._reading))
            values[READING_SEQUENCE] = max(values[READING_SEQUENCE], last)
        except OSError:
            return  # the ledger's own numbers stand

    def _recover_reading(self, last, reading):
        values = self._values
        if not reading:
            return
        if last > values[READING_SEQUENCE]:
            values[READING_END_S] = reading[1]
            # The ledger was written just before the reading, and not since.
            values[READING_SUPPLY_S] = values[SUPPLY_S]
        elif reading[1] > values[READING_END_S]:
            self.flags |= messages.FLAG_CLOCK_STEPPED  # not told yet: readings began anew

    def observe(self, sample):
        """Take a good sample into the interval's extremes."""
        power_w = sample.power_dw // 10
        voltage_v = sample.voltage_dv // 10
        if (
            power_w > self._power_w_max
            or voltage_v > self._voltage_v_max
            or voltage_v < self._voltage_v_min
            or not self._voltage_v_min
        ):
            self._widen(power_w, voltage_v)

    def _widen(self, power_w, voltage_v):
        self._power_w_max = max(self._power_w_max, power_w)
        self._voltage_v_max = max(self._voltage_v_max, voltage_v)
        if voltage_v < self._voltage_v_min or not self._voltage_v_min:
            self._voltage_v_min = voltage_v

    def record_event(self, code, value, time_s=None):
        """Append an event of now (or of `time_s`).

        When the store refuses it, it is counted, and the count told with the next that goes.
        """
        if time_s is None:
            time_s = self._clock.time_s
        if self._events_lost and self._append_event(
            time_s, messages.EVENT_RING_OVERFLOW, self._events_lost
        ):
            self._events_lost = 0
        if not self._append_event(time_s, code, value):
            self._events_lost += 1

    def _append_event(self, time_s, code, value):
        sequence = self._values[EVENT_SEQUENCE] + 1
        journal.pack_event(self._event, sequence, time_s, self._clock_flags(), code, value)
        try:
            self._store.append_event(self._event)
        except OSError:
            return False
        self._values[EVENT_SEQUENCE] = sequence
        self.has_recorded = True
        return True

    def is_reading_due(self, programme):
        """Tell whether a boundary has passed without its reading; begin counting at birth.

        After a step back readings wait until the clock has caught up with the last one, so that
        none is written twice; if that would take longer than BACK_MAX_S they begin anew.
        """
        values = self._values
        end_s = self._zone.boundary_before(self._clock.dated_s(), programme[wire.INTERVAL_S])
        last_s = values[READING_END_S]
        if not last_s and self._clock.state != UNSET:
            values[READING_END_S] = end_s
            return False
        if last_s - self._clock.dated_s() > BACK_MAX_S:
            values[READING_END_S] = end_s
            self.flags |= messages.FLAG_CLOCK_STEPPED
            return False
        return 0 < last_s < end_s

    def write_readings(self, programme, account):
        """Write the reading of the last boundary, before it those of midnights that were missed.

        Without power nothing flows: every missed boundary has the registers of the moment of the
        cut, so the midnights suffice for any bill. An OSError of the store leaves the rest due.
        """
        end_s = self._zone.boundary_before(self._clock.dated_s(), programme[wire.INTERVAL_S])
        self._write_through(end_s, programme, account)

    def catch_up(self, programme, account):
        """Write what fell due before this very second. Raises OSError."""
        if not self.is_reading_due(programme):
            return
        before_s = self._clock.dated_s() - 1
        end_s = self._zone.boundary_before(before_s, programme[wire.INTERVAL_S])
        if self._values[READING_END_S] < end_s:
            self._write_through(end_s, programme, account)

    def end_interval(self, programme, account):
        """Write a reading of this very second, the last under `programme`: another one begins.

        A boundary on this second has no other reading. After a step back of the clock there is
        none, because readings ascend. Raises OSError.
        """
        now_s = self._clock.dated_s()
        if self._values[READING_END_S] != now_s:
            self.flags |= messages.FLAG_PROGRAMME_CHANGED
        if self._values[READING_END_S] < now_s:
            self._write_through(now_s, programme, account)

    def _write_through(self, end_s, programme, account):
        oldest_s = max(self._values[READING_END_S], end_s - MISSED_MIDNIGHTS_MAX * DAY_S)
        midnight_s = self._zone.next_day_start(oldest_s)
        while midnight_s < end_s:
            self._write_reading(midnight_s, programme, account)
            midnight_s = self._zone.next_day_start(midnight_s)
        self._write_reading(end_s, programme, account)
        self.flags = 0
        self._power_w_max = self._voltage_v_min = self._voltage_v_max = 0

    def _write_reading(self, end_s, programme, account):
        """Write one reading; one that ends a day or month tells all of it, nothing of the next."""
        values = self._values
        account.close_days(end_s)
        flags = self.flags | self._clock_flags()
        if self._zone.day_start(end_s) == end_s:
            flags |= messages.FLAG_LAST_OF_DAY
        journal.pack_reading(
            self._reading,
            values[READING_SEQUENCE] + 1,
            end_s,
            flags,
            values[ENERGY_WH],
            values[RATE_WH],
            values[RATE_WH + 1],
            values[RATE_WH + 2],
            values[RATE_WH + 3],
            self._power_w_max,
            self._voltage_v_min,
            self._voltage_v_max,
            min(values[SUPPLY_S] - values[READING_SUPPLY_S], DAY_S),
            account.mode,
            account.balance(),
            programme[wire.VERSION],
            account.charged_total(),
        )
        self._store.append_reading(self._reading)
        values[READING_SEQUENCE] += 1
        values[READING_END_S] = end_s
        values[READING_SUPPLY_S] = values[SUPPLY_S]

    def _clock_flags(self):
        state = self._clock.state
        if state == UNSET:
            return messages.FLAG_CLOCK_UNSET
        return messages.FLAG_CLOCK_HELD if state == HELD else 0
