"""Hears what boards confirmed, inside the transaction of that, and who has paid, after it."""

from functools import partial
from typing import Any

from django.db import transaction

from controller.changes import orders, standing
from controller.consumers.models import AssignmentState, PackageAssignment
from controller.consumers.signals import assignment_moved
from controller.headend.models import Command
from controller.headend.signals import command_finished
from controller.payments.models import Payment
from controller.payments.signals import payment_taken

TOLD = (
    AssignmentState.STORED,
    AssignmentState.ACTIVE,
    AssignmentState.REFUSED,
    AssignmentState.SUPERSEDED,
)


def connect() -> None:
    """Starts listening; called once, when Django is set up."""
    assignment_moved.connect(_hear_assignment, dispatch_uid="changes.assignment")
    command_finished.connect(_hear_command, dispatch_uid="changes.command")
    payment_taken.connect(_hear_payment, dispatch_uid="changes.payment")


def _hear_assignment(assignment: PackageAssignment, **_more: Any) -> None:
    if assignment.state in TOLD:
        orders.assignment_moved(assignment)


def _hear_command(command: Command, **_more: Any) -> None:
    if command.name in ("disconnect", "reconnect"):
        orders.command_finished(command)


def _hear_payment(payment: Payment, **_more: Any) -> None:
    """Whatever comes of it, the payment stands: so only once it does."""
    transaction.on_commit(partial(standing.reconsider, payment.consumer_id), robust=True)
