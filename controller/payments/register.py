"""Enters one payment into the books: key, ceiling, receipt number, ledger. One place for all.

Always inside the transaction of the command that takes the money; it neither asks whether the
payment is welcome (`services`) nor knows where the word of it came from (`settlement`).
"""

import secrets

from controller import clock
from controller.audit import services as audit
from controller.consumers.models import Consumer
from controller.errors import Refused
from controller.ledger import queries as ledger
from controller.ledger import services as ledger_services
from controller.payments import rules
from controller.payments.models import Payment, PointOfSale, ReceiptSeries
from controller.payments.signals import payment_taken
from controller.profile.queries import setting

INDIA_OFFSET_MIN = 330


def lock_point(code: str) -> PointOfSale:
    """The point of sale, to this transaction alone: its receipts are numbered in turn.

    Whoever locks several things locks this first, then the consumer. Raises Refused.
    """
    point = PointOfSale.objects.select_for_update(of=("self",)).filter(pk=code).first()
    if point is None:
        raise Refused(f"There is no point of sale {code!r}", "Add it first.")
    return point


def lock_consumer(consumer_id: str) -> Consumer:
    """The consumer, to this transaction alone: dues are paid and recharges divided in turn.

    Raises Refused when there is none of this plain ID.
    """
    found = Consumer.objects.select_for_update(of=("self",)).select_related("plant")
    consumer = found.filter(pk=consumer_id).first()
    if consumer is None:
        raise Refused(f"There is no consumer {consumer_id!r}", "Look the consumer up first.")
    return consumer


def ceiling_paise(point: PointOfSale) -> int | None:
    """How much money the point of sale may hold; None: as much as comes."""
    if point.ceiling_paise is None and point.kind == PointOfSale.Kind.AGENT:
        return int(setting("agent_cash_ceiling_paise"))
    return point.ceiling_paise


def held_paise(point: PointOfSale) -> int:
    """What counts against the ceiling: cash in hand; unmanned, also what it has yet to pass on."""
    codes = [f"cash:{point.code}"]
    if not point.is_manned:
        codes.append(f"clearing:{point.code}")
    return sum(ledger.balances(codes).values())


def check_ceiling(point: PointOfSale, held_in: str, amount_paise: int) -> None:
    """Raises Refused when the point would hold more than it may (UP-12)."""
    counts = held_in == f"cash:{point.code}"
    counts |= not point.is_manned and held_in == f"clearing:{point.code}"
    if counts:
        rules.check_room(held_paise(point), amount_paise, ceiling_paise(point), point.code)


def enter(
    *,
    key: str,
    point: PointOfSale,
    consumer: Consumer,
    amount_paise: int,
    method: str,
    channel: str,
    purpose: str,
    held_in: str,
    actor: str,
) -> Payment:
    """Numbers, posts and stores a payment. `point` and `consumer` are locked by the caller."""
    now_s = clock.now_s()
    identity = secrets.token_hex(8)
    entry = ledger_services.post(
        kind="payment",
        reference=identity,
        transfers=[(held_in, f"consumer:{consumer.pk}", amount_paise)],
        text=f"Payment by {method} at {point.code}",
        actor=actor,
    )
    payment = Payment.objects.create(
        id=identity,
        key=key,
        consumer=consumer,
        amount_paise=amount_paise,
        method=method,
        channel=channel,
        point_of_sale=point,
        held_in=held_in,
        purpose=purpose,
        received_s=now_s,
        receipt_number=_next_number(point, now_s),
        entry_id=entry.pk,
        actor=actor,
    )
    audit.record(
        actor, "take payment", f"consumer {consumer.pk}", payment=identity, method=method,
        receipt=payment.receipt_number, amount_paise=amount_paise, purpose=purpose,
    )  # fmt: skip
    payment_taken.send(sender=Payment, payment=payment)
    return payment


def _next_number(point: PointOfSale, now_s: int) -> str:
    """The next number, in the transaction that uses it: rolled back, it is free again."""
    offset_min = point.plant.utc_offset_min if point.plant else INDIA_OFFSET_MIN
    year = rules.local_year(now_s, offset_min)
    ReceiptSeries.objects.get_or_create(point_of_sale=point, year=year)
    series = ReceiptSeries.objects.select_for_update().get(point_of_sale=point, year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return rules.receipt_number(point.code, year, series.last)
