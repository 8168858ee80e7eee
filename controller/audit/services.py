"""Writes the audit trail: `record` is called inside the transaction of what it records."""

from typing import Any

from controller import clock
from controller.audit.models import AuditEvent


def record(actor: str, action: str, subject: str, **detail: Any) -> AuditEvent:
    """Adds one event: who (`actor`) did what (`action`) to what (`subject`), with details.

    `detail` must be JSON and never hold a key or a password.
    """
    return AuditEvent.objects.create(
        at_s=clock.now_s(), actor=actor, action=action, subject=subject, detail=detail
    )
