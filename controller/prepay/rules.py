"""What a sum of money buys, and what a purchase must look like. Pure."""

import re

from controller.errors import Refused
from protocol.limits import AMOUNT_MAX
from protocol.programme import MODE_ENERGY, MODE_MONEY

# The wire numbers a credit unit as the credit mode that takes it; postpaid, 0, takes none.
UNITS = {"energy": MODE_ENERGY, "money": MODE_MONEY}
PURCHASE_ID = re.compile(r"[0-9a-f]{16}")
WH_PER_UNIT = 1_000


def read_unit(unit: int | str) -> int:
    """The wire's number of a unit given by number or name. Raises Refused."""
    number = UNITS.get(unit, 0) if isinstance(unit, str) else unit
    if number not in UNITS.values():
        raise Refused(f"{unit!r} is no credit unit", "Use energy or money.")
    return number


def check_amount(amount: int, paid_paise: int) -> None:
    """Raises Refused for an amount or a payment that is not positive or too large."""
    for name, value in (("credit", amount), ("payment", paid_paise)):
        if not 1 <= value <= AMOUNT_MAX:
            raise Refused(f"A {name} of {value} is out of range", f"Use 1 to {AMOUNT_MAX}.")


def energy_wh(paid_paise: int, price_paise: int) -> int:
    """The Wh that a payment buys at `price_paise` a unit, rounded up.

    Rounded up, so that no paisa paid is lost to the consumer; it costs the plant less than one
    Wh a purchase.
    """
    return -(-paid_paise * WH_PER_UNIT // price_paise)
