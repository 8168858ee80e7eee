"""Hears of payments for a deposit and of their reversal, inside the transaction of each."""

from typing import Any

from controller.deposits import services
from controller.payments.models import Payment, Purpose
from controller.payments.signals import payment_reversing, payment_taken


def connect() -> None:
    """Starts listening; called once, when Django is set up."""
    payment_taken.connect(_hear_payment, dispatch_uid="deposits.payment")
    payment_reversing.connect(_hear_reversal, dispatch_uid="deposits.reversal")


def _hear_payment(payment: Payment, **_more: Any) -> None:
    if payment.purpose == Purpose.DEPOSIT:
        services.collect(
            consumer_id=payment.consumer_id,
            amount_paise=payment.amount_paise,
            payment=payment.pk,
            actor=payment.actor,
        )


def _hear_reversal(payment: Payment, **_more: Any) -> None:
    if payment.purpose == Purpose.DEPOSIT:
        services.undo_collection(
            consumer_id=payment.consumer_id, payment=payment.pk, actor="payments"
        )
