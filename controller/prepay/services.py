"""Sells prepaid credit. A sale counts for the consumer when the board has confirmed it.

A recharge takes money and is divided (`vending`); `sell_credit` is an operator's credit, without
money in the books.
"""

import secrets
from datetime import date

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.consumers import queries as consumers
from controller.consumers.models import Package
from controller.errors import Refused
from controller.figures import rupees
from controller.headend.models import Command, State
from controller.headend.services import queue_command
from controller.ledger import services as ledger_services
from controller.payments import register
from controller.payments import rules as payment_rules
from controller.payments import services as payments
from controller.payments.models import Payment, PaymentState, Purpose
from controller.prepay import dues, queries, rules, vending
from controller.prepay.models import MeterCost, Purchase, PurchaseState
from controller.prepay.vending import TTL_S
from controller.profile.queries import settings
from controller.tasks.services import raise_task
from controller.vouchers.models import Voucher
from controller.vouchers.rules import WH_PER_TENTH
from controller.vouchers.services import IssuedVoucher, issue
from protocol.commands import REASON_CREDITED_ALREADY, STAGE_APPLIED
from protocol.limits import PURCHASE_ID_BYTES

INSTALMENTS_MAX = 60


@transaction.atomic
def recharge(
    *,
    key: str,
    consumer_id: str,
    amount_paise: int,
    method: str,
    point_of_sale: str,
    actor: str,
) -> Purchase:
    """Takes money for a recharge, divides it (UP-2, 4, 5, 8) and sends the credit to the meter.

    The same key again returns the first purchase. Raises Refused, and nothing is taken: not
    eligible (UP-1), below the smallest voucher (UP-11), nothing left for credit, or what
    `payments.services.take_payment` refuses.
    """
    payment = payments.take_payment(
        key=key,
        consumer_id=consumer_id,
        amount_paise=amount_paise,
        method=method,
        point_of_sale=point_of_sale,
        purpose=Purpose.RECHARGE,
        actor=actor,
    )
    known = Purchase.objects.filter(payment=payment).first()
    return known or vending.sell(payment, actor=actor)


@transaction.atomic
def vend(*, payment_id: str, actor: str) -> Purchase:
    """Sells the recharge that a payment was meant for; the first one, if there is one already.

    For money that came by a callback and could not be sold then. Raises Refused.
    """
    first = Payment.objects.filter(pk=payment_id).first()
    if first is None:
        raise Refused(f"There is no payment {payment_id!r}", "Look it up by its receipt.")
    register.lock_point(first.point_of_sale_id)
    register.lock_consumer(first.consumer_id)
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    if payment.state == PaymentState.REVERSED or payment.purpose != Purpose.RECHARGE:
        raise Refused(
            f"{payment.receipt_number} is no payment for a recharge", "Take another payment."
        )
    known = Purchase.objects.filter(payment=payment).first()
    return known or vending.sell(payment, actor=actor)


def vend_paid_order(payment: Payment, *, actor: str) -> None:
    """Sells what was paid through a provider; what cannot be sold stays credit, with a task."""
    try:
        with transaction.atomic():
            vending.sell(payment, actor=actor)
    except Refused as refused:
        raise_task(
            kind="recharge_not_sold",
            subject=f"consumer {payment.consumer_id}",
            key=f"vend:{payment.pk}",
            title=f"{rupees(payment.amount_paise)} was paid and could not be sold as credit",
            evidence={"payment": payment.pk, "what": refused.what, "do": refused.what_to_do},
            actor=actor,
        )


@transaction.atomic
def settle_purchase(*, purchase_id: str, is_credited: bool, note: str, actor: str) -> Purchase:
    """A person has found out what became of a purchase of which the board says nothing.

    Not credited: the money is the consumer's credit again. Raises Refused unless it is open.
    """
    found = Purchase.objects.select_for_update(of=("self",)).select_related("connection")
    purchase = found.filter(pk=purchase_id).first()
    if purchase is None or purchase.state != PurchaseState.QUEUED:
        raise Refused(f"Purchase {purchase_id!r} is not open", "Look at it again.")
    if len(note.strip()) < 3:
        raise Refused("A reason is missing", "Write what was found out, and how.")
    audit.record(
        actor, "settle purchase", f"consumer {purchase.connection.consumer_id}",
        purchase=purchase_id, is_credited=is_credited, note=note,
    )  # fmt: skip
    if is_credited:
        _credit(purchase, clock.now_s(), actor)
    else:
        _refuse(purchase, actor)
    return purchase


@transaction.atomic
def hand_out_voucher(*, purchase_id: str, actor: str) -> IssuedVoucher | None:
    """The 20 digits of a recharge in clear, first or again, audited; None where it has none.

    Only for who prints them or sends them to the consumer. Raises Refused.
    """
    purchase = queries.find_purchase(purchase_id)
    if not Voucher.objects.filter(pk=purchase.pk).exists():
        return None
    tenths = purchase.amount // WH_PER_TENTH
    return issue(
        meter_id=purchase.command.meter_id,
        amount_tenths=tenths,
        purchase_id=purchase.pk,
        actor=actor,
    )


@transaction.atomic
def lay_meter_cost(
    *,
    key: str,
    consumer_id: str,
    total_paise: int | None = None,
    instalments: int | None = None,
    first_due: date | None = None,
    actor: str,
) -> MeterCost:
    """Lays the cost of meter and cable on a consumer, in equal monthly instalments (UP-4).

    Without amount and count those of the profile, from this month on. The same key again returns
    the first. Raises Refused.
    """
    values = settings(["meter_cost_paise", "meter_cost_instalments"])
    total_paise = values["meter_cost_paise"] if total_paise is None else total_paise
    count = values["meter_cost_instalments"] if instalments is None else instalments
    if total_paise < count or not 1 <= count <= INSTALMENTS_MAX:
        raise Refused(
            f"{rupees(total_paise)} is no cost for {count} instalments",
            f"Use 1 to {INSTALMENTS_MAX} instalments of a paisa or more.",
        )
    connection = consumers.lock_connection(consumers.find_consumer(consumer_id).connection.pk)
    known = MeterCost.objects.filter(key=key).first()
    if known is not None:
        first = (known.connection_id, known.total_paise, known.instalments)
        payment_rules.check_same(first, (connection.pk, total_paise, count), key)
        return known
    now_s = clock.now_s()
    cost = MeterCost.objects.create(
        connection=connection,
        key=key,
        total_paise=total_paise,
        instalments=count,
        first_due=first_due or dues.local_day(connection, now_s),
        laid_s=now_s,
        actor=actor,
    )
    ledger_services.post(
        kind="meter_cost",
        reference=f"{cost.pk}",
        transfers=[(f"debt:{connection.consumer_id}", "income:service", total_paise)],
        text=f"Meter and cable, in {count} instalments",
        actor=actor,
    )
    audit.record(
        actor, "lay meter cost", f"consumer {connection.consumer_id}", total_paise=total_paise,
        instalments=count,
    )  # fmt: skip
    return cost


def remind_of_recharges(*, actor: str) -> int:
    """UP-10: a task for each prepaid consumer who has not recharged in time; called nightly."""
    overdue = queries.overdue_recharges()
    for row in overdue:
        raise_task(
            kind="recharge_overdue",
            subject=f"consumer {row.consumer_id}",
            key=f"recharge:{row.consumer_id}",
            title=f"{row.consumer_id} has not recharged since {row.last_day}",
            evidence={"last": str(row.last_day), "due": str(row.due_day)},
            actor=actor,
        )
    return len(overdue)


@transaction.atomic
def sell_credit(
    meter_id: str,
    amount: int | None,
    unit: int | str,
    paid_paise: int,
    purchase_id: str | None = None,
    *,
    actor: str,
) -> Purchase:
    """Sells `amount` (Wh or paise, 1…10^9, or days) and queues it for the meter.

    `unit` is the wire's number or `energy`/`money`/`days`. Without an amount, money buys itself,
    energy and days what the package's price gives (docs/packages.md). Raises Refused when the
    unit is not that of the meter's package, or the purchase id (16 hex digits) was used before.
    """
    connection = consumers.lock_connection(consumers.connection_of_meter(meter_id).pk)
    vending.check_meter(connection)
    number = rules.read_unit(unit)
    package = dues.assignment_of(connection).package
    if package.mode != number:
        raise Refused(
            f"The package {package.id} of meter {meter_id} does not take this credit",
            f"Its account is {package.get_mode_display().lower()}.",
        )
    if amount is None:
        amount = _bought(package, paid_paise)
    rules.check_amount(number, amount, paid_paise)
    identity = _free_id(purchase_id)
    arguments = {0: bytes.fromhex(identity), 1: number, 2: amount}
    purchase = Purchase.objects.create(
        id=identity,
        connection=connection,
        unit=number,
        amount=amount,
        paid_paise=paid_paise,
        command=queue_command(meter_id, "credit", arguments, actor, ttl_s=TTL_S),
        sold_s=clock.now_s(),
        actor=actor,
    )
    audit.record(
        actor, "sell credit", f"consumer {connection.consumer_id}", purchase=identity,
        amount=amount, unit=purchase.get_unit_display(), paid_paise=paid_paise,
    )  # fmt: skip
    return purchase


@transaction.atomic
def purchase_receipted(command: Command) -> None:
    """The board has credited the purchase, or it was refused or expired: then money is owed.

    A refusal because it was credited already speaks of this very purchase: its id is used once.
    While a voucher for it is out nobody but a person can say that it will not be credited.
    """
    found = Purchase.objects.select_for_update(of=("self",)).select_related(
        "connection", "command"
    )
    purchase = found.filter(command=command, state=PurchaseState.QUEUED).first()
    if purchase is None:
        return
    actor = f"meter {command.meter_id}"
    if command.state == State.APPLIED or command.reason == REASON_CREDITED_ALREADY:
        _credit(purchase, _credited_s(command), actor)
    elif not Voucher.objects.filter(pk=purchase.pk).exists():
        _refuse(purchase, actor)
    elif command.state == State.REFUSED:
        raise_task(
            kind="recharge_refused",
            subject=f"consumer {purchase.connection.consumer_id}",
            key=f"purchase:{purchase.pk}",
            title="The meter refused a recharge whose voucher is out",
            evidence={"purchase": purchase.pk, "reason": command.reason},
            actor=actor,
        )


def _credit(purchase: Purchase, at_s: int, actor: str) -> None:
    purchase.mark_credited(at_s)
    _save(purchase, actor)


def _refuse(purchase: Purchase, actor: str) -> None:
    purchase.mark_refused(clock.now_s())
    _save(purchase, actor)
    vending.give_back(purchase, actor=actor)


def _save(purchase: Purchase, actor: str) -> None:
    purchase.save()
    audit.record(
        actor,
        f"credit {purchase.state}",
        f"consumer {purchase.connection.consumer_id}",
        purchase=purchase.id,
        amount=purchase.amount,
    )


def _credited_s(command: Command) -> int:
    """Board time of the credit, so that a sale falls into the month of the meter's registers."""
    receipt = command.receipts.filter(stage__gte=STAGE_APPLIED).first()
    told_s = receipt.status.get("clock_now_s", 0) if receipt is not None else 0
    return told_s or clock.now_s()


def _bought(package: Package, paid_paise: int) -> int:
    """What the payment buys: money buys itself, energy and days what the package's price gives."""
    if package.mode == Package.Mode.FLAT:
        return _days_bought(package, paid_paise)
    if package.mode != Package.Mode.ENERGY:
        return paid_paise
    if not package.price_paise:
        raise Refused(
            f"Package {package.id} has no price per unit", "Say how many Wh the payment buys."
        )
    if package.monthly_paise:
        raise Refused(
            f"Package {package.id} has a monthly price, too", "Say how many Wh the payment buys."
        )
    return rules.energy_wh(paid_paise, package.price_paise)


def _days_bought(package: Package, paid_paise: int) -> int:
    """The days of a flat package; a payment that would leave a rest is refused."""
    if not package.monthly_paise:
        raise Refused(f"Package {package.id} has no price", "Say how many days the payment buys.")
    days, rest_paise = rules.days_bought(paid_paise, package.monthly_paise)
    if rest_paise:
        raise Refused(
            f"{paid_paise} paise buy {days} days and leave {rest_paise} paise",
            f"Take {paid_paise - rest_paise} or"
            f" {rules.days_price_paise(days + 1, package.monthly_paise)} paise.",
        )
    return days


def _free_id(purchase_id: str | None) -> str:
    identity = purchase_id or secrets.token_hex(PURCHASE_ID_BYTES)
    if not rules.PURCHASE_ID.fullmatch(identity):
        raise Refused(f"{identity!r} is no purchase id", "Use 16 digits of 0-9 a-f.")
    if Purchase.objects.filter(id=identity).exists():
        raise Refused(f"Purchase {identity} is sold already", "It counts once; sell a new one.")
    return identity
