"""Service requests and the steps that they went through (MG-12)."""

from django.db import models
from django_fsm import FSMField, transition

from controller.consumers.models import Consumer
from controller.requests import rules
from controller.workflow import Step, Workflow


class RequestState(models.TextChoices):
    """How far a request has come."""

    SUBMITTED = "submitted", "Submitted"
    ASSIGNED = "assigned", "Assigned"
    COMPLETED = "completed", "Completed"
    RATED = "rated", "Rated by the consumer"
    CANCELLED = "cancelled", "Cancelled"


PENDING = (RequestState.SUBMITTED, RequestState.ASSIGNED)
DONE = (RequestState.COMPLETED, RequestState.RATED)


class ServiceRequest(Workflow):
    """What a consumer reports. `assignee` is the login of the member of staff who sees to it."""

    class Channel(models.TextChoices):
        """Who typed it in."""

        CONSUMER = "consumer", "The consumer"
        AGENT = "agent", "Staff, on the consumer's behalf"

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=12, choices=list(rules.KINDS.items()))
    text = models.CharField(max_length=rules.TEXT_MAX)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    state = FSMField(default=RequestState.SUBMITTED, choices=RequestState.choices, protected=True)
    submitted_s = models.BigIntegerField()
    submitted_by = models.CharField(max_length=80)
    assignee = models.CharField(max_length=80, blank=True, default="")
    assigned_s = models.BigIntegerField(null=True, default=None)
    visited_s = models.BigIntegerField(null=True, default=None)
    completed_s = models.BigIntegerField(null=True, default=None)
    done = models.CharField(max_length=300, blank=True, default="")  # what was done
    stars = models.PositiveSmallIntegerField(null=True, default=None)
    opinion = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        verbose_name = "service request"
        ordering = ["-submitted_s", "-pk"]
        indexes = [models.Index(fields=["state", "submitted_s"], name="request_waiting")]

    def __str__(self) -> str:
        return f"request {self.pk} of {self.consumer_id}: {self.state}"

    @property
    def subject(self) -> str:
        """The consumer, for the audit trail."""
        return f"consumer {self.consumer_id}"

    @transition(field=state, source=RequestState.SUBMITTED, target=RequestState.ASSIGNED)
    def assign(self) -> None:
        """A member of the technical team has it."""

    @transition(field=state, source=RequestState.ASSIGNED, target=RequestState.ASSIGNED)
    def reassign(self) -> None:
        """Another member of the technical team has it."""

    @transition(field=state, source=RequestState.ASSIGNED, target=RequestState.COMPLETED)
    def complete(self) -> None:
        """The place was visited and the job is done."""

    @transition(field=state, source=list(PENDING), target=RequestState.CANCELLED)
    def cancel(self) -> None:
        """It is not needed any more."""

    @transition(field=state, source=RequestState.COMPLETED, target=RequestState.RATED)
    def rate(self) -> None:
        """The consumer has said how it went."""


class RequestStep(Step):
    """A step of a service request."""

    request = models.ForeignKey(ServiceRequest, on_delete=models.CASCADE, related_name="steps")
