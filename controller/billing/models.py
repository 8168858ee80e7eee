"""Closed months, their bills and statements, with the readings that they rest on."""

from django.db import models
from django_fsm import FSMField, FSMModelMixin, transition

from controller.consumers.models import Connection, Plant
from controller.fleet.models import Meter
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


class Validation(models.Model):
    """What was found in a meter's readings of a month; the newest row counts, none is changed.

    `connection` is whom the meter served then: the readings before and after are others'.
    `findings` are `validation.Finding`s. The readings themselves stay as they were signed.
    """

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="validations")
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="validations"
    )
    month = models.CharField(max_length=7)
    readings = models.PositiveIntegerField()
    findings = models.JSONField(default=list)
    made_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["month", "meter"], name="validation_month")]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.month}: {len(self.findings)} findings"

    @property
    def has_passed(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


class Estimate(models.Model):
    """The rate registers of a meter at a moment of which it has signed no reading, and why so."""

    class Method(models.TextChoices):
        """How it came about."""

        BETWEEN = "between", "Even use between two readings"
        ONWARD = "onward", "The use of the days before went on"
        PERSON = "person", "Keyed in by a person"

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="estimates")
    at_s = models.BigIntegerField()
    rate_wh = models.JSONField()
    method = models.CharField(max_length=8, choices=Method.choices)
    reason = models.CharField(max_length=200)
    made_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["meter", "at_s", "pk"]
        indexes = [models.Index(fields=["at_s", "meter"], name="estimate_moment")]

    def __str__(self) -> str:
        return f"{self.meter_id} at {self.at_s}: {self.rate_wh} ({self.method})"


class RunState(models.TextChoices):
    """How far a bill run has come."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"


class BillRun(FSMModelMixin, models.Model):
    """The bills of one month for some plants, made batch by batch.

    `group` chooses among the connections (`rules.read_group`); empty: all of them.
    """

    month = models.CharField(max_length=7)
    group = models.CharField(max_length=80, blank=True, default="")
    state = FSMField(default=RunState.RUNNING, choices=RunState.choices, protected=True)
    started_s = models.BigIntegerField()
    finished_s = models.BigIntegerField(null=True, default=None)
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"run {self.pk} for {self.month}: {self.state}"

    @transition(field=state, source=RunState.RUNNING, target=RunState.DONE)
    def mark_done(self, now_s: int) -> None:
        """All its batches are done."""
        self.finished_s = now_s


class BillBatch(models.Model):
    """Connections `first_id` to `last_id` of one plant: made in one transaction, or not at all.

    `made` bills stand; `failed` connections have a task each instead of a bill.
    """

    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, related_name="batches")
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="batches")
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    connections = models.PositiveIntegerField()
    made = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    finished_s = models.BigIntegerField(null=True, default=None)

    class Meta:
        ordering = ["run", "pk"]

    def __str__(self) -> str:
        return f"batch {self.pk} of run {self.run_id}"


class Bill(models.Model):
    """What one connection owes for one month, or how its prepaid account stands.

    Energies are Wh, money is paise. `begin_wh` and `end_wh` are the four rate registers between
    which it charges, the last ones of `meter` (an exchange lies between if they are another's).
    The readings behind them are null where the meter was new, or the registers were estimated.
    `lines` are `rules.Line`s. `arrears_paise` is what was owed before it (less than 0: paid
    ahead), so that both together are to be paid by `due_s`.

    For a prepaid connection (`statement`) `bought`, `used` and `balance` are in `account_unit`,
    and `difference` is what the board charged less what the tariff gives; `sold` is what our own
    books have for `bought`. A bill that was made anew is `replaced_by` the next revision.
    """

    class Kind(models.TextChoices):
        """Payable or for information."""

        BILL = "bill", "Bill"
        STATEMENT = "statement", "Statement"

    number = models.CharField(primary_key=True, max_length=28)
    kind = models.CharField(max_length=9, choices=Kind.choices)
    # The unique constraint finds a period's bills; a reading is never looked up by its bill.
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="bills")
    period = models.ForeignKey(
        Period, on_delete=models.PROTECT, related_name="bills", db_index=False
    )
    revision = models.PositiveSmallIntegerField(default=0)
    replaced_by = models.CharField(max_length=28, null=True, default=None)
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+", db_index=False)
    first_reading = models.ForeignKey(
        Reading, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    last_reading = models.ForeignKey(
        Reading, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    begin_wh = models.JSONField()
    end_wh = models.JSONField()
    units_wh = models.BigIntegerField()
    total_paise = models.BigIntegerField()
    charged_paise = models.BigIntegerField(default=0)  # of it, by others before: instalments
    arrears_paise = models.BigIntegerField(default=0)
    due_s = models.BigIntegerField(default=0)  # 0: nothing is payable
    lines = models.JSONField()
    currency = models.CharField(max_length=3, default="INR")
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
            models.UniqueConstraint(fields=["period", "connection", "revision"], name="bill_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}: {self.total_paise} paise"

    @property
    def agrees(self) -> bool:
        """Whether the meter's account agrees with the tariff and with what was sold."""
        return not self.difference and self.sold == self.bought

    @property
    def payable_paise(self) -> int:
        """This bill and what was owed before it; 0 where that was paid ahead."""
        return max(0, self.total_paise + self.arrears_paise)


class DunningStep(models.Model):
    """A step of the profile's `dunning_steps`, taken once for a bill with `paise` overdue."""

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="dunning")
    step = models.CharField(max_length=12)
    paise = models.BigIntegerField()
    taken_s = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["bill", "step"], name="dunning_once")]

    def __str__(self) -> str:
        return f"{self.step} for {self.bill_id}"
