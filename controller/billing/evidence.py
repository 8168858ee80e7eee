"""Reads what the bills of a batch of connections rest on: meters, registers, terms, sales.

A handful of queries, however many connections, and plain tuples, because a utility's month is a
million of them. It must not know how a bill is made of it.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import groupby
from typing import NamedTuple

from django.db.models import F, OuterRef, Q, Subquery, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Greatest, Least

from controller.billing import dating
from controller.billing.drafting import Evidence, Registers, Stretch
from controller.billing.models import Bill, Estimate
from controller.billing.rules import NO_WH, Month, Terms, terms_in
from controller.bulk import Among
from controller.consumers.models import Fitting, PackageAssignment
from controller.prepay.models import Purchase, PurchaseState
from controller.readings.models import Reading
from controller.tariffs.models import TariffVersion
from protocol.programme import MODE_POSTPAID

READING_FIELDS = (
    "id", "sequence", "end_s", "rate0_wh", "rate1_wh", "rate2_wh", "rate3_wh", "credit_mode",
    "charged_total", "balance",
)  # fmt: skip
LEFT_OVER_S = 32 * 86_400  # so long after its removal a meter's last readings may still come


class _Billed(NamedTuple):
    """Where a bill ended: its reading, if there was one, and the registers as JSON text."""

    meter_id: str
    reading_id: int | None
    rate_wh: str


class _Row(NamedTuple):
    """A fitting of a meter, the connection's last bill, and the readings around the month."""

    connection_id: int
    consumer_id: str
    meter_id: str
    fitted_s: int
    removed_s: int | None
    closing_wh: int | None  # as somebody read it off at the removal
    billed: str | None  # its number
    first_id: int | None
    last_id: int | None

    def counts_in(self, month: Month, billed: dict[str | None, _Billed]) -> bool:
        """Whether it served in the month, or what was left of it is still to be billed."""
        if self.removed_s is None or self.removed_s > month.start_s:
            return True
        return self.billed in billed and self.meter_id == billed[self.billed].meter_id


class _Change(NamedTuple):
    """New terms, the id of the meter's last reading up to them, the tariff and its currency."""

    terms: Terms
    reading_id: int | None
    tariff_id: int | None
    currency: str | None


def collect(connection_ids: Collection[int], month: Month) -> list[Evidence]:
    """What each of the connections was charged by in the month, and its registers.

    A connection without a meter in it, or whose board confirmed no package by its end, has no
    evidence.
    """
    fittings = _fittings(connection_ids, month)
    billed = _billed({row.billed for row in fittings if row.billed is not None})
    rows = [row for row in fittings if row.counts_in(month, billed)]
    changes = _by_date(_changes({row.connection_id for row in rows}), month)
    wanted = {pk for row in rows for pk in (row.first_id, row.last_id)}
    wanted |= {last.reading_id for last in billed.values()}
    wanted |= {change.reading_id for of in changes.values() for change in of}
    readings = _readings({pk for pk in wanted if pk is not None})
    estimates = _estimates({row.meter_id for row in rows}, month.end_s)
    found = []
    for connection_id, some in groupby(rows, key=lambda row: row.connection_id):
        of = list(some)
        terms = terms_in(month, [change.terms for change in changes.get(connection_id, [])])
        if terms:
            stretches = [
                _stretch(row, billed.get(row.billed), readings, estimates, month) for row in of
            ]
            of_terms = changes[connection_id]
            found.append(
                Evidence(
                    connection_id,
                    of[0].consumer_id,
                    terms,
                    stretches,
                    {change.terms.from_s: readings.get(change.reading_id) for change in of_terms},
                    next((one.currency for one in reversed(of_terms) if one.currency), "INR"),
                )
            )
    return found


def _fittings(connection_ids: Collection[int], month: Month) -> list[_Row]:
    """Those that may count in the month, by connection, the oldest first.

    A connection's bill begins with the registers where its last one ended, so that no energy is
    lost or billed twice; without a bill with the meter's last up to the month's begin or, if
    later, to its fitting.
    """
    still_there = Q(removed_s=None) | Q(removed_s__gt=month.start_s - LEFT_OVER_S)
    found = Fitting.objects.filter(
        still_there, Among("connection", connection_ids), fitted_s__lt=month.end_s
    )
    bills = Bill.objects.filter(
        connection=OuterRef("connection"), replaced_by=None, period__month__lt=month.name
    ).order_by("-period__month")
    rows = found.order_by("connection", "fitted_s", "pk").values_list(
        "connection", "connection__consumer", "meter", "fitted_s", "removed_s",
        "closing_wh",
        Subquery(bills.values("number")[:1]),
        _latest(Greatest(Value(month.start_s), OuterRef("fitted_s"))),
        _latest(Least(Value(month.end_s), Coalesce(OuterRef("removed_s"), Value(month.end_s)))),
    )  # fmt: skip
    return [_Row(*row) for row in rows]


def _billed(numbers: Collection[str]) -> dict[str | None, _Billed]:
    """By number, where these bills ended."""
    rows = Bill.objects.filter(Among("number", numbers)).order_by()
    ends = rows.values_list("number", "meter", "last_reading", Cast("end_wh", TextField()))
    return {number: _Billed(*end) for number, *end in ends}


def _latest(until_s: Combinable) -> Subquery:
    """The id of the last reading up to then, of the outer row's meter."""
    found = Reading.objects.filter(meter=OuterRef("meter"), end_s__lte=until_s)
    return Subquery(found.order_by("-end_s", "-sequence").values("pk")[:1])


def _stretch(
    row: _Row,
    billed: _Billed | None,
    readings: dict[int | None, Registers],
    estimates: dict[str, Registers],
    month: Month,
) -> Stretch:
    first, last = readings.get(row.first_id), readings.get(row.last_id)
    if billed is not None and row.meter_id == billed.meter_id:
        first = _billed_end(readings.get(billed.reading_id), billed.rate_wh, month.start_s)
    estimate = estimates.get(row.meter_id) if row.removed_s is None else None
    if estimate is not None and (last is None or last.end_s < month.end_s):
        last = estimate
    if row.removed_s is not None and row.removed_s <= month.end_s:
        last = _closed(last, row.removed_s, row.closing_wh)
    return Stretch(row.meter_id, row.fitted_s, row.removed_s, first, last or first)


def _closed(last: Registers | None, removed_s: int, closing_wh: int | None) -> Registers | None:
    """What stood on a removed meter's display beyond its last reading, at the ordinary rate."""
    rate_wh = NO_WH if last is None else last.rate_wh
    beyond_wh = (closing_wh or 0) - sum(rate_wh)
    if beyond_wh <= 0:
        return last
    mode, charged, balance = (last.mode, last.charged, last.balance) if last else (0, 0, 0)
    closing = _four([rate_wh[0] + beyond_wh, *rate_wh[1:]])
    return Registers(None, 0, removed_s, closing, mode, charged, balance)


def _billed_end(reading: Registers | None, billed_wh: str, at_s: int) -> Registers | None:
    """Where the last bill ended: its reading, or what was estimated in place of or beyond it.

    None: its meter had told nothing yet.
    """
    rate_wh = _four(json.loads(billed_wh))
    if reading is not None:
        return reading._replace(rate_wh=rate_wh)
    return Registers(None, 0, at_s, rate_wh) if any(rate_wh) else None


def _four(rate_wh: Sequence[int]) -> tuple[int, int, int, int]:
    first, second, third, fourth = rate_wh
    return first, second, third, fourth


def _readings(wanted: Collection[int]) -> dict[int | None, Registers]:
    """By id, all the readings that are spoken of."""
    rows = Reading.objects.filter(Among("pk", wanted)).order_by().values_list(*READING_FIELDS)
    return {row[0]: _registers(row) for row in rows}


def _registers(row: Sequence[int]) -> Registers:
    pk, sequence, end_s, rate0, rate1, rate2, rate3, mode, charged, balance = row
    return Registers(pk, sequence, end_s, (rate0, rate1, rate2, rate3), mode, charged, balance)


def _estimates(meter_ids: Collection[str], at_s: int) -> dict[str, Registers]:
    """By meter, its registers at that moment where they had to be estimated; the newest counts."""
    rows = Estimate.objects.filter(Among("meter", meter_ids), at_s=at_s).order_by("pk")
    return {row.meter_id: Registers(None, 0, at_s, _four(row.rate_wh)) for row in rows}


def _changes(connection_ids: Collection[int]) -> dict[int, list[_Change]]:
    """By connection, what its boards confirmed, the oldest first."""
    confirmed = PackageAssignment.objects.filter(
        Among("connection", connection_ids),
        activated_s__isnull=False,
        tariff_record__isnull=False,
    )
    rows = confirmed.order_by("activated_s", "pk").values_list(
        "connection",
        "activated_s",
        "opened_s",
        "package__mode",
        Cast("tariff_record", TextField()),
        "sanctioned_load_w",
        "phases",
        "meter",
        _latest(OuterRef("activated_s")),
        "package__tariff",
        "package__tariff__currency",
    )
    changes = defaultdict(list)
    for connection_id, *terms, reading_id, tariff_id, currency in rows:
        changes[connection_id].append(_Change(Terms(*terms), reading_id, tariff_id, currency))
    return dict(changes)


def _by_date(changes: dict[int, list[_Change]], month: Month) -> dict[int, list[_Change]]:
    """The changes with those that a new version of a tariff makes by its date (postpaid)."""
    postpaid = {
        change.tariff_id
        for of in changes.values()
        for change in of
        if change.terms.mode == MODE_POSTPAID and change.tariff_id is not None
    }
    rows = TariffVersion.objects.filter(tariff__in=postpaid).order_by("valid_from", "revision")
    versions = dating.versions_at(
        rows.values_list(
            "tariff",
            "valid_from",
            Cast("record", TextField()),
            Cast("subsidies", TextField()),
        ),
        month.utc_offset_min,
    )
    new = {pk: _dated(of, versions, month) for pk, of in changes.items()}
    known = {pk: {change.terms.from_s for change in of} for pk, of in changes.items()}
    asked = defaultdict(set)  # connections, by the midnight of a version that begins in the month
    for pk, of in new.items():
        for change in of:
            at_s = change.terms.from_s
            if at_s not in known[pk] and month.start_s < at_s < month.end_s:
                asked[at_s].add(pk)
    at_midnight = {
        (pk, meter_id, at_s): reading_id
        for at_s, connections in asked.items()
        for pk, meter_id, reading_id in Fitting.objects.filter(connection__in=connections)
        .order_by()
        .values_list("connection", "meter", _latest(Value(at_s)))
    }
    return {
        pk: [
            change
            if change.terms.from_s in known[pk]
            else change._replace(
                reading_id=at_midnight.get((pk, change.terms.meter_id, change.terms.from_s))
            )
            for change in of
        ]
        for pk, of in new.items()
    }


def _dated(
    changes: list[_Change], versions: dict[int, list[tuple[int, str, str]]], month: Month
) -> list[_Change]:
    """The changes by date; a new one has the reading and tariff of the change that it follows."""
    dated = dating.by_date([(each.terms, each.tariff_id) for each in changes], versions, month)
    found, index = [], 0
    for terms in dated:
        while index + 1 < len(changes) and changes[index + 1].terms.from_s <= terms.from_s:
            index += 1
        found.append(changes[index]._replace(terms=terms))
    return found


def account_at(stretch: Stretch, registers: Registers | None, mode: int) -> Registers | None:
    """The meter's last reading up to this one that shows the account of this credit mode.

    It asks the database only where the meter ran another mode then, or none is told.
    """
    if registers is None or (registers.mode == mode and registers.reading_id is not None):
        return registers
    found = Reading.objects.filter(
        meter=stretch.meter_id, credit_mode=mode, end_s__lte=registers.end_s
    )
    row = found.order_by("end_s", "sequence").values_list(*READING_FIELDS).last()
    return None if row is None else _registers(row)


def sales(connection_ids: Collection[int], from_s: int) -> dict[int, list[Purchase]]:
    """By connection, the purchases that the boards confirmed since `from_s`."""
    found = Purchase.objects.filter(
        connection__in=connection_ids, state=PurchaseState.CREDITED, finished_s__gte=from_s
    )
    by_connection = defaultdict(list)
    for purchase in found.order_by(F("finished_s")):
        by_connection[purchase.connection_id].append(purchase)
    return by_connection
