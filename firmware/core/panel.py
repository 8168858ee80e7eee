"""What the two lines of sixteen characters say: why the supply is off and what to do, or the load.

This module must not know how anything came about; it words what it is given.
"""

from firmware.core import holds
from firmware.core.account import ENERGY, MONEY, POSTPAID

WIDTH = 16

_OFF = {
    holds.FAULT: ("METER FAULT", "Call operator"),
    holds.TAMPER: ("COVER OPENED", "Call operator"),
    holds.OPERATOR: ("OFF BY OPERATOR", "Call operator"),
    holds.WINDOW: ("SUPPLY HOURS END", "Please wait"),
    holds.START: ("POWER IS BACK", "Please wait"),
}


def describe(supply, account, uptime_s):
    """Return two lines of at most 16 characters for what stands now."""
    balance = word_balance(account.balance(), account.mode)
    if supply.holds:
        lines = _describe_off(supply, supply.limiter.wait_left_s(uptime_s), balance)
    else:
        lines = _describe_on(supply, account, balance)
    return lines[0][:WIDTH], lines[1][:WIDTH]


def _describe_off(supply, wait_left_s, balance):
    hold = holds.explain(supply.holds)
    if hold == holds.CREDIT:
        return "NO CREDIT", "Recharge " + balance
    if hold == holds.LOCKOUT:
        return "TOO MANY TRIPS", "Wait %d min" % ((wait_left_s + 59) // 60)
    if hold == holds.OVERLOAD:
        action = "Wait %d s" % wait_left_s if wait_left_s else "Load off, press"
        return "OVERLOAD %d W" % supply.trip_w, action
    return _OFF[hold]


def _describe_on(supply, account, balance):
    load = "%d/%d W" % (supply.load_w, supply.limiter.limit_w)
    if account.mode == POSTPAID:
        return load, ""
    return load, ("LOW " if account.low_level() else "Bal ") + balance


def word_balance(balance, mode):
    """Return "Rs 12.50", "-0.30 kWh" or "" for a balance in paise or Wh."""
    sign = "-" if balance < 0 else ""
    amount = abs(balance)
    if mode == MONEY:
        return "Rs %s%d.%02d" % (sign, amount // 100, amount % 100)
    if mode == ENERGY:
        return "%s%d.%02d kWh" % (sign, amount // 1000, amount % 1000 // 10)
    return ""
