"""What the two lines of sixteen characters say: why the supply is off and what to do, or the load.

This module must not know how anything came about; it words what it is given.
"""

from firmware.core import holds
from firmware.core.account import ENERGY, MONEY

WIDTH = 16

_OFF = {
    holds.FAULT: ("METER FAULT", "Call operator"),
    holds.TAMPER: ("COVER OPENED", "Call operator"),
    holds.OPERATOR: ("OFF BY OPERATOR", "Call operator"),
    holds.WINDOW: ("SUPPLY HOURS END", "Please wait"),
    holds.START: ("POWER IS BACK", "Please wait"),
}


def describe_off(standing, trip_w, wait_left_s, balance_text):
    """Return the two lines for standing holds."""
    hold = holds.explain(standing)
    if hold == holds.CREDIT:
        return "NO CREDIT", "Recharge " + balance_text
    if hold == holds.LOCKOUT:
        return "TOO MANY TRIPS", "Wait %d min" % ((wait_left_s + 59) // 60)
    if hold == holds.OVERLOAD:
        action = "Wait %d s" % wait_left_s if wait_left_s else "Load off, press"
        return "OVERLOAD %d W" % trip_w, action
    return _OFF[hold]


def describe_on(load_w, limit_w, mode, balance_text, is_low):
    """Return the two lines while supply is on."""
    load = "%d/%d W" % (load_w, limit_w)
    if mode not in (ENERGY, MONEY):
        return load, ""
    return load, ("LOW " if is_low else "Bal ") + balance_text


def word_balance(balance, mode):
    """Return "Rs 12.50", "-0.30 kWh" or "" for a balance in paise or Wh."""
    sign = "-" if balance < 0 else ""
    amount = abs(balance)
    if mode == MONEY:
        return "Rs %s%d.%02d" % (sign, amount // 100, amount % 100)
    if mode == ENERGY:
        return "%s%d.%02d kWh" % (sign, amount // 1000, amount % 1000 // 10)
    return ""
