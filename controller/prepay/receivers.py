"""Hears what became of credit commands, and that a recharge was paid through a provider.

Each inside the transaction of what happened.
"""

from typing import Any

from controller.errors import Refused
from controller.headend.models import Command
from controller.headend.signals import command_finished
from controller.payments.models import Payment, PaymentOrder, Purpose
from controller.payments.signals import order_paid, payment_reversing
from controller.prepay import services
from controller.prepay.models import Purchase, PurchaseState


def connect() -> None:
    """Starts listening; called once, when Django is set up."""
    command_finished.connect(_hear_command, dispatch_uid="prepay.command")
    order_paid.connect(_hear_order, dispatch_uid="prepay.order")
    payment_reversing.connect(_hear_reversal, dispatch_uid="prepay.reversal")


def _hear_command(command: Command, **_more: Any) -> None:
    if command.name == "credit":
        services.purchase_receipted(command)


def _hear_order(order: PaymentOrder, payment: Payment, **_more: Any) -> None:
    if order.purpose == Purpose.RECHARGE:
        services.vend_paid_order(payment, actor=payment.actor)


def _hear_reversal(payment: Payment, **_more: Any) -> None:
    purchase = Purchase.objects.filter(payment=payment).first()
    if purchase is not None and purchase.state != PurchaseState.REFUSED:
        raise Refused(
            f"{payment.receipt_number} bought credit that the meter has or may get",
            "Only a recharge that the meter has refused can be reversed.",
        )
