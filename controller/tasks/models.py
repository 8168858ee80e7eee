"""Tasks and their end. One thing to decide is one open task, however often it is noticed."""

from django.db import models
from django_fsm import FSMField, FSMModelMixin, transition


class TaskState(models.TextChoices):
    """Whether a person has decided."""

    OPEN = "open", "To be decided"
    CLOSED = "closed", "Decided"


class Task(FSMModelMixin, models.Model):
    """Something that a person must decide. `subject` is what it is about, e.g. `meter BHK01`.

    `key` names the one thing to decide; `evidence` is what was seen when it was first noticed.
    """

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    key = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    evidence = models.JSONField(default=dict)
    raised_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)
    state = FSMField(default=TaskState.OPEN, choices=TaskState.choices, protected=True)
    outcome = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=500, blank=True)
    closed_s = models.BigIntegerField(null=True, default=None)
    closed_by = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(state="open"), name="task_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["state", "kind"], name="task_kind"),
            models.Index(fields=["subject"], name="task_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.title}"

    @transition(field=state, source=TaskState.OPEN, target=TaskState.CLOSED)
    def mark_closed(self, outcome: str, note: str, actor: str, now_s: int) -> None:
        """A person has decided."""
        self.outcome, self.note, self.closed_by, self.closed_s = outcome, note, actor, now_s
