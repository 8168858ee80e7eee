"""What a callback does to orders and books. Each provider's payment counts once.

One callback is one transaction: its outcome, the payment, the ledger and what was bought stand
together or not at all. Money that cannot be given to anyone is kept in suspense, with a task.
"""

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.errors import Refused
from controller.figures import rupees
from controller.ledger import services as ledger
from controller.payments import register, rules, schemes
from controller.payments.models import (
    Callback,
    OrderState,
    Payment,
    PaymentOrder,
    Provider,
    ProviderPayment,
    Refund,
)
from controller.payments.schemes import Notice
from controller.payments.signals import order_paid
from controller.tasks.services import raise_task

Result = tuple[str, str]  # outcome and note of a callback
DONE, NOTHING, WAITING, CONFLICT = (
    Callback.Outcome.DONE,
    Callback.Outcome.NOTHING,
    Callback.Outcome.WAITING,
    Callback.Outcome.CONFLICT,
)


@transaction.atomic
def settle(callback_id: int, *, is_overdue_after_s: int) -> bool:
    """Works on one stored callback; False when it is worked on already."""
    told = Callback.objects.select_related("provider").get(pk=callback_id)
    register.lock_point(told.provider.point_of_sale_id)
    callback = Callback.objects.select_for_update(of=("self",)).get(pk=callback_id)
    if callback.outcome not in (Callback.Outcome.STORED, WAITING):
        return False
    now_s = clock.now_s()
    outcome, note = _apply(told.provider, callback)
    if outcome == WAITING and callback.received_s < now_s - is_overdue_after_s:
        outcome, note = _conflict(told.provider, callback.reference, f"{note} for a day")
    callback.outcome, callback.note, callback.worked_s = outcome, note[:200], now_s
    callback.save(update_fields=["outcome", "note", "worked_s"])
    return True


@transaction.atomic
def note_failure(callback_id: int, *, attempts_max: int) -> None:
    """Counts an attempt that failed by our own fault; after the last one a person looks."""
    callback = Callback.objects.select_for_update().get(pk=callback_id)
    callback.attempts += 1
    if callback.attempts >= attempts_max:
        callback.outcome, callback.note = CONFLICT, "It fails each time"
        _raise(callback.provider_id, callback.digest[:32], "A callback fails each time", {})
    callback.save(update_fields=["attempts", "outcome", "note"])


def _apply(provider: Provider, callback: Callback) -> Result:
    try:
        notice = schemes.read(provider.scheme, bytes(callback.body))
    except Refused as refused:
        return _conflict(provider, callback.digest[:32], refused.what)
    if notice.kind == schemes.CAPTURED:
        return _captured(provider, notice)
    if notice.kind == schemes.FAILED:
        return _failed(provider, notice)
    if notice.kind == schemes.REFUNDED:
        return _refunded(provider, notice)
    if notice.kind == schemes.DISPUTED:
        return _conflict(provider, notice.reference, f"The payer disputes it: {notice.event}")
    return NOTHING, "This event changes nothing here"


# --- money has come -----------------------------------------------------------------------------


def _captured(provider: Provider, notice: Notice) -> Result:
    known = ProviderPayment.objects.filter(provider=provider, reference=notice.reference).first()
    if known is not None:
        if (known.amount_paise, known.currency) == (notice.amount_paise, notice.currency):
            return NOTHING, "This payment is known"
        return _conflict(
            provider, notice.reference, "It now has another amount or currency", notice
        )
    order = _find_order(provider, notice)
    objection = _objection(order, notice)
    if order is None or objection:
        result = _suspend(provider, order, notice, objection)
    else:
        result = _pay_or_suspend(provider, order, notice)
    Callback.objects.filter(provider=provider, reference=notice.reference, outcome=WAITING).update(
        outcome=Callback.Outcome.STORED
    )
    return result


def _arrived(
    provider: Provider, order: PaymentOrder | None, notice: Notice, **more: object
) -> ProviderPayment:
    return ProviderPayment.objects.create(
        provider=provider,
        reference=notice.reference,
        amount_paise=notice.amount_paise,
        currency=notice.currency,
        order=order,
        arrived_s=clock.now_s(),
        **more,
    )


def _find_order(provider: Provider, notice: Notice) -> PaymentOrder | None:
    """By our own id where the provider gives it back, else by the provider's."""
    orders = PaymentOrder.objects.select_for_update(of=("self",)).filter(provider=provider)
    found = orders.filter(pk=notice.order).first() if notice.order else None
    if found is None and notice.provider_order:
        found = orders.filter(provider_order=notice.provider_order).first()
    return found


def _objection(order: PaymentOrder | None, notice: Notice) -> str:
    """Why this money cannot simply pay an order; empty when it can."""
    if notice.currency != rules.CURRENCY:
        return f"It is in {notice.currency}"
    if order is None:
        return "No order of ours is known by it"
    if notice.amount_paise != order.amount_paise:
        return f"The order is of {rupees(order.amount_paise)}, not {rupees(notice.amount_paise)}"
    if order.state == OrderState.PAID:
        return "The order was paid by another payment"
    return ""


def _pay_or_suspend(provider: Provider, order: PaymentOrder, notice: Notice) -> Result:
    """Whoever refuses what the payment is for, the money is there."""
    try:
        with transaction.atomic():
            return _pay(provider, order, notice)
    except Refused as refused:
        return _suspend(provider, order, notice, refused.what)


def _pay(provider: Provider, order: PaymentOrder, notice: Notice) -> Result:
    actor = f"provider {provider.pk}"
    is_late = order.state == OrderState.EXPIRED or clock.now_s() > order.expires_s
    payment = register.enter(
        key=f"{provider.pk}:{notice.reference}",
        point=provider.point_of_sale,
        consumer=register.lock_consumer(order.consumer_id),
        amount_paise=notice.amount_paise,
        method=notice.method,
        channel=Payment.Channel.CALLBACK,
        purpose=order.purpose,
        held_in=rules.holding_account(provider.point_of_sale_id, notice.method, provider.pk),
        actor=actor,
    )
    _arrived(provider, order, notice, payment=payment)
    order.mark_paid(payment)
    order.save()
    order_paid.send(sender=PaymentOrder, order=order, payment=payment)
    return DONE, f"Receipt {payment.receipt_number}{', after its time' if is_late else ''}"


def _suspend(
    provider: Provider, order: PaymentOrder | None, notice: Notice, objection: str
) -> Result:
    """The money is there and nobody's yet. Another currency is no paise: it is only told."""
    held_paise = 0
    if notice.currency == rules.CURRENCY:
        ledger.post(
            kind="unclaimed",
            reference=f"{provider.pk}:{notice.reference}",
            transfers=[(f"clearing:{provider.pk}", unclaimed(provider), notice.amount_paise)],
            text=f"Payment {notice.reference} that fits no order",
            actor=f"provider {provider.pk}",
        )
        held_paise = notice.amount_paise
    _arrived(provider, order, notice, suspended_paise=held_paise)
    return _conflict(provider, notice.reference, objection, notice)


def unclaimed(provider: Provider) -> str:
    """The ledger account of money whose owner is not known yet: we owe it."""
    return f"payable:unclaimed-{provider.pk}"


@transaction.atomic
def claim(
    *, provider_code: str, reference: str, consumer_id: str, purpose: str, actor: str
) -> Payment:
    """Gives money in suspense to the consumer whose it is; a person has found out. Raises Refused.

    It then is a payment with a receipt; a recharge is sold from it by `prepay`.
    """
    provider = Provider.objects.select_related("point_of_sale").filter(pk=provider_code).first()
    if provider is None:
        raise Refused(f"There is no payment provider {provider_code!r}", "Look at the task.")
    point = register.lock_point(provider.point_of_sale_id)
    held = ProviderPayment.objects.select_for_update().filter(
        provider=provider, reference=reference
    )
    arrived = held.first()
    if arrived is None or not arrived.suspended_paise or arrived.payment_id is not None:
        raise Refused(f"{reference!r} holds no money in suspense", "Look at the task.")
    consumer = register.lock_consumer(consumer_id)
    payment = register.enter(
        key=f"{provider.pk}:{reference}",
        point=point,
        consumer=consumer,
        amount_paise=arrived.suspended_paise,
        method="bank",
        channel=Payment.Channel.CALLBACK,
        purpose=purpose,
        held_in=unclaimed(provider),
        actor=actor,
    )
    arrived.payment, arrived.suspended_paise = payment, 0
    arrived.save()
    audit.record(
        actor, "claim payment", f"consumer {consumer.pk}", payment=payment.pk, reference=reference
    )
    return payment


# --- money has not come, or has gone back -------------------------------------------------------


def _failed(provider: Provider, notice: Notice) -> Result:
    order = _find_order(provider, notice)
    if order is not None and order.state != OrderState.PAID:
        order.failures += 1
        order.save(update_fields=["failures"])
    return NOTHING, "An attempt failed; no money has come"


def _refunded(provider: Provider, notice: Notice) -> Result:
    rows = ProviderPayment.objects.select_for_update(of=("self",))
    arrived = rows.filter(provider=provider, reference=notice.reference).first()
    if arrived is None:
        return WAITING, "The payment that it speaks of is not known"
    known = Refund.objects.filter(of__provider=provider, reference=notice.refund).first()
    if known is not None:
        if (known.of_id, known.amount_paise) == (arrived.pk, notice.amount_paise):
            return NOTHING, "This refund is known"
        return _conflict(provider, notice.refund, "The refund now has another amount", notice)
    left_paise = arrived.amount_paise - arrived.refunded_paise
    if notice.currency != arrived.currency or notice.amount_paise > left_paise:
        return _conflict(provider, notice.refund, "More came back than was paid", notice)
    if arrived.currency == rules.CURRENCY:
        _post_refund(provider, arrived, notice)
    Refund.objects.create(
        of=arrived, reference=notice.refund, amount_paise=notice.amount_paise,
        arrived_s=clock.now_s(),
    )  # fmt: skip
    arrived.refunded_paise += notice.amount_paise
    arrived.save()
    return DONE, f"{rupees(notice.amount_paise)} went back to the payer"


def _post_refund(provider: Provider, arrived: ProviderPayment, notice: Notice) -> None:
    """From whom the money was; what it had bought the consumer then owes."""
    payment = arrived.payment
    owner = unclaimed(provider) if payment is None else f"consumer:{payment.consumer_id}"
    ledger.post(
        kind="refund",
        reference=f"{provider.pk}:{notice.refund}",
        transfers=[(owner, f"clearing:{provider.pk}", notice.amount_paise)],
        text=f"Refund of payment {notice.reference}",
        actor=f"provider {provider.pk}",
    )
    if payment is None:
        arrived.suspended_paise -= notice.amount_paise
        return
    _raise(
        provider.pk,
        notice.refund,
        f"{provider.pk} refunded {rupees(notice.amount_paise)} of {payment.receipt_number}",
        {"payment": payment.pk, "consumer": payment.consumer_id, "purpose": payment.purpose},
    )


# --- tasks --------------------------------------------------------------------------------------


def _conflict(
    provider: Provider, reference: str, objection: str, notice: Notice | None = None
) -> Result:
    evidence = {} if notice is None else notice._asdict()
    title = f"Payment {reference} at {provider.pk}: {objection}"
    _raise(provider.pk, reference, title, {"objection": objection, **evidence})
    return CONFLICT, objection


def _raise(provider: str, reference: str, title: str, evidence: dict[str, object]) -> None:
    raise_task(
        kind="payment_conflict",
        subject=f"provider {provider}",
        key=f"callback:{provider}:{reference}",
        title=title[:200],
        evidence=evidence,
        actor=f"provider {provider}",
    )
