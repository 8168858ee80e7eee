"""What a sum of money buys, and what a purchase must look like. Pure."""

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from controller.errors import Refused
from controller.prepay.inverse import Meterage, energy_for, price_paise
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


# --- dividing a recharge ------------------------------------------------------------------------


class Dues(NamedTuple):
    """What comes before credit: instalments of the meter's cost (UP-4), fixed charge (UP-5), and
    arrears.

    `arrears_share_pct` is the largest share of what the first two leave that arrears may take.
    """

    instalment_paise: int = 0
    fixed_paise: int = 0
    arrears_paise: int = 0
    arrears_share_pct: int = 0


class Energy(NamedTuple):
    """Energy is sold: `month_wh` were this month, `advance_wh` are used and owed (UP-8)."""

    meterage: Meterage
    month_wh: int
    advance_wh: int = 0


class Money(NamedTuple):
    """Money is sold; the board itself charges tariff and fixed charge."""

    advance_paise: int = 0


class Days(NamedTuple):
    """Days of a flat package are sold (MG-8)."""

    monthly_paise: int


Goods = Energy | Money | Days


class Share(NamedTuple):
    """One line of a division: `quantity` in the unit of the credit, 0 where it is money only."""

    kind: str
    amount_paise: int
    quantity: int = 0


class Division(NamedTuple):
    """What a recharge becomes: `amount` of credit in `unit`. The shares add up to the money."""

    unit: int
    amount: int
    shares: list[Share]

    def paise(self, *kinds: str) -> int:
        """What goes into these kinds of shares."""
        return sum(share.amount_paise for share in self.shares if share.kind in kinds)


INSTALMENT, FIXED, ARREARS = "instalment", "fixed", "arrears"
LIFELINE, CREDIT, REST = "lifeline", "credit", "rest"


def divide_recharge(money_paise: int, dues: Dues, goods: Goods) -> Division:
    """What a recharge becomes, in the order of the prepaid order; pure and exact.

    Instalment of the meter's cost (UP-4), fixed charge since the last sale (UP-5), a share of the
    arrears, the lifeline advance (UP-8), credit by the slabs with rebate (UP-2); a rest smaller
    than the smallest amount of credit stays the consumer's. Shares of nothing are left out.
    """
    instalment = min(money_paise, dues.instalment_paise)
    fixed = min(money_paise - instalment, dues.fixed_paise)
    left = money_paise - instalment - fixed
    arrears = min(dues.arrears_paise, left * dues.arrears_share_pct // 100)
    left -= arrears
    first = [Share(INSTALMENT, instalment), Share(FIXED, fixed), Share(ARREARS, arrears)]
    unit, amount, credit = _credit_for(left, goods)
    rest = left - sum(share.amount_paise for share in credit)
    shares = [*first, *credit, Share(REST, rest)]
    kept = [share for share in shares if share.amount_paise or share.quantity]
    return Division(unit, amount, kept)


def _credit_for(money_paise: int, goods: Goods) -> tuple[int, int, list[Share]]:
    """Unit, amount and shares of the credit that so much money buys."""
    if isinstance(goods, Energy):
        amount = energy_for(goods.meterage, goods.month_wh, money_paise)
        advance = min(amount, goods.advance_wh)
        # Below nothing only in a tariff whose prices fall at an edge: nobody is paid for energy.
        price = max(0, price_paise(goods.meterage, goods.month_wh, amount))
        advance_price = price_paise(goods.meterage, goods.month_wh, advance)
        advance_price = min(max(0, advance_price), price)
        return MODE_ENERGY, amount, [
            Share(LIFELINE, advance_price, advance),
            Share(CREDIT, price - advance_price, amount - advance),
        ]  # fmt: skip
    if isinstance(goods, Money):
        amount = min(money_paise, AMOUNT_MAX)
        advance = min(amount, goods.advance_paise)
        return MODE_MONEY, amount, [
            Share(LIFELINE, advance, advance), Share(CREDIT, amount - advance, amount - advance)
        ]  # fmt: skip
    days, _rest = days_bought(money_paise, goods.monthly_paise)
    days = min(days, DAYS_MAX)
    return MODE_FLAT, days, [Share(CREDIT, days_price_paise(days, goods.monthly_paise), days)]


class Stretch(NamedTuple):
    """Days of one month for which the fixed charge is due: `meterage.day` is the last of them."""

    meterage: Meterage
    before_day: int  # the days up to here are charged
    month_wh: int


def fixed_due_paise(stretches: Sequence[Stretch]) -> int:
    """Fixed charge and minimum of these days (UP-5, UP-9), by what was sold in their months."""
    return sum(
        row.meterage.paise(row.month_wh)
        - row.meterage._replace(day=row.before_day).paise(row.month_wh)
        for row in stretches
    )


def instalments_due_paise(total_paise: int, count: int, begun: int, paid_paise: int) -> int:
    """What of a cost in `count` equal instalments is due once `begun` of them are (UP-4).

    Equal to the paisa: the first ones take one paisa more where it does not divide.
    """
    begun = min(max(begun, 0), count)
    small, larger = divmod(total_paise, count)
    due = small * begun + min(begun, larger)
    return max(0, due - paid_paise)


def months_between(first: date, last: date) -> int:
    """Calendar months from one day's to another's: 0 in the same month."""
    return (last.year - first.year) * 12 + last.month - first.month
