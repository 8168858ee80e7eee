"""A month's bill from registers and the terms that were in force. Pure; docs/billing.md.

The board charges a money account by the same rules (firmware/core/account.py): the month's
slabs run on while the terms stay; other terms begin anew, their days on the next midnight.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from controller.errors import Refused
from controller.tariffs.rules import subsidy_lines
from protocol import rating
from protocol.limits import EPOCH_UNIX_S
from protocol.programme import MODE_MONEY, MODE_POSTPAID

MONTH = re.compile(r"(20[2-4]\d)-(0[1-9]|1[0-2])")
NO_WH = (0, 0, 0, 0)
DAY_S = 86_400
RECORDS_MAX = 4_096  # tariff records kept ready

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
LATE_CHARGE, INSTALMENT, SUBSIDY = "late charge", "instalment", "subsidy"
NO_SUBSIDIES = "[]"
LINE_TEXTS = {
    "energy": "Energy: {units} units at {price} a unit",
    "rate": "Time of day: {units} units at {price} a unit",
    "fixed": "Fixed charge: {quantity} W at {price} a kW and month, {days}",
    "service": "Monthly charge: {price} for {units} units, {days}",
    "surcharge": "Surcharge: {percent} % of the energy charge of {base}",
    "duty": "Electricity duty: {percent} % of the energy charge of {base}",
    "minimum": "Raised to the minimum: {quantity} W at {price} a kW, {days}",
    "rebate": "Rebate: {percent} % of {base}",
    LATE_CHARGE: "Late charge: {percent} % of {base} overdue",
    SUBSIDY: "Subsidy: {text}",
    INSTALMENT: "Instalment {quantity}: {text}",
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
    """What a package's programme charged by, since `from_s`; `opened_s` is the account's begin.

    `record` is the tariff record's JSON text: thousands of connections share one, and a text is
    compared and looked up at once.
    """

    from_s: int
    opened_s: int
    mode: int
    record: str
    load_w: int  # sanctioned
    phases: int
    meter_id: str
    subsidies: str = (
        NO_SUBSIDIES  # JSON, of the tariff's version; paid by others (docs/tariffs.md)
    )

    def charges_like(self, other: "Terms") -> bool:
        """Whether the month's slabs run on from the one to the other (firmware/core/month.py).

        An account of money is the board's own: on another board it begins anew.
        """
        if self.mode == MODE_MONEY and self.meter_id != other.meter_id:
            return False
        mine = (self.mode, self.record, self.load_w, self.phases, self.subsidies)
        return mine == (other.mode, other.record, other.load_w, other.phases, other.subsidies)


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
    """A line of a bill, as it is stored: what it says in words follows from it (`line_text`).

    `first_day` and `days` are the stretch of the month that it charges for; `first_day` is 0 where
    that is the only one. `text` is for what no tariff charges, such as an instalment's article.
    """

    kind: str
    quantity: int
    price: int
    amount_paise: int
    first_day: int = 0
    days: int = 0
    text: str = ""


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


def last_day(month: Month) -> date:
    """The date of the month's last day."""
    return date(int(month.name[:4]), int(month.name[5:]), month.days)


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
        if not merged or not merged[-1].charges_like(terms):
            merged.append(terms)
    return merged


def split_month(
    month: Month,
    terms: Sequence[Terms],
    registers: Sequence[Sequence[int]],
    removed_s: int | None = None,
) -> list[Part]:
    """The parts of a month; `registers` are the four rate registers at begin, changes and end.

    A meter that was removed at `removed_s`, and not replaced, pays for its last day. Where terms
    change twice on a day and the later ones pay for it, the earlier ones do not.
    """
    last_day = month.days if removed_s is None else min(month.days, month.day_of(removed_s - 1))
    first_days = [_first_day(month, terms, index) for index in range(len(terms))]
    last_days = [
        min([last_day, *(day - 1 for day in first_days[index + 1 :])])
        for index in range(len(terms))
    ]
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
    before = terms[index - 1]
    if now.mode == MODE_MONEY and (before.mode, before.meter_id) != (MODE_MONEY, now.meter_id):
        return month.day_of(now.opened_s)
    return month.day_of(now.from_s - 1) + 1


@lru_cache(maxsize=RECORDS_MAX)
def read_record(text: str) -> Any:
    """The tariff record, as it is rated, of its JSON text."""
    return rating.from_names(json.loads(text))


def part_paise(month: Month, part: Part) -> int:
    """What the part costs."""
    total: int = rating.total_paise(
        read_record(part.terms.record),
        part.rate_wh,
        part.terms.load_w,
        part.terms.phases,
        part.days_supplied,
        month.days,
    )
    return total


def account_charge(month: Month, parts: Sequence[Part], mode: int) -> int:
    """What the parts take from a prepaid account of this mode, in its unit: paise or Wh.

    Statement and reconciliation set this beside what the board has taken.
    """
    same = [part for part in parts if part.terms.mode == mode]
    if mode == MODE_MONEY:
        return sum(part_paise(month, part) for part in same)
    return sum(sum(part.rate_wh) for part in same)


def part_lines(month: Month, part: Part, *, alone: bool) -> list[Line]:
    """The lines of a part; unless it is `alone` in the month, each says from which day on."""
    terms, supplied = part.terms, part.days_supplied
    first_day = 0 if alone else part.first_day
    rated = rating.bill_lines(
        read_record(terms.record), part.rate_wh, terms.load_w, terms.phases, supplied, month.days
    )
    lines = [
        Line(LINE_NAMES[kind], quantity, price, amount, first_day, supplied)
        for kind, quantity, price, amount in rated
    ]
    if terms.subsidies == NO_SUBSIDIES:
        return lines
    subsidies = json.loads(terms.subsidies)
    return lines + [
        Line(SUBSIDY, of.quantity, of.price, of.amount_paise, first_day, supplied, of.name)
        for of in subsidy_lines(subsidies, rated, sum(part.rate_wh), supplied, month.days)
    ]


def line_text(line: Line, month_days: int, currency: str) -> str:
    """The line in words: from what, at what price, for which days."""
    prefix = ""
    if line.first_day:
        prefix = f"Day {line.first_day} to {line.first_day + line.days - 1}. "
    return prefix + LINE_TEXTS[line.kind].format(
        quantity=line.quantity,
        units=show_thousandths(line.quantity),
        price=show_money(line.price, currency),
        base=show_money(line.quantity, currency),
        percent=f"{abs(line.price) // 100}.{abs(line.price) % 100:02}",
        days=f"{line.days} of {month_days} days",
        text=line.text,
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


def bill_number(consumer_id: str, month: Month, revision: int = 0) -> str:
    """`BHKATS01112-2026-01`: consumer and month; one made anew ends in `-R1`, `-R2`, …"""
    number = f"{consumer_id}-{month.name}"
    return f"{number}-R{revision}" if revision else number


GROUP = re.compile(r"([a-z]+)=([A-Za-z0-9_]{1,20})")
GROUP_NAMES = ("pole", "category", "phases")


def read_group(text: str) -> dict[str, str]:
    """`pole=12 category=domestic` as names and values; all of them must hold. Raises Refused."""
    chosen = {}
    for word in text.split():
        match = GROUP.fullmatch(word)
        if match is None or match[1] not in GROUP_NAMES:
            raise Refused(
                f"{word!r} chooses no connections",
                f"Use {', '.join(GROUP_NAMES)} with a value, as pole=12.",
            )
        if match[1] != "category" and not match[2].isdecimal():
            raise Refused(f"{word!r} is no number", "Write it as pole=12.")
        chosen[match[1]] = match[2]
    return chosen


def due_s(issued_s: int, due_days: int, utc_offset_min: int) -> int:
    """The end of the local day so many days after the bill was issued."""
    shift_s = utc_offset_min * 60
    return (issued_s + shift_s) // DAY_S * DAY_S + (due_days + 1) * DAY_S - shift_s
