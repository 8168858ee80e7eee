"""Reads what meters told at midnights, what was sold to them, and by which terms they charged.

Some queries for a batch of meters, however many days. It must not know what is a mismatch.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice, pairwise

from django.db.models import OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Greatest

from controller.billing.rules import NO_WH, Month, Terms
from controller.consumers.models import Fitting, PackageAssignment, Plant
from controller.prepay.models import Purchase, PurchaseState
from controller.readings.models import Reading
from controller.reconcile import rules
from controller.reconcile.rules import Meter, Registers, Sale, Span
from protocol.commands import REASON_CREDITED_ALREADY

BATCH = 500  # meters read together
LOOK_BACK_DAYS = 45  # a credit waits 30 days for its board; a voucher may be keyed in meanwhile


def meters_of(plant: Plant, first_day: date, last_day: date) -> Iterator[Meter]:
    """Every meter that served at the plant on these local days, with its spans up to the last.

    The spans begin earlier, so that purchases whose moment is not known find theirs.
    """
    offset_min = plant.utc_offset_min
    days = (last_day - first_day).days + LOOK_BACK_DAYS + 2
    start = first_day - timedelta(days=LOOK_BACK_DAYS)
    midnights = [rules.midnight_s(start + timedelta(days=n), offset_min) for n in range(days)]
    served = Fitting.objects.filter(
        Q(removed_s=None) | Q(removed_s__gt=rules.midnight_s(first_day, offset_min)),
        connection__consumer__plant=plant,
        fitted_s__lt=midnights[-1],
    )
    found = served.select_related("connection", "first_reading", "last_reading").order_by("pk")
    rows = found.iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        yield from _Batch(plant, batch, midnights).meters()


class _Batch:
    """All that is read for some fittings, at once."""

    def __init__(self, plant: Plant, fittings: list[Fitting], midnights: list[int]) -> None:
        self._plant = plant
        self._fittings = fittings
        self._midnights = midnights
        self._meter_ids = {fitting.meter_id for fitting in fittings}
        self._told = self._read_midnights()
        self._sales = self._read_sales()
        self._terms, self._at_changes = self._read_terms()
        self._at_months = self._read_months()

    def meters(self) -> Iterator[Meter]:
        for fitting in self._fittings:
            connection = fitting.connection
            key = (fitting.connection_id, fitting.meter_id)
            yield Meter(
                connection.consumer_id,
                fitting.meter_id,
                self._plant.utc_offset_min,
                [self._span(*pair) for pair in pairwise(self._moments(fitting))],
                self._sales[key],
                self._terms[key],
                self._at_changes[fitting.meter_id],
                self._at_months[fitting.pk],
            )

    def _moments(self, fitting: Fitting) -> list[Registers]:
        """Fitting, midnights that were told, removal; the first where it falls into our days."""
        removed_s = fitting.removed_s or self._midnights[-1] + 1
        told = [
            registers
            for registers in self._told[fitting.meter_id]
            if fitting.fitted_s < registers.at_s < removed_s
        ]
        opening = []
        if fitting.fitted_s >= self._midnights[0]:
            first = fitting.first_reading
            opening = [_registers(first, fitting.fitted_s) if first else _new(fitting.fitted_s)]
        closing = []
        last = fitting.last_reading
        if fitting.removed_s is not None and last is not None and last.end_s > fitting.fitted_s:
            closing = [_registers(last, last.end_s)]
            told = [registers for registers in told if registers.at_s < last.end_s]
        return [*opening, *told, *closing]

    def _span(self, begin: Registers, end: Registers) -> Span:
        if begin.mode == end.mode or begin.reading_id is None:
            return Span(begin, end)
        return Span(_account_before(begin, end.mode), end)

    def _read_midnights(self) -> dict[str, list[Registers]]:
        found = Reading.objects.filter(meter__in=self._meter_ids, end_s__in=self._midnights)
        newest = {
            (row.meter_id, row.end_s): _registers(row, row.end_s)
            for row in found.order_by("end_s", "sequence")
        }
        told = defaultdict(list)
        for (meter_id, _end_s), registers in newest.items():
            told[meter_id].append(registers)
        return told

    def _read_sales(self) -> dict[tuple[int, str], list[Sale]]:
        found = Purchase.objects.filter(
            ~Q(state=PurchaseState.REFUSED), command__meter__in=self._meter_ids
        ).exclude(finished_s__lt=self._midnights[0])
        sales = defaultdict(list)
        for purchase in found.select_related("command").order_by("sold_s", "pk"):
            key = (purchase.connection_id, purchase.command.meter_id)
            sales[key].append(_sale(purchase))
        return sales

    def _read_terms(
        self,
    ) -> tuple[dict[tuple[int, str], list[Terms]], dict[str, dict[int, Sequence[int]]]]:
        confirmed = PackageAssignment.objects.filter(
            meter__in=self._meter_ids, activated_s__isnull=False, tariff_record__isnull=False
        )
        rows = list(
            confirmed.order_by("activated_s", "pk").values_list(
                "connection", "meter", "activated_s", "opened_s", "package__mode",
                Cast("tariff_record", TextField()), "sanctioned_load_w", "phases",
                _latest_reading(OuterRef("activated_s")),
            )
        )  # fmt: skip
        readings = Reading.objects.in_bulk([row[-1] for row in rows if row[-1] is not None])
        terms = defaultdict(list)
        changes: dict[str, dict[int, Sequence[int]]] = defaultdict(dict)
        for connection_id, meter_id, from_s, *facts, reading_id in rows:
            terms[connection_id, meter_id].append(Terms(*[from_s, *facts, meter_id]))
            reading = readings.get(reading_id)
            changes[meter_id][from_s] = _rate_wh(reading) if reading else NO_WH
        return terms, changes

    def _read_months(self) -> dict[int, dict[str, Sequence[int]]]:
        """By fitting and month, the rate registers where the month, or the fitting, began."""
        at_months: dict[int, dict[str, Sequence[int]]] = defaultdict(dict)
        for month in self._months():
            begin_s = Greatest(Value(month.start_s), OuterRef("fitted_s"))
            rows = Fitting.objects.filter(pk__in=[fitting.pk for fitting in self._fittings])
            ids = dict(rows.values_list("pk", _latest_reading(begin_s)))
            readings = Reading.objects.in_bulk([pk for pk in ids.values() if pk is not None])
            for fitting_pk, reading_id in ids.items():
                reading = readings.get(reading_id)
                at_months[fitting_pk][month.name] = _rate_wh(reading) if reading else NO_WH
        return at_months

    def _months(self) -> list[Month]:
        found = (
            rules.month_of(midnight_s, self._plant.utc_offset_min)
            for midnight_s in self._midnights
        )
        return list({month.name: month for month in found}.values())


def _latest_reading(until_s: object) -> Subquery:
    """The id of the last reading up to then, of the outer row's meter."""
    found: QuerySet[Reading] = Reading.objects.filter(meter=OuterRef("meter"), end_s__lte=until_s)
    return Subquery(found.order_by("-end_s", "-sequence").values("pk")[:1])


def _account_before(at: Registers, mode: int) -> Registers:
    """The same moment, with the account of this mode as the meter had told it last before."""
    of_meter = Reading.objects.filter(meter__readings=at.reading_id or 0)
    found = of_meter.filter(credit_mode=mode, end_s__lte=at.at_s)
    last = found.order_by("end_s", "sequence").last()
    charged, balance = (last.charged_total, last.balance) if last is not None else (0, 0)
    return at._replace(mode=mode, charged=charged, balance=balance)


def _sale(purchase: Purchase) -> Sale:
    """A voucher may have been keyed in long before the command found it credited already."""
    is_told = purchase.state == PurchaseState.CREDITED
    is_loose = not is_told or purchase.command.reason == REASON_CREDITED_ALREADY
    finished_s = purchase.finished_s if is_told else None
    from_s = purchase.sold_s if is_loose or finished_s is None else finished_s
    return Sale(purchase.pk, purchase.unit, purchase.amount, from_s, finished_s)


def _registers(reading: Reading, at_s: int) -> Registers:
    return Registers(
        at_s,
        reading.pk,
        _rate_wh(reading),
        reading.credit_mode,
        reading.charged_total,
        reading.balance,
    )


def _new(at_s: int) -> Registers:
    return Registers(at_s, None, NO_WH, 0, 0, 0)


def _rate_wh(reading: Reading) -> tuple[int, int, int, int]:
    return reading.rate0_wh, reading.rate1_wh, reading.rate2_wh, reading.rate3_wh
