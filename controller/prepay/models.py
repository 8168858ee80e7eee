"""Purchases of prepaid credit. The money is taken once; the board says when it has credited."""

from django.db import models
from django_fsm import FSMField, FSMModelMixin, transition

from controller.consumers.models import Connection
from controller.headend.models import Command


class PurchaseState(models.TextChoices):
    """Where a purchase stands; only the board's receipt moves it on."""

    QUEUED = "queued", "On its way to the meter"
    CREDITED = "credited", "Credited by the meter"
    REFUSED = "refused", "Refused"


class Purchase(FSMModelMixin, models.Model):
    """Credit sold to a connection: `amount` in Wh, paise or days, for `paid_paise`."""

    class Unit(models.IntegerChoices):
        """The wire's credit units."""

        ENERGY = 1, "Wh"
        MONEY = 2, "paise"
        DAYS = 3, "days"

    id = models.CharField(primary_key=True, max_length=16)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="purchases")
    unit = models.SmallIntegerField(choices=Unit.choices)
    amount = models.BigIntegerField()
    paid_paise = models.BigIntegerField()
    command = models.OneToOneField(Command, on_delete=models.PROTECT, related_name="purchase")
    sold_s = models.BigIntegerField()
    finished_s = models.BigIntegerField(null=True, default=None)  # credited: by the board's clock
    actor = models.CharField(max_length=80)
    state = FSMField(default=PurchaseState.QUEUED, choices=PurchaseState.choices, protected=True)

    class Meta:
        ordering = ["-sold_s", "id"]

    def __str__(self) -> str:
        return f"purchase {self.id}: {self.state}"

    @transition(field=state, source=PurchaseState.QUEUED, target=PurchaseState.CREDITED)
    def mark_credited(self, now_s: int) -> None:
        """The board has added the amount to its balance."""
        self.finished_s = now_s

    @transition(field=state, source=PurchaseState.QUEUED, target=PurchaseState.REFUSED)
    def mark_refused(self, now_s: int) -> None:
        """The board has not credited it and will not; the money is owed back."""
        self.finished_s = now_s
