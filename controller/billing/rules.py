"""A month's bill from registers and the terms that were in force. Pure; docs/billing.md.

The board charges a money account by the same rules (firmware/core/account.py): the month's
slabs run on while the terms stay; other terms begin anew, their days on the next midnight.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from controller.errors import Refused
from protocol import rating
from protocol.limits import EPOCH_UNIX_S
from protocol.programme import MODE_MONEY, MODE_POSTPAID

MONTH = re.compile(r"(20[2-4]\d)-(0[1-9]|1[0-2])")
NO_WH = (0, 0, 0, 0)

LINE_NAMES = {
    rating.LINE_ENERGY: "energy",
    rating.LINE_RATE: "rate",
    rating.LINE_FIXED: "fixed",
    rating.LINE_SERVICE: "service",
    rating.LINE_SURCHARGE: "surcharge",
    rating.LINE_DUTY: "duty",
    rating.LINE_MINIMUM: "minimum",
    rating.LINE_REBATE: "rebate",
}
LINE_TEXTS = {
    rating.LINE_ENERGY: "Energy: {units} units at {price} a unit",
    rating.LINE_RATE: "Time of day: {units} units at {price} a unit",
    rating.LINE_FIXED: "Fixed charge: {quantity} W at {price} a kW and month, {days}",
    rating.LINE_SERVICE: "Monthly charge: {price} for {units} units, {days}",
    rating.LINE_SURCHARGE: "Surcharge: {percent} % of the energy charge of {base}",
    rating.LINE_DUTY: "Electricity duty: {percent} % of the energy charge of {base}",
    rating.LINE_MINIMUM: "Raised to the minimum: {quantity} W at {price} a kW, {days}",
    rating.LINE_REBATE: "Rebate: {percent} % of {base}",
}


class Month(NamedTuple):
    """A local month: from `start_s` until before `end_s`, in board time."""

    name: str
    start_s: int
    end_s: int
    days: int
    utc_offset_min: int

    def day_of(self, at_s: int) -> int:
        """The day of the month: 1 before it, `days` + 1 after it."""
        return min(max((at_s - self.start_s) // 86_400 + 1, 1), self.days + 1)


class Terms(NamedTuple):
    """What a package's programme charged by, since `from_s`; `opened_s` is the account's begin."""

    from_s: int
    opened_s: int
    mode: int
    record: dict[str, Any]


class Part(NamedTuple):
    """A stretch of the month under one set of terms: Wh by rate, and days that it pays for."""

    terms: Terms
    rate_wh: Sequence[int]
    first_day: int
    last_day: int

    @property
    def days_supplied(self) -> int:
        """How many days of the month it pays for."""
        return max(0, self.last_day - self.first_day + 1)


class Line(NamedTuple):
    """A line of a bill."""

    kind: str
    text: str
    quantity: int
    price: int
    amount_paise: int


def read_month(name: str, utc_offset_min: int) -> Month:
    """The month `YYYY-MM` at a plant. Raises Refused when it is none."""
    match = MONTH.fullmatch(name)
    if match is None:
        raise Refused(f"{name!r} is no month", "Write it as 2026-01.")
    begin = datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC)
    following = (begin + timedelta(days=31)).replace(day=1)
    shift_s = EPOCH_UNIX_S + utc_offset_min * 60
    return Month(
        name,
        int(begin.timestamp()) - shift_s,
        int(following.timestamp()) - shift_s,
        (following - begin).days,
        utc_offset_min,
    )


def month_after(name: str) -> str:
    """`2027-01` after `2026-12`."""
    year, month = divmod(int(name[:4]) * 12 + int(name[5:]), 12)
    return f"{year}-{month + 1:02}"


def terms_in(month: Month, rows: Sequence[Terms]) -> list[Terms]:
    """Those of `rows` (ascending) in force in the month; neighbours that charge alike are one."""
    merged: list[Terms] = []
    for terms in rows:
        if terms.from_s >= month.end_s:
            break
        if terms.from_s <= month.start_s:
            merged.clear()
        if not merged or (merged[-1].mode, merged[-1].record) != (terms.mode, terms.record):
            merged.append(terms)
    return merged


def split_month(
    month: Month, terms: Sequence[Terms], registers: Sequence[Sequence[int]]
) -> list[Part]:
    """The parts of a month; `registers` are the four rate registers at begin, changes and end."""
    first_days = [_first_day(month, terms, index) for index in range(len(terms))]
    last_days = [day - 1 for day in first_days[1:]] + [month.days]
    return [
        Part(
            terms[index],
            [
                end - begin
                for begin, end in zip(registers[index], registers[index + 1], strict=True)
            ],
            first_days[index],
            last_days[index],
        )
        for index in range(len(terms))
    ]


def _first_day(month: Month, terms: Sequence[Terms], index: int) -> int:
    """As the board counts: the day of a change is the old terms', unless the change begins it.

    A new account pays from its first day.
    """
    now = terms[index]
    if index == 0:
        return month.day_of(now.opened_s)
    if now.mode == MODE_MONEY and terms[index - 1].mode != MODE_MONEY:
        return month.day_of(now.opened_s)
    return month.day_of(now.from_s - 1) + 1


def part_paise(month: Month, part: Part, load_w: int, phases: int) -> int:
    """What the part costs."""
    record = rating.from_names(part.terms.record)
    total: int = rating.total_paise(
        record, part.rate_wh, load_w, phases, part.days_supplied, month.days
    )
    return total


def part_lines(
    month: Month, part: Part, load_w: int, phases: int, currency: str, *, alone: bool
) -> list[Line]:
    """The lines of a part, in words; unless `alone` in the month, each says which days."""
    record = rating.from_names(part.terms.record)
    supplied = part.days_supplied
    rated = rating.bill_lines(record, part.rate_wh, load_w, phases, supplied, month.days)
    days = f"{supplied} of {month.days} days"
    prefix = "" if alone else f"Day {part.first_day} to {part.last_day}. "
    return [
        Line(LINE_NAMES[kind], prefix + _text(kind, quantity, price, days, currency),
             quantity, price, amount)
        for kind, quantity, price, amount in rated
    ]  # fmt: skip


def _text(kind: int, quantity: int, price: int, days: str, currency: str) -> str:
    return LINE_TEXTS[kind].format(
        quantity=quantity,
        units=show_thousandths(quantity),
        price=show_money(price, currency),
        base=show_money(quantity, currency),
        percent=f"{abs(price) // 100}.{abs(price) % 100:02}",
        days=days,
    )


def show_thousandths(quantity: int) -> str:
    """`12.345` units of 12,345 Wh."""
    return f"{quantity // 1000}.{quantity % 1000:03}"


def show_money(paise: int, currency: str) -> str:
    """`₹4.50`, `-₹0.25`; other currencies by their code."""
    sign = "-" if paise < 0 else ""
    symbol = "₹" if currency == "INR" else currency + " "
    return f"{sign}{symbol}{abs(paise) // 100}.{abs(paise) % 100:02}"


def is_payable(parts: Sequence[Part]) -> bool:
    """Whether anything of the month is postpaid, so that there is a bill to pay."""
    return any(part.terms.mode == MODE_POSTPAID for part in parts)


def bill_number(consumer_id: str, month: Month) -> str:
    """`BHKATS01112-2026-01`: consumer and month, one bill each."""
    return f"{consumer_id}-{month.name}"
