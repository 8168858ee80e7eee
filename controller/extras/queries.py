"""What is due for appliances, and how a plant's water does (MG-15)."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from django.db.models import QuerySet, Sum

from controller.bulk import Among
from controller.consumers.models import Consumer, Plant
from controller.extras import rules
from controller.extras.models import ApplianceSale, Instalment, SaleState, WaterDay, WaterSale


class WaterFigures(NamedTuple):
    """Litres made and sold, electricity for it, and money, over some days."""

    produced_l: int
    sold_l: int
    electricity_wh: int
    wh_per_litre_tenths: int | None
    income_paise: int


def due_instalments(consumer: Consumer, month: str) -> list[Instalment]:
    """The consumer's instalments of this month (YYYY-MM), charged or not; with their sales.

    They are posted by `services.charge_due`; a bill shows them, and must not post them again.
    """
    return due_by_consumer([consumer.pk], month).get(consumer.pk, [])


def due_by_consumer(consumer_ids: Collection[str], month: str) -> dict[str, list[Instalment]]:
    """Of many consumers in one query."""
    rules.month_number(month)
    found = Instalment.objects.filter(Among("sale__consumer", consumer_ids), month=month)
    rows = found.exclude(sale__state=SaleState.RETURNED, entry_id=None).select_related("sale")
    by_consumer: dict[str, list[Instalment]] = defaultdict(list)
    for row in rows.order_by("sale", "number"):
        by_consumer[row.sale.consumer_id].append(row)
    return dict(by_consumer)


def left_paise(sale: ApplianceSale) -> int:
    """What is not charged yet."""
    if sale.state == SaleState.RETURNED:
        return 0
    found = sale.instalments.filter(entry_id=None)
    total: int = found.aggregate(total=Sum("amount_paise"))["total"] or 0
    return total


def appliances(consumer: Consumer) -> QuerySet[ApplianceSale]:
    """All that the consumer bought by instalments, the newest first."""
    return consumer.appliances.prefetch_related("instalments")


def water(plant: Plant, first: date, last: date) -> WaterFigures:
    """Production, sale and electricity of the purification unit from `first` to `last` day."""
    made = WaterDay.objects.filter(plant=plant, day__range=(first, last)).aggregate(
        litres=Sum("produced_l"), wh=Sum("electricity_wh")
    )
    sold = WaterSale.objects.filter(plant=plant, day__range=(first, last)).aggregate(
        litres=Sum("litres"), paise=Sum("amount_paise")
    )
    produced_l, electricity_wh = made["litres"] or 0, made["wh"] or 0
    return WaterFigures(
        produced_l,
        sold["litres"] or 0,
        electricity_wh,
        rules.wh_per_litre_tenths(produced_l, electricity_wh),
        sold["paise"] or 0,
    )
