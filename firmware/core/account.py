"""The prepaid account: what was credited, what was charged, how far below nothing it may go.

There are three accounts, energy (Wh), money (paise) and paid days; the programme's mode names the
active one, and its balance is what was credited less what was charged, always: instalments and
daily charges are charges too. Emergency credit and the lifeline advance are no credit but leave
to go below nothing. This module must not know the relay, windows or who is told of its notices.
Requirements: UP-4, UP-8, UP-10, MG-7; ../shared/design/board.md "Prepayment". Behaviour:
docs/board.md "Account".
"""

from firmware.core.calendar import DAY_S, LocalTime
from firmware.core.ledger import (
    CHARGED_DAY,
    CHARGED_PAISE,
    CHARGED_WH,
    CREDITED_PAISE,
    CREDITED_WH,
    DAYS_CHARGED,
    DAYS_CREDITED,
    DEBT_PAID,
    DEBT_PAID_PAISE,
    EMERGENCY_GIVEN,
    LAST_CREDIT_S,
    LIFELINE_GIVEN,
    LOW_REPORTED,
    MONTH,
    MONTH_WH,
    MONTH_WH_MONTH,
    PAID_UNTIL_S,
    RATED_CRC,
    RECHARGE_WARNED,
    VALUE_MAX,
)
from firmware.core.month import Month
from protocol import messages
from protocol import programme as wire

POSTPAID = wire.MODE_POSTPAID
ENERGY = wire.MODE_ENERGY
MONEY = wire.MODE_MONEY
FLAT = wire.MODE_FLAT

_METERED = (ENERGY, MONEY)  # not written out where it is asked: a tuple allocates

EXHAUSTED = 3  # above the two low-credit levels

MISSED_DAYS_MAX = 731  # of daily charges and instalments, after an outage

_REGISTERS = {
    POSTPAID: (CREDITED_WH, CHARGED_WH),  # never looked at
    ENERGY: (CREDITED_WH, CHARGED_WH),
    MONEY: (CREDITED_PAISE, CHARGED_PAISE),
    FLAT: (DAYS_CREDITED, DAYS_CHARGED),
}


class Account:
    """The active account in the ledger, under the terms of the active programme."""

    def __init__(self, values, clock, zone):
        self._values = values
        self._clock = clock
        self._zone = zone
        self._month = Month(values)
        self._today = LocalTime()
        self._terms = {}
        self._crc = 0
        self._mode_before = POSTPAID
        self._credited = CREDITED_WH
        self._charged = CHARGED_WH
        self._debt_paid = DEBT_PAID
        self._days_left = 0  # of a flat package
        self.mode = POSTPAID
        self.recharge_overdue_days = 0
        self.notices = []  # (event code, value), to be told once the ledger is written
        self.changed = False  # the ledger should be written now; the caller clears it

    def load(self):
        """Take what is kept beside the ledger from it after it was restored."""
        self._month.load()
        self._days_left = self._values[DAYS_CREDITED] - self._values[DAYS_CHARGED]
        self.notices.clear()

    def configure(self, credit, tariff, opened_s, crc):
        """Take the terms of a programme (its `credit` and `tariff` records, its CRC).

        `opened_s` is the board time from which fixed charges count, 0 for the day of the first
        charge. Return whether the terms of rating differ from the former ones, so that a month
        begun needs `restart`.
        """
        self._terms = credit
        self._crc = crc
        self._mode_before = self.mode
        self.mode = credit[wire.CREDIT_MODE]
        self._credited, self._charged = _REGISTERS[self.mode]
        self._debt_paid = DEBT_PAID_PAISE if self.mode == MONEY else DEBT_PAID
        differs = self._month.configure(
            tariff,
            credit[wire.CREDIT_SANCTIONED_LOAD_W],
            credit[wire.CREDIT_PHASES],
            opened_s,
            self._zone.offset_min_at(opened_s),
        )
        return differs or self.mode != self._mode_before

    def resume(self):
        """Go on after a start: a month that was rated under other terms is rated from zero."""
        values = self._values
        if self.mode == MONEY:
            if values[RATED_CRC] not in (0, self._crc):
                self._month.restart()
            values[RATED_CRC] = self._crc

    def adopt(self, terms_differ):
        """Go on under a programme that has just become active (`terms_differ`: of rating)."""
        values = self._values
        if terms_differ:
            values[LOW_REPORTED] = 0
            if self.mode != MONEY:
                values[MONTH] = 0
            self._month.restart()
        if self.mode != self._mode_before:
            values[EMERGENCY_GIVEN] = values[LIFELINE_GIVEN] = 0
            values[LAST_CREDIT_S] = values[RECHARGE_WARNED] = 0
            self._open_days()
            self._days_left = values[DAYS_CREDITED] - values[DAYS_CHARGED]
        values[RATED_CRC] = self._crc

    def balance(self):
        """Return paise, Wh or days, negative when in debt; 0 when postpaid."""
        if self.mode == POSTPAID:
            return 0
        return self._values[self._credited] - self._values[self._charged]

    def available(self):
        """Return what may still be used: the balance and what it may go below nothing."""
        if self.mode == FLAT:
            return self._days_left
        values = self._values
        return self.balance() + values[EMERGENCY_GIVEN] + values[LIFELINE_GIVEN]

    def credited_total(self):
        """Return everything ever credited to the active account."""
        return self._values[self._credited] if self.mode else 0

    def charged_total(self):
        """Return everything ever charged to the active account."""
        return self._values[self._charged] if self.mode else 0

    def emergency_outstanding(self):
        """Return how much of the emergency credit is used and not yet repaid."""
        return self._outstanding(0, EMERGENCY_GIVEN)

    def debt_outstanding(self):
        """Return what instalments have still to bring in (UP-4)."""
        if self.mode not in _METERED:
            return 0
        return max(0, self._terms[wire.CREDIT_DEBT_TOTAL] - self._values[self._debt_paid])

    def paid_until_s(self):
        """Return when a flat package ends; 0 for other packages."""
        return self._values[PAID_UNTIL_S] if self.mode == FLAT else 0

    def low_level(self):
        """Return 0, or 1 or 2 for the low-credit level reached, or EXHAUSTED."""
        if self.mode == POSTPAID:
            return 0
        values = self._values
        balance = values[self._credited] - values[self._charged]
        if self.mode == FLAT:
            left = self._days_left
        else:
            left = balance + values[EMERGENCY_GIVEN] + values[LIFELINE_GIVEN]
        if left <= 0:
            return EXHAUSTED
        if balance <= self._terms[wire.CREDIT_LOW_2]:
            return 2
        return 1 if balance <= self._terms[wire.CREDIT_LOW_1] else 0

    def is_replenished(self):
        """Tell whether supply may return: at the reconnect threshold, or on emergency credit."""
        if self.mode == POSTPAID:
            return True
        threshold = self._terms[wire.CREDIT_RECONNECT]
        if self.mode == FLAT:
            return self._days_left >= threshold
        given = self._values[EMERGENCY_GIVEN] + self._values[LIFELINE_GIVEN]
        return self.balance() >= threshold or (given > 0 and self.available() > 0)

    def credit(self, amount):
        """Add to the active account; return False if its registers cannot hold that much.

        It repays the advance and the emergency credit first; of the rest a share goes to debt.
        """
        values = self._values
        if values[self._credited] > VALUE_MAX - amount:
            return False
        if self.mode == FLAT:
            if not self._credit_days(amount):
                return False
        else:
            rest = amount - self._repay(amount)
            values[self._credited] += amount
            share_pct = self._terms[wire.CREDIT_DEBT_SHARE_PCT]
            self._pay_debt(rest // 100 * share_pct + rest % 100 * share_pct // 100)
            if self.balance() >= 0:
                values[EMERGENCY_GIVEN] = values[LIFELINE_GIVEN] = 0
        values[LAST_CREDIT_S] = self._clock.calendar_s()
        values[RECHARGE_WARNED] = self.recharge_overdue_days = 0
        values[LOW_REPORTED] = self.low_level()
        return True

    def clear_credit(self):
        """Take what is left of credit, as a charge; return how much (paise or Wh)."""
        return self._take(max(0, self.balance())) if self.mode in _METERED else 0

    def is_emergency_offered(self):
        """Tell whether `accept_emergency` would give something now."""
        amount = self._terms[wire.CREDIT_EMERGENCY]
        if not amount or self._values[EMERGENCY_GIVEN] or self.mode not in _METERED:
            return False
        is_low = self.balance() <= self._terms[wire.CREDIT_EMERGENCY_BELOW]
        return is_low and self.available() + amount > 0

    def accept_emergency(self):
        """Give the emergency credit that is offered; return False if none is."""
        if not self.is_emergency_offered():
            return False
        amount = self._terms[wire.CREDIT_EMERGENCY]
        self._values[EMERGENCY_GIVEN] = amount
        self._values[LOW_REPORTED] = self.low_level()
        self._tell(messages.EVENT_EMERGENCY_CREDIT, amount)
        return True

    def charge(self, added_wh):
        """Charge energy that was just counted, at the rate in force."""
        values = self._values
        values[MONTH_WH] += added_wh
        if self.mode == ENERGY:
            values[CHARGED_WH] += added_wh
        elif self.mode == MONEY:
            self._month.charge(added_wh)
        self._advance_lifeline()

    def follow(self):
        """Charge the day that has begun, and what else the calendar brings; once a minute.

        With a clock that nobody ever set there is no calendar: nothing happens.
        """
        calendar_s = self._clock.calendar_s()
        if not calendar_s:
            return
        today = self._today
        today.refresh(calendar_s, self._zone.offset_min_at(calendar_s))
        if self.mode == MONEY:
            self._month.follow(today)
        if not self._values[CHARGED_DAY]:
            self._open_days()
        self._charge_days(today.day_number)
        self._follow_use(today.month)
        if self.mode == FLAT:
            self._follow_paid(calendar_s)
        self._follow_recharge(calendar_s)
        self._advance_lifeline()

    def close_days(self, end_s):
        """Charge every day, and finish every month, that was over at `end_s`."""
        calendar_s = min(end_s, self._clock.calendar_s())
        if not calendar_s:
            return
        today = self._today
        today.refresh(calendar_s, self._zone.offset_min_at(calendar_s))
        if self.mode == MONEY:
            self._month.close(today)
        if self._values[CHARGED_DAY]:
            self._charge_days(today.day_number - 1)
        self._follow_use(today.month)
        if self.mode == FLAT:
            self._follow_paid(calendar_s)

    def _open_days(self):
        """Let days count from today, or from the one on which the account opens; none twice."""
        values = self._values
        calendar_s = self._clock.calendar_s()
        if not calendar_s:
            values[CHARGED_DAY] = 0
            return
        self._today.refresh(calendar_s, self._zone.offset_min_at(calendar_s))
        today = self._today.day_number
        first = max(today, self._month.opened.day_number)
        values[CHARGED_DAY] = max(min(values[CHARGED_DAY], today), first - 1)

    def _charge_days(self, through):
        """Take daily charge and instalment for the days up to and with `through`."""
        days = through - self._values[CHARGED_DAY]
        if days <= 0 or self.mode not in _METERED:
            return
        self._values[CHARGED_DAY] = through
        days = min(days, MISSED_DAYS_MAX)
        self._take(days * self._terms[wire.CREDIT_DAILY_CHARGE])
        self._pay_debt(days * self._terms[wire.CREDIT_DEBT_PER_DAY])

    def _pay_debt(self, amount):
        paid = self._take(min(amount, self.debt_outstanding()))
        if not paid:
            return
        self._values[self._debt_paid] += paid
        if self.notices and self.notices[-1][0] == messages.EVENT_DEBT_PAID:
            paid += self.notices.pop()[1]  # the days of an outage are told as one
        self._tell(messages.EVENT_DEBT_PAID, paid)

    def _take(self, amount):
        """Charge an amount, as far as the register holds it; return how much."""
        amount = max(0, min(amount, VALUE_MAX - self._values[self._charged]))
        self._values[self._charged] += amount
        return amount

    def _repay(self, amount):
        """Return how much of a credit repays lifeline advance and emergency credit."""
        values = self._values
        advance = min(amount, self._outstanding(values[EMERGENCY_GIVEN], LIFELINE_GIVEN))
        emergency = min(amount - advance, self.emergency_outstanding())
        values[LIFELINE_GIVEN] -= advance
        values[EMERGENCY_GIVEN] -= emergency
        if emergency:
            self._tell(messages.EVENT_EMERGENCY_REPAID, emergency)
        return advance + emergency

    def _outstanding(self, above, given):
        """Return what is used of leave `given` that begins `above` so much below nothing."""
        if self.mode not in _METERED:
            return 0
        return max(0, min(-self.balance() - above, self._values[given]))

    def _advance_lifeline(self):
        """Let a lifeline consumer go on when credit is gone late in the month (UP-8)."""
        values = self._values
        advance = self._terms[wire.CREDIT_LIFELINE_ADVANCE]
        if not advance or values[LIFELINE_GIVEN] or self.mode not in _METERED:
            return
        left = self.available()
        if values[MONTH_WH] >= self._terms[wire.CREDIT_LIFELINE_WH] and -advance < left <= 0:
            values[LIFELINE_GIVEN] = advance
            self._tell(messages.EVENT_LIFELINE_ADVANCE, self.balance())

    def _follow_use(self, month):
        if self._values[MONTH_WH_MONTH] < month:
            self._values[MONTH_WH_MONTH] = month
            self._values[MONTH_WH] = 0

    def _credit_days(self, days):
        values = self._values
        now_s = self._clock.calendar_s() or self._clock.time_s
        begin_s = max(values[PAID_UNTIL_S], now_s)
        if begin_s > VALUE_MAX - days * DAY_S:
            return False
        values[PAID_UNTIL_S] = begin_s + days * DAY_S
        values[DAYS_CREDITED] += days
        self._follow_paid(now_s)
        self._tell(messages.EVENT_PAID_UNTIL, values[PAID_UNTIL_S])
        return True

    def _follow_paid(self, now_s):
        """Count the days that are left, a day begun as one; those gone never come back."""
        values = self._values
        left_s = values[PAID_UNTIL_S] - now_s
        self._days_left = (left_s + DAY_S - 1) // DAY_S if left_s > 0 else 0
        gone = values[DAYS_CREDITED] - self._days_left
        values[DAYS_CHARGED] = max(values[DAYS_CHARGED], gone)

    def _follow_recharge(self, calendar_s):
        """Warn when the last credit is longer ago than the rule allows (UP-10); no cut."""
        values = self._values
        allowed_days = self._terms[wire.CREDIT_RECHARGE_DAYS]
        if not values[LAST_CREDIT_S]:
            values[LAST_CREDIT_S] = calendar_s
        self.recharge_overdue_days = 0
        if self.mode and allowed_days:
            late_days = (calendar_s - values[LAST_CREDIT_S]) // DAY_S - allowed_days
            self.recharge_overdue_days = max(0, late_days)
        if self.recharge_overdue_days and not values[RECHARGE_WARNED]:
            values[RECHARGE_WARNED] = 1
            self._tell(messages.EVENT_RECHARGE_OVERDUE, self.recharge_overdue_days)

    def _tell(self, code, value):
        self.notices.append((code, value))
        self.changed = True
