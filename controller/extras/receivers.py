"""Hears that a month's bills are made: what is due for appliances is charged before (MG-15)."""

from typing import Any

from django.db.models.signals import post_save

from controller.billing.models import BillRun
from controller.extras import services


def connect() -> None:
    """Starts listening; called once, when Django is set up."""
    post_save.connect(_hear_run, sender=BillRun, dispatch_uid="extras.run")


def _hear_run(instance: BillRun, created: bool, **_more: Any) -> None:
    """Inside the transaction that begins the run: its bills then carry what is owed."""
    if created:
        services.charge_due(month=instance.month, actor=instance.actor)
