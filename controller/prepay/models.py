"""Purchases of prepaid credit. The money is taken once; the board says when it has credited."""

from django.db import models
from django_fsm import FSMField, FSMModelMixin, transition

from controller.consumers.models import Connection
from controller.headend.models import Command
from controller.payments.models import Payment


class PurchaseState(models.TextChoices):
    """Where a purchase stands; the board's receipt moves it on, or who has looked into it."""

    QUEUED = "queued", "On its way to the meter"
    CREDITED = "credited", "Credited by the meter"
    REFUSED = "refused", "Refused"


class Purchase(FSMModelMixin, models.Model):
    """Credit sold to a connection: `amount` in Wh, paise or days, for `paid_paise`.

    A recharge has a payment, and lines that say what the money became; credit that an operator
    gives by `sell_credit` has neither.
    """

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
    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, null=True, default=None, related_name="purchase"
    )
    carried_paise = models.BigIntegerField(default=0)  # credit of before that was used, too
    charged_through = models.DateField(null=True, default=None)  # last day of fixed charge
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


class PurchaseLine(models.Model):
    """A share of the recharge's money: what for (`rules.Share`), and how much credit it gave."""

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)
    amount_paise = models.BigIntegerField()
    quantity = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["purchase", "position"]
        constraints = [
            models.UniqueConstraint(fields=["purchase", "position"], name="purchase_line_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.amount_paise}"


class MeterCost(models.Model):
    """What meter and cable cost a consumer, to be paid in equal monthly instalments (UP-4)."""

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="meter_costs"
    )
    key = models.CharField(max_length=100, unique=True)
    total_paise = models.BigIntegerField()
    instalments = models.PositiveSmallIntegerField()
    first_due = models.DateField()  # local; each further one falls due in the next month
    laid_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.total_paise} in {self.instalments} instalments"
