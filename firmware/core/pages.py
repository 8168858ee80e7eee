"""The display's pages: each makes two lines out of what the board knows, or None: nothing to say.

A page gets the panel: `board`, `text` (the language's table), `meter`, `firmware`. This module
must not know when a page is shown, and changes nothing.
"""

from firmware.core import holds
from firmware.core.account import ENERGY, MONEY, POSTPAID
from firmware.core.calendar import LocalTime
from firmware.core.texts import WIDTH, fit
from protocol import sts
from protocol.programme import CREDIT, CREDIT_EMERGENCY, LOAD, LOAD_LIMIT_W, MODE_FLAT

_DAYS_SHOWN_MAX = 999
# By the number of the answer (protocol.sts.ANSWERS).
_ANSWERS = (
    "TOKEN_TAKEN",
    "TOKEN_USED",
    "TOKEN_OLD",
    "TOKEN_WRONG",
    "TOKEN_WRONG",
    "TOKEN_OVERFLOW",
    "TOKEN_EXPIRED",
    "TOKEN_REFUSED",
    "TOKEN_KEY_PART",
    "TOKEN_KEY_PART",
    "TOKEN_REFUSED",  # locked out: it says how long
    "TOKEN_UNIT",
    "TOKEN_KEY_FIRST",
    "TOKEN_NOT_KEPT",
)

_FIXED = {  # holds of which there is no more to say
    holds.TAMPER: "TAMPER",
    holds.OPERATOR: "OPERATOR",
    holds.WINDOW: "WINDOW",
    holds.START: "START",
    holds.CONFIRM: "CONFIRM",
}
# By the cause in event 1013: silent, implausible, all zero, frozen; 0 is "seems well again".
_CAUSES = ("FAULT", "FAULT_SILENT", "FAULT_IMPLAUSIBLE", "FAULT_ZERO", "FAULT_FROZEN")


def describe_hold(panel, hold):
    """Return why `hold` keeps the supply off and what to do about it."""
    text = panel.text
    supply = panel.board.supply
    if hold in _FIXED:
        return getattr(text, _FIXED[hold])
    if hold == holds.FAULT:
        return getattr(text, _CAUSES[supply.metering.state])
    if hold == holds.CREDIT:
        return text.NO_CREDIT, fit(text.RECHARGE, _balance(panel))
    left_s = supply.limiter.wait_left_s(panel.board.uptime_s)
    if hold == holds.LOCKOUT:
        return text.TRIPS, text.WAIT_MIN % ((left_s + 59) // 60)
    trip = fit(text.OVERLOAD, "%d W" % supply.trip_w)
    return trip, text.WAIT_S % left_s if left_s else text.PRESS


def why_off(panel):
    """Return the page of the hold that explains most, or of the load when nothing holds."""
    hold = holds.explain(panel.board.holds)
    return describe_hold(panel, hold) if hold else home(panel)


def home(panel):
    """Load of the limit, and the balance."""
    supply = panel.board.supply
    account = panel.board.account
    text = panel.text
    load = text.LOAD % (supply.load_w, supply.limiter.limit_w)
    balance = _balance(panel)
    if not balance:
        return load, ""
    return load, fit(text.LOW if account.low_level() else text.BALANCE, balance)


def balance(panel):
    """The balance, and the days it lasts at the use of the days before."""
    account = panel.board.account
    text = panel.text
    if account.mode == POSTPAID:
        return text.POSTPAID, word_energy(panel.board.energy.total_wh)
    if account.mode == MODE_FLAT:
        until_s = account.paid_until_s()
        return text.PAID_UNTIL, _date(panel, until_s) if until_s else text.NONE
    days = panel.board.usage.days_left()
    if days is None:
        last = text.USE_UNKNOWN
    elif days:
        last = text.DAYS_LEFT % min(days, _DAYS_SHOWN_MAX)
    else:
        last = text.LAST_DAY
    return fit(text.BALANCE, _balance(panel)), last


def load(panel):
    """The load of the limit, and the load of each phase where there are three."""
    supply = panel.board.supply
    sample = panel.sample
    text = panel.text
    limit_w = supply.limiter.limit_w
    line = text.LOAD % (supply.load_w, limit_w)
    if sample is None or sample.phases < 3:
        return line, text.LIMIT % limit_w
    watts = " ".join(["%d" % (power_dw // 10) for power_dw in sample.phase_power_dw])
    if len(watts) <= WIDTH:
        return line, watts
    tenths = " ".join([_word_kw(power_dw) for power_dw in sample.phase_power_dw])
    return line, tenths + "kW" if len(tenths) <= WIDTH - 2 else tenths


def energy(panel):
    """The register that a meter reader writes down."""
    return panel.text.TOTAL, word_energy(panel.board.energy.total_wh)


def last_token(panel):
    """What became of the last token, and what it brought."""
    text = panel.text
    last = panel.board.tokens.last()
    if last is None:
        return text.LAST_CODE, text.NONE
    answer, tenths = last
    return text.LAST_CODE, _word_tenths(tenths) if tenths else getattr(text, _ANSWERS[answer])[1]


def answer_token(panel):
    """What became of the token that was just entered."""
    text = panel.text
    tokens = panel.board.tokens
    if tokens.answer == sts.LOCKED_OUT:
        return text.LOCKED, text.WAIT_S % tokens.locked_s()
    first, second = getattr(text, _ANSWERS[tokens.answer])
    if tokens.answer == sts.ACCEPTED and tokens.last()[1]:
        return first, _word_tenths(tokens.last()[1])
    return first, second


def identity(panel):
    """Meter number and firmware."""
    return panel.meter, panel.firmware


def safe_mode(panel):
    """The board has crashed several times and does the least."""
    return panel.text.SAFE_MODE if panel.board.supervision.is_safe else None


def low_credit(panel):
    """The balance is at or below a warning level."""
    if not panel.board.account.low_level():
        return None
    return panel.text.LOW_CREDIT, fit(panel.text.BALANCE, _balance(panel))


def supply_ends(panel):
    """The supply hours end within minutes."""
    left_min = panel.supply_ends_min
    return (panel.text.SUPPLY_ENDS, panel.text.IN_MINUTES % left_min) if left_min else None


def store_fault(panel):
    """The board cannot keep what it must remember."""
    return panel.text.STORE_FAULT if panel.store and panel.store.trouble else None


def relay_stuck(panel):
    """The contacts do not open any more."""
    return panel.text.RELAY_STUCK if panel.board.supply.relay.is_welded else None


def recharge_due(panel):
    """Nobody has recharged for longer than the package allows (UP-10)."""
    days = panel.board.account.recharge_overdue_days
    return (panel.text.RECHARGE_DUE, panel.text.DAYS_LATE % days) if days else None


def loan(panel):
    """Emergency credit is offered for a long press, or is still to be repaid."""
    account = panel.board.account
    text = panel.text
    if account.is_emergency_offered():
        amount = panel.board.programmes.active[CREDIT][CREDIT_EMERGENCY]
        return text.LOAN, word_balance(amount, account.mode)
    outstanding = account.emergency_outstanding()
    return (text.LOAN_OPEN, word_balance(outstanding, account.mode)) if outstanding else None


def lower_limit(panel):
    """Another limit than the package's is in force."""
    supply = panel.board.supply
    text = panel.text
    limit_w = supply.limiter.limit_w
    if supply.feeder.source:
        return text.GENERATOR, text.LIMIT % limit_w
    if limit_w < panel.board.programmes.active[LOAD][LOAD_LIMIT_W]:
        return text.LIMIT_LOWERED, text.LIMIT % limit_w
    return None


def word_balance(balance, mode):
    """Return "Rs 12.50", "-0.30 kWh" or "" for a balance in paise or Wh."""
    sign = "-" if balance < 0 else ""
    amount = abs(balance)
    if mode == MONEY:
        return "Rs %s%d.%02d" % (sign, amount // 100, amount % 100)
    if mode == ENERGY:
        return "%s%d.%02d kWh" % (sign, amount // 1000, amount % 1000 // 10)
    return ""


def word_energy(energy_wh):
    """Return "123.45 kWh"."""
    return "%d.%02d kWh" % (energy_wh // 1000, energy_wh % 1000 // 10)


def _word_tenths(tenths):
    """Return "+25.6 kWh"."""
    return "+%d.%d kWh" % (tenths // 10, tenths % 10)


def _word_kw(power_dw):
    """Return "12.3" for tenths of a W."""
    sign = "-" if power_dw < 0 else ""
    return "%s%d.%d" % (sign, abs(power_dw) // 10_000, abs(power_dw) % 10_000 // 1000)


def _balance(panel):
    account = panel.board.account
    if account.mode == MODE_FLAT:
        return panel.text.DAYS % max(0, account.available())
    return word_balance(account.balance(), account.mode)


def _date(panel, time_s):
    """Return "31-12-2026" of a board time, by the local calendar."""
    local = LocalTime()
    local.refresh(time_s, panel.board.schedule.offset_min_at(time_s))
    return "%02d-%02d-%d" % (local.day, local.month % 12 + 1, local.month // 12)


def _page_of(hold):
    def page(panel):
        standing = panel.board.holds
        if hold == holds.OVERLOAD and standing & holds.LOCKOUT:
            return None  # the lockout tells of both
        return describe_hold(panel, hold) if standing & hold else None

    return page


# What turns while the supply is off, and while it is on: news first. A page of None is passed.
OFF = tuple(_page_of(hold) for hold in holds.ORDER) + (loan, store_fault, relay_stuck)
ON = (
    (safe_mode, store_fault, relay_stuck, supply_ends, low_credit, loan, recharge_due)
    + (lower_limit, home, balance, load, energy, last_token, identity)
)  # fmt: skip
