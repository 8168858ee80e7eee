"""Hears of every fitting and release, so that the inventory is right whoever did it."""

from typing import Any

from controller import workflow
from controller.consumers.models import Fitting
from controller.consumers.signals import meter_fitted, meter_released
from controller.errors import Refused
from controller.inventory.models import Item
from controller.tasks.services import raise_task
from protocol.programme import MODE_ENERGY, MODE_FLAT, MODE_MONEY

UNITS = {MODE_ENERGY: "Wh", MODE_MONEY: "paise", MODE_FLAT: "days"}


def connect() -> None:
    """Starts listening; called once, when Django is set up."""
    meter_fitted.connect(_hear_fitted, dispatch_uid="inventory.fitted")
    meter_released.connect(_hear_released, dispatch_uid="inventory.released")


def _hear_fitted(fitting: Fitting, actor: str, **_more: Any) -> None:
    """A meter that is kept for another connection is not to be had."""
    item = _lock(fitting)
    if item is None:
        return
    if item.connection_id not in (None, fitting.connection_id):
        raise Refused(
            f"Meter {item.meter_id} is kept for another connection", "Take another, or free it."
        )
    item.connection = None
    workflow.move(item, "fit", actor=actor, consumer=fitting.connection.consumer_id)


def _hear_released(fitting: Fitting, actor: str, **_more: Any) -> None:
    item = _lock(fitting)
    if item is not None:
        workflow.move(item, "release", actor=actor, note=fitting.reason)
    if fitting.credit_mode in UNITS and fitting.closing_balance > 0:
        raise_task(
            kind="released_balance",
            subject=f"consumer {fitting.connection.consumer_id}",
            key=f"released:{fitting.pk}",
            title=f"Credit was left on meter {fitting.meter_id}: give it back to the consumer",
            evidence={
                "balance": fitting.closing_balance,
                "unit": UNITS[fitting.credit_mode],
                "reported_s": fitting.meter.state.reported_s,
                "removed_s": fitting.removed_s,
            },
            actor=actor,
        )


def _lock(fitting: Fitting) -> Item | None:
    return Item.objects.select_for_update().filter(meter=fitting.meter_id).first()
