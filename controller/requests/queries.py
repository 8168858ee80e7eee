"""Finds service requests, and says how a plant does with them (MG-12)."""

from collections.abc import Iterable

from django.db.models import QuerySet

from controller.consumers.models import Consumer, Plant
from controller.errors import Refused
from controller.requests import rules
from controller.requests.models import PENDING, RequestState, ServiceRequest


def find_request(request_id: int) -> ServiceRequest:
    """One request with its consumer. Raises Refused."""
    request = _all().filter(pk=request_id).first()
    if request is None:
        raise Refused(f"There is no service request {request_id}", "Choose one of the list.")
    return request


def waiting(plants: Iterable[Plant], assignee: str | None = None) -> QuerySet[ServiceRequest]:
    """What is to be done at these plants, the oldest first; or only what one person has."""
    found = _all().filter(consumer__plant__in=plants, state__in=PENDING)
    if assignee is not None:
        found = found.filter(assignee=assignee)
    return found.order_by("submitted_s", "pk")


def of_consumer(consumer: Consumer) -> QuerySet[ServiceRequest]:
    """All requests of a consumer, the newest first."""
    return _all().filter(consumer=consumer)


def figures(plants: Iterable[Plant], from_s: int, until_s: int) -> list[rules.Figures]:
    """By kind, of what was submitted in [from_s, until_s): pending, completed, how fast, stars."""
    found = ServiceRequest.objects.filter(
        consumer__plant__in=plants, submitted_s__gte=from_s, submitted_s__lt=until_s
    ).exclude(state=RequestState.CANCELLED)
    rows = found.values_list("kind", "submitted_s", "completed_s", "stars")
    return rules.measure(rules.Done(*row) for row in rows.iterator())


def _all() -> QuerySet[ServiceRequest]:
    return ServiceRequest.objects.select_related("consumer__plant")
