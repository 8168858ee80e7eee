"""What a sum of money buys, and what a purchase must look like. Pure."""

import re

from controller.errors import Refused
from protocol import rating
from protocol.limits import AMOUNT_MAX, DAYS_MAX
from protocol.programme import MODE_ENERGY, MODE_FLAT, MODE_MONEY

# The wire numbers a credit unit as the credit mode that takes it; postpaid, 0, takes none.
UNITS = {"energy": MODE_ENERGY, "money": MODE_MONEY, "days": MODE_FLAT}
PURCHASE_ID = re.compile(r"[0-9a-f]{16}")
WH_PER_UNIT = 1_000
FLAT_MONTH_DAYS = 30  # of a flat package: what its monthly price pays for


def read_unit(unit: int | str) -> int:
    """The wire's number of a unit given by number or name. Raises Refused."""
    number = UNITS.get(unit, 0) if isinstance(unit, str) else unit
    if number not in UNITS.values():
        raise Refused(f"{unit!r} is no credit unit", "Use energy, money or days.")
    return number


def check_amount(unit: int, amount: int, paid_paise: int) -> None:
    """Raises Refused for an amount or a payment that is not positive or too large."""
    amount_max = DAYS_MAX if unit == MODE_FLAT else AMOUNT_MAX
    for name, value, most in (("credit", amount, amount_max), ("payment", paid_paise, AMOUNT_MAX)):
        if not 1 <= value <= most:
            raise Refused(f"A {name} of {value} is out of range", f"Use 1 to {most}.")


def energy_wh(paid_paise: int, price_paise: int) -> int:
    """The Wh that a payment buys at `price_paise` a unit, rounded up.

    Rounded up, so that no paisa paid is lost to the consumer; it costs the plant less than one
    Wh a purchase.
    """
    return -(-paid_paise * WH_PER_UNIT // price_paise)


def days_price_paise(days: int, monthly_paise: int) -> int:
    """What so many days of a flat package cost, rounded half up."""
    price: int = rating.share(monthly_paise, days, FLAT_MONTH_DAYS)
    return price


def days_bought(paid_paise: int, monthly_paise: int) -> tuple[int, int]:
    """The whole days of a flat package that a payment buys (MG-8), and what is left of it."""
    days = paid_paise * FLAT_MONTH_DAYS // monthly_paise
    if days_price_paise(days + 1, monthly_paise) <= paid_paise:
        days += 1
    if days_price_paise(days, monthly_paise) > paid_paise:
        days -= 1
    return days, paid_paise - days_price_paise(days, monthly_paise)
