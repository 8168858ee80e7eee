"""Finds bills, what is due of them, and which accounts do not agree."""

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import F, QuerySet, Sum

from controller.billing import rules
from controller.billing.models import Bill
from controller.bulk import Among
from controller.errors import Refused


def bills_of(plant_code: str, month: str) -> QuerySet[Bill]:
    """The bills and statements of a plant's month that stand, by number."""
    found = Bill.objects.filter(period__plant=plant_code, period__month=month, replaced_by=None)
    return found.select_related("connection__consumer", "period")


def find_bill(number: str) -> Bill:
    """A bill with its readings and their signed messages. Raises Refused."""
    found = Bill.objects.select_related(
        "connection__consumer__plant",
        "period__plant",
        "first_reading__message",
        "last_reading__message",
    )
    bill = found.filter(number=number).first()
    if bill is None:
        raise Refused(f"There is no bill {number!r}", "See `bijli bill run`.")
    return bill


class ShownLine(NamedTuple):
    """A line of a bill with its words."""

    kind: str
    text: str
    quantity: int
    price: int
    amount_paise: int


def lines_of(bill: Bill) -> list[ShownLine]:
    """The lines of a bill in words."""
    days = rules.read_month(bill.period.month, 0).days
    return [
        ShownLine(
            line.kind,
            rules.line_text(line, days, bill.currency),
            line.quantity,
            line.price,
            line.amount_paise,
        )
        for line in (rules.Line(*row) for row in bill.lines)
    ]


def mismatches(plant_code: str, month: str) -> QuerySet[Bill]:
    """The statements on which the board disagrees with the tariff, or with what was sold."""
    return mismatches_in(bills_of(plant_code, month))


def mismatches_in(bills: QuerySet[Bill]) -> QuerySet[Bill]:
    """Those of `bills` on which board, tariff and sales do not agree."""
    return bills.exclude(difference=0, sold=F("bought"))


def not_due_paise(connection_ids: Collection[int], now_s: int) -> dict[int, int]:
    """By connection, the sum of the bills whose due day is still to come."""
    found = Bill.objects.filter(
        Among("connection", connection_ids), due_s__gt=now_s, replaced_by=None
    )
    rows = found.order_by().values_list("connection").annotate(paise=Sum("total_paise"))
    return dict(rows)
