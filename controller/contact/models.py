"""Edits of a consumer's contact details, and the codes by which the consumer agrees (MG-11).

A code is kept as a keyed hash: who reads the database cannot use it.
"""

from django.db import models
from django_fsm import FSMField, transition

from controller.consumers.models import Consumer
from controller.workflow import Step, Workflow


class EditState(models.TextChoices):
    """How far an edit has come."""

    REQUESTED = "requested", "Waiting for the consumer's code"
    APPLIED = "applied", "Applied"
    EXPIRED = "expired", "Expired"
    VOID = "void", "Void"  # too many wrong codes, or a later edit took its place


class ContactEdit(Workflow):
    """What is to become another: `before` and `after` by field."""

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="contact_edits")
    channel = models.CharField(max_length=8)
    before = models.JSONField()
    after = models.JSONField()
    requested_s = models.BigIntegerField()
    requested_by = models.CharField(max_length=80)
    expires_s = models.BigIntegerField()
    tries = models.PositiveSmallIntegerField(default=0)
    state = FSMField(default=EditState.REQUESTED, choices=EditState.choices, protected=True)

    class Meta:
        verbose_name = "contact edit"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["consumer"], condition=models.Q(state="requested"), name="edit_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"edit {self.pk} of {self.consumer_id}: {self.state}"

    @property
    def subject(self) -> str:
        """The consumer, for the audit trail."""
        return f"consumer {self.consumer_id}"

    @transition(field=state, source=EditState.REQUESTED, target=EditState.APPLIED)
    def apply(self) -> None:
        """The consumer has agreed, by every code that was sent."""

    @transition(field=state, source=EditState.REQUESTED, target=EditState.EXPIRED)
    def expire(self) -> None:
        """No code came in time."""

    @transition(field=state, source=EditState.REQUESTED, target=EditState.VOID)
    def annul(self) -> None:
        """It can no longer be agreed to."""


class ConsentCode(models.Model):
    """A code that went to one phone for one edit."""

    edit = models.ForeignKey(ContactEdit, on_delete=models.CASCADE, related_name="codes")
    phone = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    made_s = models.BigIntegerField()
    confirmed_s = models.BigIntegerField(null=True, default=None)

    def __str__(self) -> str:
        return f"code for {self.edit_id}"


class ContactStep(Step):
    """A step of an edit."""

    edit = models.ForeignKey(ContactEdit, on_delete=models.CASCADE, related_name="steps")
