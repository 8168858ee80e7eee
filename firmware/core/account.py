"""The prepaid account: what was credited, what was charged, and which warning is due.

There are two accounts, energy (Wh) and money (paise); the programme's mode names the active one.
Money is charged as differences of the month-to-date bill (`rating.total_paise`), so that charges
sum to the bill by construction. This module must not know the relay, windows or messages.
Requirements: ../shared/design/board.md "Prepayment"; docs/board.md "Account".
"""

from firmware.core.calendar import LocalTime, days_in_month
from firmware.core.ledger import (
    CHARGED_PAISE,
    CHARGED_WH,
    CREDITED_PAISE,
    CREDITED_WH,
    LOW_REPORTED,
    MONTH,
    MONTH_DAY,
    MONTH_FIRST_DAY,
    MONTH_PAISE,
    MONTH_RATE_WH,
    RATE,
    VALUE_MAX,
)
from protocol import programme as wire
from protocol import rating

POSTPAID = wire.MODE_POSTPAID
ENERGY = wire.MODE_ENERGY
MONEY = wire.MODE_MONEY

EXHAUSTED = 3  # above the two low-credit levels

MISSED_MONTHS_MAX = 24  # fixed charges of months that passed without the board running


class Account:
    """The active account in the ledger, under the terms of the active programme."""

    def __init__(self, values):
        self._values = values
        self._month_rate_wh = [0, 0, 0, 0]
        self._credited = CREDITED_WH
        self._charged = CHARGED_WH
        self.mode = POSTPAID
        self._low_levels = (0, 0)
        self._threshold = 1
        self._tariff = None
        self._load_w = 0
        self._phases = 1
        self._opened_s = 0
        self._opened = LocalTime()

    def load(self):
        """Take the month's registers from the ledger after it was restored."""
        for rate in range(4):
            self._month_rate_wh[rate] = self._values[MONTH_RATE_WH + rate]

    def configure(self, credit, tariff, opened_s, utc_offset_min):
        """Take the terms of a programme (its `credit` and `tariff` records).

        `opened_s` is the board time from which fixed charges count, 0 for the day of the first
        charge. Return whether the terms of
        rating differ from the former ones, so that a month begun needs `restart_month`.
        """
        before = (self.mode, self._tariff, self._load_w, self._phases)
        self.mode = credit[wire.CREDIT_MODE]
        self._low_levels = (credit[wire.CREDIT_LOW_1], credit[wire.CREDIT_LOW_2])
        self._threshold = credit[wire.CREDIT_RECONNECT]
        self._load_w = credit[wire.CREDIT_SANCTIONED_LOAD_W]
        self._phases = credit[wire.CREDIT_PHASES]
        self._tariff = tariff
        self._opened_s = opened_s
        self._opened.refresh(opened_s, utc_offset_min)
        self._credited = CREDITED_PAISE if self.mode == MONEY else CREDITED_WH
        self._charged = CHARGED_PAISE if self.mode == MONEY else CHARGED_WH
        return before != (self.mode, self._tariff, self._load_w, self._phases)

    def balance(self):
        """Return paise or Wh, negative when in debt; 0 when postpaid."""
        if self.mode == POSTPAID:
            return 0
        return self._values[self._credited] - self._values[self._charged]

    def credited_total(self):
        """Return everything ever credited to the active account."""
        return self._values[self._credited] if self.mode else 0

    def charged_total(self):
        """Return everything ever charged to the active account."""
        return self._values[self._charged] if self.mode else 0

    def credit(self, amount):
        """Add to the active account; return False if its register cannot hold that much."""
        if self._values[self._credited] > VALUE_MAX - amount:
            return False
        self._values[self._credited] += amount
        self._values[LOW_REPORTED] = self.low_level()
        return True

    def charge(self, added_wh):
        """Charge energy that was just counted, at the rate in force."""
        values = self._values
        if self.mode == ENERGY:
            values[CHARGED_WH] += added_wh
        elif self.mode == MONEY and values[MONTH]:
            rate = values[RATE]
            self._month_rate_wh[rate] += added_wh
            values[MONTH_RATE_WH + rate] += added_wh
            self._settle()

    def low_level(self):
        """Return 0, or 1 or 2 for the low-credit level reached, or EXHAUSTED."""
        if self.mode == POSTPAID:
            return 0
        balance = self.balance()
        if balance <= 0:
            return EXHAUSTED
        if balance <= self._low_levels[1]:
            return 2
        return 1 if balance <= self._low_levels[0] else 0

    def is_replenished(self):
        """Tell whether the balance has reached the reconnect threshold."""
        return self.mode == POSTPAID or self.balance() >= self._threshold

    def close_months(self, local):
        """Finish every month before the present one under the terms it ran under."""
        values = self._values
        if self.mode != MONEY or not values[MONTH]:
            return
        for _ in range(MISSED_MONTHS_MAX):
            if values[MONTH] >= local.month:
                return
            values[MONTH_DAY] = days_in_month(values[MONTH])
            self._settle()
            self._begin_month(values[MONTH] + 1, 1)
        self._begin_month(local.month, 1)

    def follow(self, local):
        """Charge the day that has begun; begin the first month of a new account."""
        values = self._values
        if self.mode != MONEY:
            return
        if not values[MONTH]:
            self._begin_month(local.month, self._first_day(local))
        self.close_months(local)
        if values[MONTH] == local.month and values[MONTH_DAY] < local.day:
            values[MONTH_DAY] = local.day
            self._settle()

    def restart_month(self):
        """Rate from zero under new terms: what was charged stays, no day is charged again."""
        values = self._values
        values[LOW_REPORTED] = 0
        if self.mode != MONEY:
            values[MONTH] = 0
        elif values[MONTH]:
            self._begin_month(values[MONTH], values[MONTH_DAY] + 1)

    def _first_day(self, local):
        opened = self._opened
        if not self._opened_s:
            return local.day
        if opened.month < local.month:
            return 1
        return opened.day if opened.month == local.month else local.day + 1

    def _begin_month(self, month, first_day):
        values = self._values
        values[MONTH] = month
        values[MONTH_FIRST_DAY] = first_day
        values[MONTH_DAY] = first_day - 1
        values[MONTH_PAISE] = 0
        for rate in range(4):
            values[MONTH_RATE_WH + rate] = 0
            self._month_rate_wh[rate] = 0

    def _settle(self):
        values = self._values
        total = rating.total_paise(
            self._tariff,
            self._month_rate_wh,
            self._load_w,
            self._phases,
            values[MONTH_DAY] - values[MONTH_FIRST_DAY] + 1,
            days_in_month(values[MONTH]),
        )
        values[CHARGED_PAISE] += total - values[MONTH_PAISE]
        values[MONTH_PAISE] = total
