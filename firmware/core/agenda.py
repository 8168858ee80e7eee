"""What falls due with time: minutes, windows, readings, days, and the programme that waits.

This module must not know measurements, commands or the relay.
"""

from firmware.core import demand, doubts, ledger
from firmware.core.actions import SEND_READINGS, SEND_STATUS, SHOW
from firmware.core.clock import UNSET
from protocol import messages
from protocol import programme as wire


class Agenda:
    """`actions` is what it asked for since the caller last cleared them."""

    def __init__(self, board, values):
        self._board = board
        self._values = values
        self._minute = -1
        self.actions = 0

    def review(self):
        """Do what is due at this moment."""
        board = self._board
        now_s = board.clock.time_s
        if now_s >= board.programmes.activation_s and board.clock.state != UNSET:
            self._activate()
        if now_s // 60 != self._minute:
            self._begin_minute()

    def begin_anew(self):
        """Judge windows and boundaries again: the clock was set."""
        self._minute = -1

    def _begin_minute(self):
        board = self._board
        self.follow_windows()
        self._minute = board.clock.time_s // 60
        self._write_readings()  # before the account hears of the day that begins
        self._follow_calendar()

    def follow_windows(self):
        """Let the supply hours stand as this minute wants them."""
        board = self._board
        schedule = board.schedule
        schedule.refresh(board.clock.time_s, board.clock.state != UNSET)
        board.supply.follow_window(schedule.is_open, schedule.local.minute)

    def _follow_calendar(self):
        board = self._board
        if board.clock.state == UNSET:
            return
        board.account.follow()
        board.usage.follow(board.schedule.local.day_number)
        interval_s = board.programmes.active[wire.INTERVAL_S]
        end_s = board.schedule.zone.boundary_before(board.clock.time_s, interval_s)
        demand.follow(self._values, end_s, interval_s, board.schedule.local.month)
        if board.schedule.rate != self._values[ledger.RATE]:
            self._values[ledger.RATE] = board.schedule.rate
            board.supply.changed = True  # energy recovered after a cut belongs to this rate now

    def _write_readings(self):
        board = self._board
        if not board.recorder.is_reading_due(board.programmes.active):
            return
        board.persist()  # a reading may tell nothing that a cut could take back
        if self._record(board.recorder.write_readings):
            board.supply.changed = True  # what flows from here is not the old month's after a cut
        # A reading that the ring refused stays due, and is tried again with the next minute.
        self.actions |= SEND_READINGS

    def _end_terms(self):
        """Charge what is the old terms': the day too, unless it begins with this very second."""
        board = self._board
        now_s = board.clock.dated_s()
        if board.schedule.zone.day_start(now_s) == now_s:
            board.account.close_days(now_s)
        else:
            board.account.follow()

    def _end_interval(self):
        """Write the last reading under the old terms, so that a bill can be split exactly here.

        The programme is not kept waiting for a ring that fails.
        """
        board = self._board
        board.persist()  # as before every reading
        self._record(board.recorder.catch_up)
        self._end_terms()
        board.persist()
        self._record(board.recorder.end_interval)
        self.actions |= SEND_READINGS

    def _record(self, write):
        """Return whether the ring took what `write` of the recorder has for it."""
        board = self._board
        try:
            write(board.programmes.active, board.account)
        except OSError:
            return False
        return True

    def _activate(self):
        board = self._board
        if not board.programmes.fetch(board.clock.calendar_s(), board.clock.uptime_s):
            doubts.report(board)
            return
        self._end_interval()
        board.programmes.activate()
        board.account.adopt(self.configure())
        board.recorder.record_event(
            messages.EVENT_PROGRAMME_ACTIVATED, board.programmes.active[wire.VERSION]
        )
        board.recorder.record_event(messages.EVENT_LIMIT_SET, board.supply.limiter.limit_w)
        self._minute = -1
        self.actions |= SEND_STATUS | SHOW
        board.supply.changed = True

    def configure(self):
        """Let the programme in force take effect; return whether the terms of rating changed."""
        board = self._board
        programme = board.programmes.active
        board.schedule.configure(programme)
        board.supply.configure(programme)
        credit = programme[wire.CREDIT]
        opened_s = credit[wire.CREDIT_OPENED_S] or programme[wire.ACTIVATION_S]
        return board.account.configure(
            credit, programme[wire.TARIFF], opened_s, board.programmes.crc
        )
