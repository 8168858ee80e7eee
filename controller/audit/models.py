"""The audit trail's table. Append-only: here, and by triggers in the database itself."""

from django.db import models

from controller.append_only import AppendOnly, AppendOnlyRows


class AuditEvent(AppendOnly):
    """One thing that somebody did. `subject` is what it was done to, e.g. `meter BHK01`."""

    at_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)
    action = models.CharField(max_length=80)
    subject = models.CharField(max_length=120)
    detail = models.JSONField(default=dict)

    objects = AppendOnlyRows.as_manager()

    class Meta:
        verbose_name = "audit trail"
        indexes = [models.Index(fields=["subject", "at_s"], name="audit_subject")]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.at_s} {self.actor}: {self.action} {self.subject}"
