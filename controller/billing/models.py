"""Closed months, their bills and statements, with the readings that they rest on."""

from django.db import models
from django_fsm import FSMField, FSMModelMixin, transition

from controller.consumers.models import Connection, Plant
from controller.readings.models import Reading


class PeriodState(models.TextChoices):
    """A month is billed once."""

    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


class Period(FSMModelMixin, models.Model):
    """One month of one plant, `YYYY-MM` in the plant's local time."""

    plant = models.ForeignKey(Plant, on_delete=models.PROTECT, related_name="periods")
    month = models.CharField(max_length=7)
    state = FSMField(default=PeriodState.OPEN, choices=PeriodState.choices, protected=True)
    closed_s = models.BigIntegerField(null=True, default=None)

    class Meta:
        ordering = ["plant", "month"]
        constraints = [
            models.UniqueConstraint(fields=["plant", "month"], name="period_once"),
        ]

    def __str__(self) -> str:
        return f"{self.plant_id} {self.month}: {self.state}"

    @transition(field=state, source=PeriodState.OPEN, target=PeriodState.CLOSED)
    def mark_closed(self, now_s: int) -> None:
        """All its bills are made."""
        self.closed_s = now_s


class Bill(models.Model):
    """What one connection owes for one month, or how its prepaid account stands.

    Energies are Wh, money is paise. `first_reading` is null when the meter was new: its
    registers began at 0. For a prepaid connection (`statement`) `bought`, `used` and `balance`
    are in `account_unit`, and `difference` is what the board charged less what the tariff gives;
    `sold` is what our own books have for `bought`.
    """

    class Kind(models.TextChoices):
        """Payable or for information."""

        BILL = "bill", "Bill"
        STATEMENT = "statement", "Statement"

    number = models.CharField(primary_key=True, max_length=24)
    kind = models.CharField(max_length=9, choices=Kind.choices)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="bills")
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="bills")
    first_reading = models.ForeignKey(
        Reading, on_delete=models.PROTECT, related_name="+", null=True
    )
    last_reading = models.ForeignKey(
        Reading, on_delete=models.PROTECT, related_name="+", null=True
    )
    units_wh = models.BigIntegerField()
    total_paise = models.BigIntegerField()
    estimated = models.BooleanField(default=False)
    note = models.CharField(max_length=400, blank=True, default="")
    account_unit = models.CharField(max_length=5, blank=True, default="")
    bought = models.BigIntegerField(default=0)
    sold = models.BigIntegerField(default=0)
    used = models.BigIntegerField(default=0)
    balance = models.BigIntegerField(default=0)
    difference = models.BigIntegerField(default=0)
    issued_s = models.BigIntegerField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "period"], name="bill_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}: {self.total_paise} paise"

    @property
    def agrees(self) -> bool:
        """Whether the meter's account agrees with the tariff and with what was sold."""
        return not self.difference and self.sold == self.bought


class BillLine(models.Model):
    """One line: quantity × price = amount, and in words from what."""

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)
    text = models.CharField(max_length=200)
    quantity = models.BigIntegerField()
    price = models.BigIntegerField()
    amount_paise = models.BigIntegerField()

    class Meta:
        ordering = ["bill", "position"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "position"], name="bill_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.text}: {self.amount_paise} paise"
