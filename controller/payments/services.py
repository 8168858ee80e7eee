"""Takes and reverses payments, makes orders, stores callbacks and works on them.

A payment counts once for its key. What a callback does is in `settlement`; points of sale,
deposits and providers are set up in `points`.
"""

import hashlib
import logging
import secrets
from collections.abc import Mapping

from django.db import DatabaseError, transaction
from django.db.models import F

from controller import clock
from controller.audit import services as audit
from controller.consumers import queries as consumers
from controller.errors import Refused
from controller.figures import rupees
from controller.ledger import queries as ledger
from controller.ledger import services as ledger_services
from controller.payments import register, rules, schemes, settlement
from controller.payments.models import (
    Callback,
    Method,
    OrderState,
    Payment,
    PaymentOrder,
    PaymentState,
    PointOfSale,
    Provider,
    Purpose,
)
from controller.payments.points import secrets_of
from controller.payments.signals import payment_reversing
from controller.profile.queries import setting
from controller.tasks.services import raise_task
from protocol.limits import EPOCH_UNIX_S

log = logging.getLogger(__name__)

BATCH_MAX = 200  # callbacks worked on by one call
ATTEMPTS_MAX = 5  # then a person looks at a callback that always fails
WAIT_MAX_S = 86_400  # for the payment that a refund speaks of
ORDER_TTL_MIN_S, ORDER_TTL_MAX_S = 60, 7 * 86_400
ACTOR = "payments"


@transaction.atomic
def take_payment(
    *,
    key: str,
    consumer_id: str,
    amount_paise: int,
    method: str,
    point_of_sale: str,
    purpose: str,
    actor: str,
    channel: str | None = None,
) -> Payment:
    """Takes money of a consumer at a point of sale, with a receipt and a posting (MG-9, MG-10).

    The same `key` again returns the first payment; with other content it raises Conflict, and a
    task tells. Raises Refused: closed point, ceiling reached (UP-12), or a part of the dues where
    the profile wants all (MG-9; purpose `bill`).
    """
    rules.check_key(key)
    rules.check_amount(amount_paise)
    rules.check_choice("method", method, Method.values)
    rules.check_choice("purpose", purpose, Purpose.values)
    plain = consumers.find_consumer(consumer_id).pk
    point = register.lock_point(point_of_sale)
    known = Payment.objects.filter(key=key).first()
    if known is not None:
        content = (plain, amount_paise, method, point.pk, purpose)
        rules.check_same(content_of(known), content, key)
        return known
    if not point.is_open:
        raise Refused(f"{point.code} is closed", "Open it, or pay at another point of sale.")
    consumer = register.lock_consumer(plain)
    if purpose == Purpose.BILL:
        check_part(consumer.pk, amount_paise)
    held_in = rules.holding_account(point.code, method, None)
    register.check_ceiling(point, held_in, amount_paise)
    return register.enter(
        key=key,
        point=point,
        consumer=consumer,
        amount_paise=amount_paise,
        method=method,
        channel=channel or _channel(point),
        purpose=purpose,
        held_in=held_in,
        actor=actor,
    )


def content_of(payment: Payment) -> tuple[object, ...]:
    """What must be the same when a key comes again."""
    return (
        payment.consumer_id,
        payment.amount_paise,
        payment.method,
        payment.point_of_sale_id,
        payment.purpose,
    )


def check_part(consumer_id: str, amount_paise: int) -> None:
    """MG-9: raises Refused for less than all dues where the profile does not allow it."""
    dues_paise = ledger.balance_paise(f"consumer:{consumer_id}")
    rules.check_part(
        amount_paise, dues_paise, is_part_allowed=bool(setting("part_payment_allowed"))
    )


def _channel(point: PointOfSale) -> str:
    if not point.is_manned:
        return Payment.Channel.API
    is_agent = point.kind == PointOfSale.Kind.AGENT
    return Payment.Channel.AGENT if is_agent else Payment.Channel.COUNTER


def report_conflict(*, key: str, point_of_sale: str, what: str, actor: str) -> None:
    """A key came back with other content: the caller was refused, and a person should know.

    Called after the refusal has rolled back what it was part of.
    """
    raise_task(
        kind="payment_conflict",
        subject=f"point of sale {point_of_sale}",
        key=f"payment-key:{hashlib.sha256(key.encode()).hexdigest()[:32]}",
        title="A payment's key was used again with other content",
        evidence={"key": key, "what": what},
        actor=actor,
    )


@transaction.atomic
def reverse_payment(*, payment_id: str, reason: str, actor: str) -> Payment:
    """Takes a payment back by a reversing entry, once, with a reason (audited).

    Raises Refused when it is reversed already, came through a provider (who refunds), or paid
    for something that the consumer has.
    """
    rules.check_reason(reason)
    first = Payment.objects.filter(pk=payment_id).first()
    if first is None:
        raise Refused(f"There is no payment {payment_id!r}", "Look it up by its receipt.")
    point = register.lock_point(first.point_of_sale_id)
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    if payment.state == PaymentState.REVERSED:
        raise Refused(f"{payment.receipt_number} is reversed already", "Look at the ledger.")
    if payment.channel == Payment.Channel.CALLBACK:
        raise Refused(
            f"{payment.receipt_number} was paid through a provider",
            "Let the provider refund it; its callback then posts the refund.",
        )
    _check_in_hand(point, payment)
    payment_reversing.send(sender=Payment, payment=payment)
    ledger_services.reverse(entry_id=payment.entry_id, reason=reason, actor=actor)
    payment.mark_reversed(clock.now_s(), reason)
    payment.save()
    audit.record(
        actor, "reverse payment", f"consumer {payment.consumer_id}", payment=payment.pk,
        receipt=payment.receipt_number, amount_paise=payment.amount_paise, reason=reason,
    )  # fmt: skip
    return payment


def _check_in_hand(point: PointOfSale, payment: Payment) -> None:
    held_paise = ledger.balance_paise(payment.held_in)
    if held_paise < payment.amount_paise:
        raise Refused(
            f"{point.code} holds {rupees(held_paise)}, less than the payment",
            "Give the money back from head office: reject the deposit or pay it out there.",
        )


# --- orders -------------------------------------------------------------------------------------


@transaction.atomic
def create_order(
    *,
    key: str,
    provider: str,
    consumer_id: str,
    purpose: str,
    amount_paise: int,
    ttl_s: int = 1_800,
    actor: str,
) -> PaymentOrder:
    """Fixes who is about to pay what, before the consumer is sent to the provider.

    The same key again returns the first order. Raises Refused, Conflict.
    """
    rules.check_key(key)
    rules.check_amount(amount_paise)
    rules.check_choice("purpose", purpose, Purpose.values)
    if not ORDER_TTL_MIN_S <= ttl_s <= ORDER_TTL_MAX_S:
        raise Refused(
            f"An order cannot stand for {ttl_s} s", f"Use {ORDER_TTL_MIN_S} to {ORDER_TTL_MAX_S}."
        )
    consumer = consumers.find_consumer(consumer_id)
    through = find_provider(provider)
    register.lock_point(through.point_of_sale_id)
    known = PaymentOrder.objects.filter(key=key).first()
    if known is not None:
        first = (known.provider_id, known.consumer_id, known.purpose, known.amount_paise)
        rules.check_same(first, (through.pk, consumer.pk, purpose, amount_paise), key)
        return known
    if not (through.is_open and through.point_of_sale.is_open):
        raise Refused(f"Provider {provider} is closed", "Pay at another point of sale.")
    if purpose == Purpose.BILL:
        check_part(consumer.pk, amount_paise)
    now_s = clock.now_s()
    order = PaymentOrder.objects.create(
        id=f"bjo_{secrets.token_hex(8)}",
        key=key,
        provider=through,
        consumer=consumer,
        purpose=purpose,
        amount_paise=amount_paise,
        created_s=now_s,
        expires_s=now_s + ttl_s,
        actor=actor,
    )
    audit.record(
        actor, "create order", f"consumer {consumer.pk}", order=order.pk, provider=through.pk,
        amount_paise=amount_paise, purpose=purpose,
    )  # fmt: skip
    return order


@transaction.atomic
def link_order(*, order_id: str, provider_order: str, actor: str) -> PaymentOrder:
    """Records under which id the provider knows the order. Raises Refused, Conflict."""
    if not schemes.REFERENCE.fullmatch(provider_order):
        raise Refused("That is no order id of a provider", "Use 1 to 64 printable characters.")
    order = PaymentOrder.objects.select_for_update().filter(pk=order_id).first()
    if order is None:
        raise Refused(f"There is no order {order_id!r}", "Create it first.")
    if order.provider_order is not None:
        rules.check_same((order.provider_order,), (provider_order,), order_id)
        return order
    others = PaymentOrder.objects.filter(provider=order.provider_id, provider_order=provider_order)
    if others.exists():
        raise Refused(f"{provider_order} is the id of another order", "Create a new one there.")
    order.provider_order = provider_order
    order.save(update_fields=["provider_order"])
    audit.record(
        actor, "link order", f"consumer {order.consumer_id}", order=order.pk,
        provider_order=provider_order,
    )  # fmt: skip
    return order


@transaction.atomic
def expire_orders() -> int:
    """Marks orders whose time is over, at most BATCH_MAX; a late payment still counts."""
    overdue = PaymentOrder.objects.select_for_update().filter(
        state=OrderState.OPEN, expires_s__lt=clock.now_s()
    )
    orders = list(overdue.order_by("expires_s")[:BATCH_MAX])
    for order in orders:
        order.mark_expired()
        order.save()
    return len(orders)


# --- callbacks ----------------------------------------------------------------------------------


def find_provider(code: str) -> Provider:
    """The provider; raises Refused when there is none of that code."""
    provider = Provider.objects.select_related("point_of_sale").filter(pk=code).first()
    if provider is None:
        raise Refused(f"There is no payment provider {code!r}", "Add it first.")
    return provider


def receive_callback(provider_code: str, headers: Mapping[str, str], body: bytes) -> Callback:
    """Checks who signed a callback and stores it, committed, before anything is done with it.

    `headers` by lower-case names. The same body again counts one copy more. Raises Refused for
    an unknown provider or a body that is too large, BadSignature for one that is not genuine:
    that is counted and a task.
    """
    provider = find_provider(provider_code)
    if len(body) > schemes.BODY_BYTES_MAX:
        raise Refused(
            f"The callback has {len(body)} bytes", f"Send at most {schemes.BODY_BYTES_MAX}."
        )
    try:
        unix_s = clock.now_s() + EPOCH_UNIX_S
        schemes.CHECKS[provider.scheme](secrets_of(provider), headers, body, unix_s)
    except schemes.BadSignature as refused:
        _count_bad_signature(provider, refused.what)
        raise
    return _store(provider, body)


@transaction.atomic
def _store(provider: Provider, body: bytes) -> Callback:
    try:
        notice = schemes.read(provider.scheme, body)
    except Refused as refused:
        notice = schemes.Notice(schemes.OTHER, "unreadable")
        log.warning("provider %s: %s", provider.pk, refused)
    digest = hashlib.sha256(body).hexdigest()
    callback, is_first = Callback.objects.get_or_create(
        provider=provider,
        digest=digest,
        defaults={
            "event": notice.event,
            "reference": notice.reference,
            "body": body,
            "received_s": clock.now_s(),
        },
    )
    if not is_first:
        Callback.objects.filter(pk=callback.pk).update(copies=F("copies") + 1)
        callback.refresh_from_db()
    return callback


@transaction.atomic
def _count_bad_signature(provider: Provider, what: str) -> None:
    now_s = clock.now_s()
    Provider.objects.filter(pk=provider.pk).update(
        bad_signatures=F("bad_signatures") + 1, last_bad_s=now_s
    )
    raise_task(
        kind="callback_refused",
        subject=f"provider {provider.pk}",
        key=f"bad-signature:{provider.pk}",
        title=f"Callbacks in the name of {provider.pk} are not signed with its secret",
        evidence={"what": what, "count": provider.bad_signatures + 1, "at_s": now_s},
        actor=ACTOR,
    )


def process_callbacks(limit: int = BATCH_MAX) -> int:
    """Works on stored callbacks, the oldest first, each in its own transaction.

    May be called by anyone at any time, also by several at once; after a kill it goes on where
    the last left off. Returns how many it worked on.
    """
    open_ones = Callback.objects.filter(outcome=Callback.Outcome.STORED)
    overdue = Callback.objects.filter(
        outcome=Callback.Outcome.WAITING, received_s__lt=clock.now_s() - WAIT_MAX_S
    )
    chosen = (open_ones | overdue).order_by("pk").values_list("pk", flat=True)
    worked = 0
    for pk in list(chosen[: min(limit, BATCH_MAX)]):
        worked += process_callback(pk)
    return worked


def process_callback(callback_id: int) -> bool:
    """Works on one callback; False when another was faster or it is put off after an error."""
    try:
        return settlement.settle(callback_id, is_overdue_after_s=WAIT_MAX_S)
    except DatabaseError:
        raise  # the next call tries again
    except Exception:
        log.exception("callback %s cannot be worked on", callback_id)
        settlement.note_failure(callback_id, attempts_max=ATTEMPTS_MAX)
        return False
