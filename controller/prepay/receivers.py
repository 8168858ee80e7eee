"""Hears what became of credit commands, inside the transaction that stored the receipt."""

from typing import Any

from controller.headend.models import Command
from controller.headend.signals import command_finished
from controller.prepay import services


def connect() -> None:
    """Starts listening; called once, when Django is set up."""
    command_finished.connect(_hear_command, dispatch_uid="prepay.command")


def _hear_command(command: Command, **_more: Any) -> None:
    if command.name == "credit":
        services.purchase_receipted(command)
