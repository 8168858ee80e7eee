"""Stores, and the meters that are or were in them.

Which connection a meter serves is the business of `consumers`. A meter that never came through a
store (registered and fitted at once) has no item here.
"""

from django.db import models
from django_fsm import FSMField, transition

from controller.consumers.models import Connection, Plant
from controller.fleet.models import Meter
from controller.workflow import Step, Workflow


class Store(models.Model):
    """A place where meters are kept: a plant's own, or a warehouse (no plant) that serves all."""

    code = models.CharField(primary_key=True, max_length=16)
    name = models.CharField(max_length=80)
    plant = models.ForeignKey(
        Plant, on_delete=models.PROTECT, null=True, default=None, related_name="stores"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ItemState(models.TextChoices):
    """Where a meter is."""

    IN_STORE = "in_store", "In the store"
    RESERVED = "reserved", "Kept for a connection"
    FITTED = "fitted", "Fitted"
    FAULTY = "faulty", "Faulty"
    SCRAPPED = "scrapped", "Scrapped"


class Item(Workflow):
    """One meter as the inventory knows it. `store` is where it is, or where it last was."""

    meter = models.OneToOneField(
        Meter, on_delete=models.PROTECT, primary_key=True, related_name="item"
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="items")
    connection = models.OneToOneField(  # for which it is reserved
        Connection, on_delete=models.PROTECT, null=True, default=None, related_name="reserved"
    )
    state = FSMField(default=ItemState.IN_STORE, choices=ItemState.choices, protected=True)

    class Meta:
        verbose_name = "meter in the inventory"
        ordering = ["meter"]

    def __str__(self) -> str:
        return f"{self.meter_id}: {self.state}"

    @property
    def subject(self) -> str:
        """The meter, for the audit trail."""
        return f"meter {self.meter_id}"

    @transition(field=state, source=ItemState.IN_STORE, target=ItemState.IN_STORE)
    def transfer(self) -> None:
        """Another store has it now."""

    @transition(field=state, source=ItemState.IN_STORE, target=ItemState.RESERVED)
    def reserve(self) -> None:
        """It is kept for a connection where it is to be fitted."""

    @transition(field=state, source=ItemState.RESERVED, target=ItemState.IN_STORE)
    def free(self) -> None:
        """It is not needed there."""

    @transition(
        field=state, source=[ItemState.IN_STORE, ItemState.RESERVED], target=ItemState.FITTED
    )
    def fit(self) -> None:
        """It serves a connection."""

    @transition(field=state, source=ItemState.FITTED, target=ItemState.IN_STORE)
    def release(self) -> None:
        """It was taken off and is back in a store."""

    @transition(
        field=state, source=[ItemState.IN_STORE, ItemState.RESERVED], target=ItemState.FAULTY
    )
    def mark_faulty(self) -> None:
        """It must not be fitted."""

    @transition(field=state, source=ItemState.FAULTY, target=ItemState.IN_STORE)
    def repair(self) -> None:
        """It is good again."""

    @transition(field=state, source=ItemState.FAULTY, target=ItemState.SCRAPPED)
    def scrap(self) -> None:
        """It is gone for good."""


class ItemStep(Step):
    """A step of a meter through the stores."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="steps")
