"""Tasks: what a person must decide, with the evidence, and what was decided."""

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from controller.console.details import pairs
from controller.console.entry import EntryForm
from controller.console.orders import Order
from controller.console.reach import Rights, rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import Button, Cell, Section, Sheet, Table, list_page, when
from controller.console.templatetags.format import moment
from controller.console.words import said, say, word
from controller.consumers.models import Connection
from controller.tasks import queries, services
from controller.tasks.models import Task, TaskState

OF_METER, OF_CONSUMER = "meter ", "consumer "
OPEN, CLOSED = "open", "closed"
LISTS = (Choice(OPEN, word("To be decided")), Choice(CLOSED, word("Decided")))
OUTCOMES = (
    ("done", word("Done")),
    ("corrected", word("Corrected")),
    ("refunded", word("Money given back")),
    ("no fault", word("Nothing was wrong")),
    ("given up", word("Nothing more can be done")),
)


def visible(held: Rights, found: QuerySet[Task]) -> QuerySet[Task]:
    """Without those about a consumer or a meter at a plant that the user does not see."""
    stranger = Q(subject__startswith=OF_CONSUMER)
    for prefix in held.prefixes:
        stranger &= ~Q(subject__startswith=f"{OF_CONSUMER}{prefix}")
    elsewhere = Connection.objects.filter(meter=Substr(OuterRef("subject"), len(OF_METER) + 1))
    elsewhere = elsewhere.exclude(consumer__plant__in=held.plants)
    return found.exclude(stranger | Q(subject__startswith=OF_METER) & Exists(elsewhere))


def waiting(held: Rights) -> int:
    """How many tasks wait."""
    return visible(held, queries.open_tasks()).count()


def tasks(request: HttpRequest) -> HttpResponse:
    """What waits, the oldest first; or what was decided."""
    rows = Rows(request.GET, LISTS)
    found = queries.open_tasks() if rows.show == OPEN else queries.closed_tasks()
    if rows.search:
        asked = rows.search
        found = found.filter(
            Q(title__icontains=asked) | Q(subject__icontains=asked) | Q(kind__icontains=asked)
        )
    return list_page(
        request, say("Tasks"), rows, visible(rights(request), found),
        [say("Task"), say("Kind"), say("About"), say("Since")], _row,
        hint=say("Task, kind or consumer"), empty=say("Nothing waits for you here."),
    )  # fmt: skip


def _row(task: Task) -> list[Cell]:
    decided = said(dict(OUTCOMES).get(task.outcome, task.outcome))
    return [
        Cell(said(task.title), reverse("console:task", args=[task.pk]), small=decided),
        Cell(said(task.kind.replace("_", " ")), look="soft"),
        Cell(said(task.subject)),
        when(task.raised_s),
    ]


def find(request: HttpRequest, task_id: int) -> Task:
    """A task that the user sees. Raises Http404."""
    return get_object_or_404(visible(rights(request), Task.objects.all()), pk=task_id)


def task(request: HttpRequest, task_id: int) -> HttpResponse:
    """One task with its evidence."""
    found = find(request, task_id)
    facts = [
        (say("Kind"), said(found.kind.replace("_", " "))),
        (say("About"), said(found.subject)),
        (say("Since"), moment(found.raised_s)),
        (say("Raised by"), found.actor),
    ]
    if found.state == TaskState.CLOSED:
        facts += [
            (say("Decided"), said(dict(OUTCOMES).get(found.outcome, found.outcome))),
            (say("By"), found.closed_by),
            (say("When"), moment(found.closed_s or 0)),
            (say("Note"), found.note or "–"),
        ]
    closable = found.state == TaskState.OPEN and rights(request).may("tasks.close")
    close = Button(say("Decide"), reverse("console:task_close", args=[found.pk]))
    about = about_url(found.subject)
    return Sheet(
        title=said(found.title),
        facts=facts,
        buttons=[
            *([close] if closable else []),
            *([Button(said(found.subject), about)] if about else []),
        ],
        sections=[Section(say("Evidence"), Table(["", ""], _evidence(found.evidence), "–"))],
    ).answer(request)


def about_url(subject: str) -> str:
    """The page of what a task is about; empty when there is none."""
    kind, _, name = subject.partition(" ")
    page = {"meter": "console:meter", "consumer": "console:account"}.get(kind)
    return reverse(page, args=[name]) if page and name.isalnum() else ""


def _evidence(evidence: dict[str, Any]) -> list[list[Cell]]:
    return [
        [Cell(name, look="soft"), Cell(value, look="wide")] for name, value in pairs("", evidence)
    ]


class CloseForm(EntryForm):
    """What was decided, and why."""

    outcome = forms.ChoiceField(label=word("Decision"), choices=OUTCOMES)
    note = forms.CharField(label=word("Why"), max_length=500)


def _close(found: Task, form: CloseForm, actor: str) -> str:
    typed = form.cleaned_data
    services.close_task(
        task_id=found.pk, outcome=typed["outcome"], note=typed["note"], actor=actor
    )
    return say("Task {0} is decided.", found.pk)


CLOSE = Order(
    "close",
    word("Decide"),
    word("The decision and its reason are kept for good, with your name."),
    CloseForm,
    "tasks.close",
    find,
    _close,
    lambda found: said(found.title),
    lambda _found: reverse("console:tasks"),
)
