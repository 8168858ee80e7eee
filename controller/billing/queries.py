"""Finds bills, and the readings and terms that a bill rests on."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest

from controller.billing.models import Bill
from controller.billing.rules import Month, Terms, terms_in
from controller.consumers.models import Connection, PackageAssignment, Plant
from controller.errors import Refused
from controller.prepay.models import Purchase, PurchaseState
from controller.readings.models import Reading


class Evidence(NamedTuple):
    """What a bill rests on. `changes` are the readings up to each change of terms, by its time."""

    connection: Connection
    terms: list[Terms]
    first: Reading | None  # None: the meter was new, its registers began at 0
    last: Reading | None
    changes: dict[int, Reading | None]
    currency: str


class _Change(NamedTuple):
    """New terms, the id of the meter's last reading up to them, and the tariff's currency."""

    terms: Terms
    reading_id: int | None
    currency: str | None


def bills_of(plant_code: str, month: str) -> QuerySet[Bill]:
    """The bills and statements of a plant's month, by number."""
    found = Bill.objects.filter(period__plant=plant_code, period__month=month)
    return found.select_related("connection__consumer", "period")


def find_bill(number: str) -> Bill:
    """A bill with its lines, readings and their signed messages. Raises Refused."""
    found = Bill.objects.select_related(
        "connection__consumer__plant",
        "period",
        "first_reading__message",
        "last_reading__message",
    )
    bill = found.prefetch_related("lines").filter(number=number).first()
    if bill is None:
        raise Refused(f"There is no bill {number!r}", "See `bijli bill run`.")
    return bill


def evidence(plant: Plant, month: Month) -> list[Evidence]:
    """What every connection of the plant was charged by in the month, and its readings.

    A handful of queries, however many connections there are. A connection without a meter, or
    whose board confirmed no package by the month's end, has no evidence.
    """
    found = Connection.objects.filter(consumer__plant=plant, meter__isnull=False)
    connections = list(found.select_related("consumer").order_by("consumer"))
    bounds = _bounds(found, month)
    changes = _changes(connections)
    readings = _readings(bounds.values(), changes.values())
    return [
        _evidence(row, bounds[row.pk], changes[row.pk], readings, month)
        for row in connections
        if row.pk in changes
    ]


def _evidence(
    connection: Connection,
    bounds: tuple[int | None, int | None],
    changes: list[_Change],
    readings: dict[int | None, Reading],
    month: Month,
) -> Evidence:
    currencies = [change.currency for change in changes if change.currency]
    return Evidence(
        connection,
        terms_in(month, [change.terms for change in changes]),
        readings.get(bounds[0]),
        readings.get(bounds[1]),
        {change.terms.from_s: readings.get(change.reading_id) for change in changes},
        currencies[-1] if currencies else "INR",
    )


def _bounds(
    connections: QuerySet[Connection], month: Month
) -> dict[int, tuple[int | None, int | None]]:
    """By connection, the ids of the readings between which it is billed.

    The first is where the last bill ended, so that no energy is lost or billed twice; without a
    bill it is the meter's last up to the month's begin or, if later, to the meter's fitting.
    """
    bills = Bill.objects.filter(connection=OuterRef("pk")).order_by("-period__month")
    first = Case(
        When(Exists(bills), then=Subquery(bills.values("last_reading")[:1])),
        default=_latest(Greatest(Value(month.start_s), OuterRef("fitted_s"))),
        output_field=BigIntegerField(),
    )
    rows = connections.values_list("pk", first, _latest(Value(month.end_s)))
    return {pk: (begin_id, end_id or begin_id) for pk, begin_id, end_id in rows}


def _readings(
    bounds: Iterable[tuple[int | None, int | None]], changes: Iterable[list[_Change]]
) -> dict[int | None, Reading]:
    """By id, all the readings that are spoken of."""
    wanted = {pk for pair in bounds for pk in pair}
    wanted |= {change.reading_id for of_connection in changes for change in of_connection}
    return {**Reading.objects.in_bulk([pk for pk in wanted if pk is not None])}


def _latest(until_s: Combinable) -> Subquery:
    """The id of the last reading up to then, of the outer row's meter."""
    found = Reading.objects.filter(meter=OuterRef("meter"), end_s__lte=until_s)
    return Subquery(found.order_by("-end_s", "-sequence").values("pk")[:1])


def _changes(connections: list[Connection]) -> dict[int, list[_Change]]:
    """By connection, what its board confirmed, the oldest first."""
    confirmed = PackageAssignment.objects.filter(
        connection__in=connections, activated_s__isnull=False, tariff_record__isnull=False
    )
    rows = confirmed.order_by("activated_s", "programme_version").values_list(
        "connection",
        "activated_s",
        "opened_s",
        "package__mode",
        "tariff_record",
        _latest(OuterRef("activated_s")),
        "package__tariff__currency",
    )
    changes = defaultdict(list)
    for connection_id, *terms, reading_id, currency in rows:
        changes[connection_id].append(_Change(Terms(*terms), reading_id, currency))
    return dict(changes)


def account_at(reading: Reading | None, mode: int) -> Reading | None:
    """The meter's last reading up to this one that shows the account of this credit mode.

    It asks the database only where the meter ran another mode then.
    """
    if reading is None or reading.credit_mode == mode:
        return reading
    found = Reading.objects.filter(
        meter=reading.meter_id, credit_mode=mode, end_s__lte=reading.end_s
    )
    return found.order_by("end_s", "sequence").last()


def sales(connections: list[Connection], from_s: int) -> dict[int, list[Purchase]]:
    """By connection, the purchases that the boards confirmed since `from_s`."""
    found = Purchase.objects.filter(
        connection__in=connections, state=PurchaseState.CREDITED, finished_s__gte=from_s
    )
    by_connection = defaultdict(list)
    for purchase in found:
        by_connection[purchase.connection_id].append(purchase)
    return by_connection


def mismatches(plant_code: str, month: str) -> QuerySet[Bill]:
    """The statements on which the board disagrees with the tariff, or with what was sold."""
    return bills_of(plant_code, month).exclude(difference=0, sold=F("bought"))
