"""Hears what happened to consumers, inside the transaction that stored it, and tells them."""

from typing import Any

from controller.contact.models import ContactEdit
from controller.contact.signals import otp_made
from controller.notices import services
from controller.requests.models import RequestState, RequestStep, ServiceRequest
from controller.requests.signals import request_moved

MINUTE_S = 60
TOLD = {
    "submit": "request_submitted",
    "assign": "request_assigned",
    "complete": "request_completed",
}


def connect() -> None:
    """Starts listening; called once, when Django is set up."""
    otp_made.connect(_hear_otp, dispatch_uid="notices.otp")
    request_moved.connect(_hear_request, dispatch_uid="notices.request")


def _hear_otp(edit: ContactEdit, phone: str, code: str, ttl_s: int, **_more: Any) -> None:
    """The code goes to this very phone (MG-11), which may not be the consumer's yet."""
    services.send(
        template="otp",
        key=f"otp {edit.pk} {phone}",
        actor=edit.requested_by,
        consumer_id=edit.consumer_id,
        recipient=phone,
        channel="sms",
        values={"code": code, "minutes": ttl_s // MINUTE_S},
        subject=f"contact edit {edit.pk}",
    )


def _hear_request(request: ServiceRequest, step: RequestStep, **_more: Any) -> None:
    """The consumer is told that it was submitted, assigned and completed (MG-12)."""
    template = TOLD.get(step.name)
    if template is None or request.state == RequestState.CANCELLED:
        return
    services.send(
        template=template,
        key=f"request {request.pk} {step.pk}",
        actor=step.actor,
        consumer_id=request.consumer_id,
        values={"request": request.pk},
        subject=f"request {request.pk}",
    )
