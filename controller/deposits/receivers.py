"""Hears of payments for a deposit and of their reversal, inside the transaction of each."""

from typing import Any

from django.db.models.signals import post_save

from controller.deposits import services
from controller.payments.models import Payment, Purpose
from controller.payments.signals import payment_reversing


def connect() -> None:
    """Starts listening; called once, when Django is set up."""
    post_save.connect(_hear_payment, sender=Payment, dispatch_uid="deposits.payment")
    payment_reversing.connect(_hear_reversal, dispatch_uid="deposits.reversal")


def _hear_payment(instance: Payment, created: bool, **_more: Any) -> None:
    if created and instance.purpose == Purpose.DEPOSIT:
        services.collect(
            consumer_id=instance.consumer_id,
            amount_paise=instance.amount_paise,
            payment=instance.pk,
            actor=instance.actor,
        )


def _hear_reversal(payment: Payment, **_more: Any) -> None:
    if payment.purpose == Purpose.DEPOSIT:
        services.undo_collection(
            consumer_id=payment.consumer_id, payment=payment.pk, actor="payments"
        )
