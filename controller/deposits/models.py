"""What was demanded as security, and every movement of it. The money itself is the ledger's."""

from django.db import models
from django_fsm import FSMField, transition

from controller.append_only import AppendOnly, AppendOnlyRows
from controller.consumers.models import Consumer
from controller.workflow import Step, Workflow


class DemandState(models.TextChoices):
    """Whether the deposit that is needed is there."""

    OPEN = "open", "To be paid"
    MET = "met", "Paid"
    CANCELLED = "cancelled", "Cancelled"


class Demand(Workflow):
    """That a consumer's deposit must be `needed_paise` in all, `amount_paise` more than it was."""

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="demands")
    needed_paise = models.BigIntegerField()
    amount_paise = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    demanded_s = models.BigIntegerField()
    state = FSMField(default=DemandState.OPEN, choices=DemandState.choices, protected=True)

    class Meta:
        verbose_name = "deposit demand"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["consumer"], condition=models.Q(state="open"), name="demand_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount_paise} paise of {self.consumer_id}: {self.state}"

    @property
    def subject(self) -> str:
        """The consumer, for the audit trail."""
        return f"consumer {self.consumer_id}"

    @transition(field=state, source=DemandState.OPEN, target=DemandState.MET)
    def meet(self) -> None:
        """The deposit is as large as it must be."""

    @transition(field=state, source=DemandState.OPEN, target=DemandState.CANCELLED)
    def cancel(self) -> None:
        """It is not needed any more, or another demand took its place."""


class DemandStep(Step):
    """A step of a demand."""

    demand = models.ForeignKey(Demand, on_delete=models.CASCADE, related_name="steps")


class Movement(AppendOnly):
    """One movement of a consumer's deposit, with its entry in the ledger."""

    class Kind(models.TextChoices):
        """Which way the money went."""

        COLLECTED = "collected", "Collected"
        USED = "used", "Used for dues"
        RETURNED = "returned", "Given back"
        REVERSED = "reversed", "Collection reversed"

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="deposit_moves")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    amount_paise = models.BigIntegerField()
    payment = models.CharField(max_length=40, blank=True, default="")  # of a collection
    entry_id = models.BigIntegerField()  # of the ledger
    at_s = models.BigIntegerField()
    reason = models.CharField(max_length=200, blank=True, default="")
    actor = models.CharField(max_length=80)

    objects = AppendOnlyRows.as_manager()

    class Meta:
        verbose_name = "movement of a deposit"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_paise} paise of {self.consumer_id}"
