"""Takes service requests and hands them on, up to the consumer's rating (MG-12)."""

from typing import Any

from django.db import transaction

from controller import clock, workflow
from controller.access.services import check_member
from controller.consumers import queries as consumers
from controller.consumers.models import Consumer
from controller.errors import Refused
from controller.requests import rules
from controller.requests.models import PENDING, ServiceRequest
from controller.requests.signals import request_moved


@transaction.atomic
def submit(*, consumer_id: str, kind: str, text: str, channel: str, actor: str) -> ServiceRequest:
    """Takes a request from a consumer, or from staff on their behalf (`channel`).

    Raises Refused for a kind that is open already for this consumer, so that a second press of
    the button is no second job.
    """
    plain = consumers.find_consumer(consumer_id).pk
    consumer = Consumer.objects.select_for_update().get(pk=plain)
    open_kinds = consumer.requests.filter(state__in=PENDING).values_list("kind", flat=True)
    rules.check_submission(kind, text, open_kinds)
    if channel not in ServiceRequest.Channel.values:
        raise Refused(f"There is no channel {channel!r}", "Use consumer or agent.")
    request = ServiceRequest.objects.create(
        consumer=consumer,
        kind=kind,
        text=text.strip(),
        channel=channel,
        submitted_s=clock.now_s(),
        submitted_by=actor,
    )
    step = workflow.note_step(request, "submit", actor=actor, kind=kind, channel=channel)
    _tell(request, step)
    return request


@transaction.atomic
def assign(*, request_id: int, assignee: str, actor: str) -> ServiceRequest:
    """Gives the request to a member of the technical team of the consumer's plant."""
    request = _lock(request_id)
    return _give(request, "assign", assignee, "", actor)


@transaction.atomic
def reassign(*, request_id: int, assignee: str, reason: str, actor: str) -> ServiceRequest:
    """The site in-charge gives it to somebody else, and says why. Raises Refused."""
    workflow.check_reason(reason)
    request = _lock(request_id)
    if request.assignee == assignee:
        raise Refused(f"{assignee} has the request already", "Choose somebody else.")
    return _give(request, "reassign", assignee, reason, actor)


@transaction.atomic
def complete(*, request_id: int, visited_s: int, done: str, actor: str) -> ServiceRequest:
    """The place was visited at `visited_s` (board time) and this was done. Raises Refused."""
    workflow.check_reason(done)
    request = _lock(request_id)
    now_s = clock.now_s()
    if not request.submitted_s <= visited_s <= now_s:
        raise Refused(
            "The visit lies before the request, or in the future", "Give the time of the visit."
        )
    request.visited_s, request.completed_s, request.done = visited_s, now_s, done.strip()
    return _move(request, "complete", actor, done, visited_s=visited_s)


@transaction.atomic
def cancel(*, request_id: int, reason: str, actor: str) -> ServiceRequest:
    """The request is not needed any more. Raises Refused without a reason."""
    workflow.check_reason(reason)
    return _move(_lock(request_id), "cancel", actor, reason)


@transaction.atomic
def rate(*, request_id: int, stars: int, opinion: str = "", actor: str) -> ServiceRequest:
    """The consumer says how it went, once: 1 (bad) to 5 (good). Raises Refused."""
    rules.check_stars(stars)
    request = _lock(request_id)
    request.stars, request.opinion = stars, opinion.strip()
    return _move(request, "rate", actor, opinion, stars=stars)


def _lock(request_id: int) -> ServiceRequest:
    found = ServiceRequest.objects.select_for_update(of=("self",)).select_related(
        "consumer__plant"
    )
    request = found.filter(pk=request_id).first()
    if request is None:
        raise Refused(f"There is no service request {request_id}", "Choose one of the list.")
    return request


def _give(
    request: ServiceRequest, step: str, assignee: str, note: str, actor: str
) -> ServiceRequest:
    check_member(assignee, "requests.complete", request.consumer.plant)
    request.assignee, request.assigned_s = assignee, clock.now_s()
    return _move(request, step, actor, note, assignee=assignee)


def _move(
    request: ServiceRequest, name: str, actor: str, note: str = "", **facts: Any
) -> ServiceRequest:
    step = workflow.move(request, name, actor=actor, note=note, **facts)
    _tell(request, step)
    return request


def _tell(request: ServiceRequest, step: Any) -> None:
    request_moved.send(sender=ServiceRequest, request=request, step=step)
