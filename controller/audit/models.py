"""The audit trail's table. Append-only: here, and by triggers in the database itself."""

from typing import Any, NoReturn

from django.db import models

from controller.errors import Refused


def _refuse() -> NoReturn:
    raise Refused("The audit trail cannot be changed", "Record a further event instead.")


class AppendOnly(models.QuerySet["AuditEvent"]):
    """Rows that can be added and read, nothing else."""

    def update(self, **_values: Any) -> int:
        """Always refused."""
        _refuse()

    def delete(self) -> tuple[int, dict[str, int]]:
        """Always refused."""
        _refuse()


class AuditEvent(models.Model):
    """One thing that somebody did. `subject` is what it was done to, e.g. `meter BHK01`."""

    at_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)
    action = models.CharField(max_length=80)
    subject = models.CharField(max_length=120)
    detail = models.JSONField(default=dict)

    objects = AppendOnly.as_manager()

    class Meta:
        indexes = [models.Index(fields=["subject", "at_s"], name="audit_subject")]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.at_s} {self.actor}: {self.action} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Adds a new event; saving one that exists is refused."""
        if not self._state.adding:
            _refuse()
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        """Always refused."""
        _refuse()
