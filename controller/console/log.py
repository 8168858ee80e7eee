"""The activity log: who did what to what and when, with what was before and after, searchable."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from controller.audit.models import AuditEvent
from controller.console.details import pairs
from controller.console.rows import Rows

SIDES = ("before", "after")


def log(request: HttpRequest) -> HttpResponse:
    """All that was recorded, the newest first."""
    rows = Rows(request.GET)
    context = rows.of(_found(rows.search))
    context["rows"] = [(event, _told(event.detail)) for event in context["page"]]
    return render(request, "console/log.html", context)


def _found(search: str) -> QuerySet[AuditEvent]:
    """Events in which every word of the search stands: as actor, action or subject."""
    events = AuditEvent.objects.order_by("-pk")
    for part in search.split():
        events = events.filter(
            Q(actor__icontains=part) | Q(action__icontains=part) | Q(subject__icontains=part)
        )
    return events


def _told(detail: dict[str, Any]) -> dict[str, Any]:
    """The detail as before, after and the rest, each a list of (name, value)."""
    sides = {side: pairs(side, detail[side]) for side in SIDES if side in detail}
    rest = {name: value for name, value in detail.items() if name not in SIDES}
    return {**sides, "rest": pairs("", rest)}
