"""What is to become of a connection, and every step on the way (MG-14). Nothing here is true until
the board has said so; what is true stands in `consumers`.
"""

from django.db import models
from django_fsm import FSMField, transition

from controller.changes import rules
from controller.consumers.models import Connection, Package, PackageAssignment
from controller.headend.models import Command
from controller.workflow import Step, Workflow


class ChangeState(models.TextChoices):
    """In which of the lists a change stands."""

    REQUESTED = "requested", "Request"
    IN_PROCESS = "in_process", "In process"
    REVIEW = "review", "Review"
    COMPLETED = "completed", "Completed"
    REFUSED = "refused", "Refused"
    CANCELLED = "cancelled", "Cancelled"


OPEN = (ChangeState.REQUESTED, ChangeState.IN_PROCESS, ChangeState.REVIEW)
CLOSED = (ChangeState.COMPLETED, ChangeState.REFUSED, ChangeState.CANCELLED)


class Change(Workflow):
    """One change that somebody asked for, or that a rule decided (`is_by_rule`, MG-6).

    `package` and `sanctioned_load_w` are what is wanted, `before` what was true then. `board` is
    what the meter board last said of the order.
    """

    class Kind(models.TextChoices):
        """What is to be another."""

        PACKAGE = rules.PACKAGE, "Another package"
        LOAD = rules.LOAD, "Another sanctioned load"
        DEACTIVATE = rules.DEACTIVATE, "Deactivation"
        REACTIVATE = rules.REACTIVATE, "Reactivation"

    class Cause(models.TextChoices):
        """Why a connection is deactivated, or was."""

        NONE = "", "–"
        WISH = rules.WISH, "At the consumer's wish"
        DEBT = rules.DEBT, "For debts"
        CAPACITY = rules.CAPACITY, "The plant's capacity does not suffice"

    class Channel(models.TextChoices):
        """Who asked."""

        CONSUMER = "consumer", "The consumer"
        AGENT = "agent", "Staff, on the consumer's behalf"
        OFFICE = "office", "The office"

    class Effective(models.TextChoices):
        """From when on."""

        NOW = rules.NOW, "Now"
        NEXT_PERIOD = rules.NEXT_PERIOD, "From the next billing period"

    class Topic(models.TextChoices):
        """Of each there is one open change a connection."""

        PACKAGE = "package", "Package and load"
        SUPPLY = "supply", "Supply"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    topic = models.CharField(max_length=7, choices=Topic.choices)
    cause = models.CharField(max_length=8, choices=Cause.choices, blank=True, default="")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    is_by_rule = models.BooleanField(default=False)
    package = models.ForeignKey(
        Package, on_delete=models.PROTECT, null=True, default=None, related_name="+"
    )
    sanctioned_load_w = models.PositiveIntegerField(null=True, default=None)
    effective = models.CharField(max_length=11, choices=Effective.choices, default=Effective.NOW)
    before = models.JSONField(default=dict)
    state = FSMField(default=ChangeState.REQUESTED, choices=ChangeState.choices, protected=True)
    requested_s = models.BigIntegerField()
    requested_by = models.CharField(max_length=80)
    decided_s = models.BigIntegerField(null=True, default=None)
    decided_by = models.CharField(max_length=80, blank=True, default="")
    assignee = models.CharField(max_length=80, blank=True, default="")
    due_paise = models.BigIntegerField(default=0)  # what was to be paid when it was approved
    assignment = models.OneToOneField(
        PackageAssignment, on_delete=models.PROTECT, null=True, default=None, related_name="change"
    )
    command = models.OneToOneField(
        Command, on_delete=models.PROTECT, null=True, default=None, related_name="change"
    )
    board = models.CharField(max_length=12, blank=True, default="")
    completed_s = models.BigIntegerField(null=True, default=None)

    class Meta:
        verbose_name = "change"
        ordering = ["-requested_s", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "topic"],
                condition=models.Q(state__in=["requested", "in_process", "review"]),
                name="change_open_once",
            )
        ]
        indexes = [models.Index(fields=["state", "requested_s"], name="change_list")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.connection}: {self.state}"

    @property
    def subject(self) -> str:
        """The consumer, for the audit trail."""
        return f"consumer {self.connection.consumer_id}"

    @transition(field=state, source=ChangeState.REQUESTED, target=ChangeState.IN_PROCESS)
    def approve(self) -> None:
        """Another person than the one who asked agrees, or a rule has decided."""

    @transition(
        field=state,
        source=[ChangeState.REQUESTED, ChangeState.IN_PROCESS],
        target=ChangeState.REFUSED,
    )
    def refuse(self) -> None:
        """It is not to be."""

    @transition(
        field=state,
        source=[ChangeState.REQUESTED, ChangeState.IN_PROCESS],
        target=ChangeState.CANCELLED,
    )
    def cancel(self) -> None:
        """It is not wanted any more."""

    @transition(field=state, source=ChangeState.IN_PROCESS, target=ChangeState.IN_PROCESS)
    def reassign(self) -> None:
        """Another person sees to it."""

    @transition(field=state, source=ChangeState.IN_PROCESS, target=ChangeState.REVIEW)
    def process(self) -> None:
        """What was due is paid, and the board has its order."""

    @transition(field=state, source=ChangeState.REVIEW, target=ChangeState.COMPLETED)
    def complete(self) -> None:
        """The board has confirmed it; where there is none, a person has."""

    @transition(field=state, source=ChangeState.REVIEW, target=ChangeState.IN_PROCESS)
    def send_back(self) -> None:
        """The board will not, or it was not right: what was before is still true."""

    @transition(field=state, source=ChangeState.REVIEW, target=ChangeState.CANCELLED)
    def call_off(self) -> None:
        """The order was taken back before it left."""


class ChangeStep(Step):
    """A step of a change."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="steps")
