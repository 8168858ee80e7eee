"""Records and sells water, sells appliances by instalments, and charges what has fallen due.

A sale counts once for its key. All money is posted to the consumer's account, where it is paid
with the electricity bill, or to the till for cash.
"""

from datetime import date

from django.db import transaction
from django.utils import timezone

from controller import clock, workflow
from controller.audit import services as audit
from controller.consumers import queries as consumers
from controller.consumers.models import Consumer, Plant
from controller.errors import Conflict, Refused
from controller.extras import rules
from controller.extras.models import ApplianceSale, Instalment, SaleState, WaterDay, WaterSale
from controller.ledger import services as ledger
from controller.payments import register
from controller.profile.queries import setting

CHARGED_AT_ONCE_MAX = 500  # instalments in one transaction


@transaction.atomic
def record_water(
    *, plant_code: str, day: date, produced_l: int, electricity_wh: int, actor: str
) -> WaterDay:
    """Records a day of the purification unit, or corrects it (what was before is audited)."""
    plant = _lock_plant(plant_code)
    rules.check_day(produced_l, electricity_wh)
    if day > timezone.localdate(clock.moment(clock.now_s())):
        raise Refused(f"{day} is not over", "Record it when it is.")
    known = WaterDay.objects.filter(plant=plant, day=day).first()
    before = (
        {"produced_l": known.produced_l, "electricity_wh": known.electricity_wh} if known else {}
    )
    row = known or WaterDay(plant=plant, day=day)
    row.produced_l, row.electricity_wh = produced_l, electricity_wh
    row.recorded_s, row.actor = clock.now_s(), actor
    row.save()
    audit.record(
        actor, "record water", f"plant {plant.code}", day=day.isoformat(), before=before,
        after={"produced_l": produced_l, "electricity_wh": electricity_wh},
    )  # fmt: skip
    return row


@transaction.atomic
def sell_water(
    *,
    key: str,
    plant_code: str,
    litres: int,
    consumer_id: str | None = None,
    point_of_sale: str | None = None,
    actor: str,
) -> WaterSale:
    """Sells water at the profile's price: to a consumer's account, or for cash at a till.

    The same key again returns the first sale; with other content it raises Conflict. Raises
    Refused, also where the till may hold no more cash (UP-12).
    """
    rules.check_key(key)
    if (consumer_id is None) == (point_of_sale is None):
        raise Refused("Water is sold to a consumer or for cash", "Name one of the two.")
    plant = _lock_plant(plant_code)
    consumer = consumers.find_consumer(consumer_id) if consumer_id else None
    content = (plant.code, litres, consumer and consumer.pk, point_of_sale or "")
    known = WaterSale.objects.filter(key=key).first()
    if known is not None:
        first = (known.plant_id, known.litres, known.consumer_id, known.point_of_sale)
        _check_same(first, content, key)
        return known
    price: int = setting("water_price_paise")
    amount = rules.water_paise(litres, price)
    account = f"consumer:{consumer.pk}" if consumer else _till(point_of_sale or "", amount)
    entry = ledger.post(
        kind="water_sale", reference=key, transfers=[(account, "income:water", amount)],
        text=f"{litres} litres of water", actor=actor,
    )  # fmt: skip
    now_s = clock.now_s()
    sale = WaterSale.objects.create(
        key=key,
        plant=plant,
        consumer=consumer,
        point_of_sale=point_of_sale or "",
        litres=litres,
        price_paise=price,
        amount_paise=amount,
        day=timezone.localdate(clock.moment(now_s)),
        sold_s=now_s,
        entry_id=entry.pk,
        actor=actor,
    )
    to = f"consumer {consumer.pk}" if consumer else f"point of sale {point_of_sale}"
    audit.record(actor, "sell water", to, plant=plant.code, litres=litres, amount_paise=amount)
    return sale


@transaction.atomic
def sell_appliance(
    *,
    key: str,
    consumer_id: str,
    item: str,
    price_paise: int,
    instalments: int,
    first_month: str,
    down_paise: int = 0,
    actor: str,
) -> ApplianceSale:
    """Sells an appliance; its instalments fall due with the bills of `first_month` (YYYY-MM) on.

    The down payment is charged at once, to be paid at the till. The same key again returns the
    first sale; with other content it raises Conflict. Raises Refused.
    """
    rules.check_key(key)
    rules.check_appliance(item, price_paise, down_paise, instalments)
    begin = rules.month_number(first_month)
    consumer = _lock_consumer(consumer_id)
    known = ApplianceSale.objects.filter(key=key).first()
    if known is not None:
        first = (known.consumer_id, known.item, known.price_paise, known.down_paise,
                 known.instalments.count())  # fmt: skip
        _check_same(first, (consumer.pk, item, price_paise, down_paise, instalments), key)
        return known
    sale = ApplianceSale.objects.create(
        key=key,
        consumer=consumer,
        item=item,
        price_paise=price_paise,
        down_paise=down_paise,
        sold_s=clock.now_s(),
    )
    parts = rules.divide(price_paise - down_paise, instalments)
    Instalment.objects.bulk_create(
        Instalment(sale=sale, number=number + 1, month=rules.month_name(begin + number),
                   amount_paise=paise)
        for number, paise in enumerate(parts)
    )  # fmt: skip
    if down_paise:
        _post(sale, 0, down_paise, f"Down payment: {item}", actor)
    workflow.note_step(
        sale, "sell", actor=actor, appliance=item, price_paise=price_paise, down_paise=down_paise,
        instalments=instalments, first_month=first_month,
    )  # fmt: skip
    return sale


def charge_due(*, month: str, actor: str) -> int:
    """Charges every instalment that is due up to `month` to the consumers' accounts; how many.

    A consumer's in one transaction; killed at any moment, it goes on where it was. Called when a
    month's bills are run, and each night for those who get no bill.
    """
    rules.month_number(month)
    charged = 0
    while due := _due(month):
        for sale_id in due:
            charged += _charge(sale_id, month, actor)
    return charged


@transaction.atomic
def pay_off(*, sale_id: int, actor: str) -> ApplianceSale:
    """Charges all that is left at once, as the consumer wishes to pay it. Raises Refused."""
    sale = _lock_sale(sale_id)
    workflow.check_possible(sale, "close")
    for part in sale.instalments.filter(entry_id=None):
        _charge_part(sale, part, actor)
    workflow.move(sale, "close", actor=actor, note="paid off")
    return sale


@transaction.atomic
def give_back(*, sale_id: int, reason: str, actor: str) -> ApplianceSale:
    """The appliance comes back: what is not charged yet never will be. Raises Refused."""
    workflow.check_reason(reason)
    sale = _lock_sale(sale_id)
    workflow.move(sale, "give_back", actor=actor, note=reason)
    return sale


def _due(month: str) -> list[int]:
    found = Instalment.objects.filter(entry_id=None, month__lte=month, sale__state=SaleState.OPEN)
    sales = found.order_by("sale").values_list("sale", flat=True).distinct()
    return list(sales[:CHARGED_AT_ONCE_MAX])


@transaction.atomic
def _charge(sale_id: int, month: str, actor: str) -> int:
    sale = _lock_sale(sale_id)
    if sale.state != SaleState.OPEN:
        return 0
    due = list(sale.instalments.filter(entry_id=None, month__lte=month))
    for part in due:
        _charge_part(sale, part, actor)
    if due and not sale.instalments.filter(entry_id=None).exists():
        workflow.move(sale, "close", actor=actor)
    return len(due)


def _charge_part(sale: ApplianceSale, part: Instalment, actor: str) -> None:
    count = sale.instalments.count()
    text = f"{sale.item}: instalment {part.number} of {count}"
    part.entry_id = _post(sale, part.number, part.amount_paise, text, actor)
    part.save(update_fields=["entry_id"])


def _post(sale: ApplianceSale, number: int, paise: int, text: str, actor: str) -> int:
    entry = ledger.post(
        kind="appliance",
        reference=f"{sale.pk}-{number}",
        transfers=[(f"consumer:{sale.consumer_id}", "income:appliance", paise)],
        text=text,
        actor=actor,
    )
    return entry.pk


def _till(code: str, amount_paise: int) -> str:
    """The account of an open till that has room for so much cash. Raises Refused."""
    point = register.lock_point(code)
    if not point.is_open or not point.is_manned:
        raise Refused(f"{code} takes no cash", "Sell it at an open counter, or by an agent.")
    account = f"cash:{point.code}"
    register.check_ceiling(point, account, amount_paise)
    return account


def _check_same(first: tuple[object, ...], again: tuple[object, ...], key: str) -> None:
    if first != again:
        raise Conflict(f"The key {key} was used for another sale", "Use a new one.")


def _lock_plant(code: str) -> Plant:
    consumers.find_plant(code)
    return Plant.objects.select_for_update().get(pk=code)


def _lock_consumer(consumer_id: str) -> Consumer:
    plain = consumers.find_consumer(consumer_id).pk
    return Consumer.objects.select_for_update().get(pk=plain)


def _lock_sale(sale_id: int) -> ApplianceSale:
    sale = ApplianceSale.objects.select_for_update().filter(pk=sale_id).first()
    if sale is None:
        raise Refused(f"There is no sale {sale_id}", "Take one from the consumer's account.")
    return sale
