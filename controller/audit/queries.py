"""Reads the audit trail."""

from django.db.models import QuerySet

from controller.audit.models import AuditEvent

LATEST_MAX = 200


def latest(subject: str | None = None, count: int = 50) -> QuerySet[AuditEvent]:
    """The newest events first, at most LATEST_MAX, of one subject or of all."""
    events = AuditEvent.objects.order_by("-pk")
    if subject is not None:
        events = events.filter(subject=subject)
    return events[: min(count, LATEST_MAX)]
