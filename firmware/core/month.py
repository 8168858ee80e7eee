"""The month that is being rated: its bill so far, charged to the money account as differences.

Charges sum to the bill (`rating.total_paise`) by construction, whatever cuts fall between them.
This module must not know balances, holds or messages. Behaviour: docs/board.md "Account".
"""

from firmware.core.calendar import LocalTime, days_in_month
from firmware.core.ledger import (
    CHARGED_PAISE,
    MONTH,
    MONTH_DAY,
    MONTH_FIRST_DAY,
    MONTH_PAISE,
    MONTH_RATE_WH,
    RATE,
)
from protocol import rating

MISSED_MONTHS_MAX = 24  # fixed charges of months that passed without the board running


class Month:
    """The month in the ledger, under the tariff of the programme in force."""

    def __init__(self, values):
        self._values = values
        self._rate_wh = [0, 0, 0, 0]
        self._tariff = None
        self._load_w = 0
        self._phases = 1
        self._opened_s = 0
        self.opened = LocalTime()

    def load(self):
        """Take the month's registers from the ledger after it was restored."""
        for rate in range(4):
            self._rate_wh[rate] = self._values[MONTH_RATE_WH + rate]

    def configure(self, tariff, load_w, phases, opened_s, offset_min):
        """Take the terms of rating; return whether they differ from the former ones.

        `opened_s` is the board time from which days count, 0 for the day of the first charge.
        """
        before = (self._tariff, self._load_w, self._phases)
        self._tariff = tariff
        self._load_w = load_w
        self._phases = phases
        self._opened_s = opened_s
        self.opened.refresh(opened_s, offset_min)
        return before != (tariff, load_w, phases)

    def charge(self, added_wh):
        """Charge energy that was just counted, at the rate in force."""
        values = self._values
        if values[MONTH]:
            rate = values[RATE]
            self._rate_wh[rate] += added_wh
            values[MONTH_RATE_WH + rate] += added_wh
            self._settle()

    def close(self, local):
        """Finish every month before that of `local` under the terms it ran under."""
        values = self._values
        if not values[MONTH]:
            return
        for _ in range(MISSED_MONTHS_MAX):
            if values[MONTH] >= local.month:
                return
            values[MONTH_DAY] = days_in_month(values[MONTH])
            self._settle()
            self._begin(values[MONTH] + 1, 1)
        self._begin(local.month, 1)

    def follow(self, local):
        """Charge the day that has begun; begin the first month of a new account."""
        values = self._values
        if not values[MONTH]:
            self._begin(local.month, self._first_day(local))
        self.close(local)
        if values[MONTH] == local.month and values[MONTH_DAY] < local.day:
            values[MONTH_DAY] = local.day
            self._settle()

    def restart(self):
        """Rate from zero under new terms: what was charged stays, no day is charged again."""
        values = self._values
        if values[MONTH]:
            self._begin(values[MONTH], values[MONTH_DAY] + 1)

    def _first_day(self, local):
        opened = self.opened
        if not self._opened_s:
            return local.day
        if opened.month < local.month:
            return 1
        return opened.day if opened.month == local.month else local.day + 1

    def _begin(self, month, first_day):
        values = self._values
        values[MONTH] = month
        values[MONTH_FIRST_DAY] = first_day
        values[MONTH_DAY] = first_day - 1
        values[MONTH_PAISE] = 0
        for rate in range(4):
            values[MONTH_RATE_WH + rate] = 0
            self._rate_wh[rate] = 0

    def _settle(self):
        values = self._values
        total = rating.total_paise(
            self._tariff,
            self._rate_wh,
            self._load_w,
            self._phases,
            values[MONTH_DAY] - values[MONTH_FIRST_DAY] + 1,
            days_in_month(values[MONTH]),
        )
        values[CHARGED_PAISE] += total - values[MONTH_PAISE]
        values[MONTH_PAISE] = total
