"""Changes of a connection in four lists: request, in process, review, completed (MG-14, MG-6).

Who asked does not decide; complete is what the meter board has confirmed.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from controller.access.queries import staff_at
from controller.access.rules import ROLES, allows
from controller.changes import orders as steps
from controller.changes import queries, services
from controller.changes.models import Change, ChangeState
from controller.console import account, reach
from controller.console.entry import EntryForm, ReasonForm
from controller.console.orders import Order
from controller.console.queries import without_check
from controller.console.reach import Rights, rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import (
    SOFT,
    Button,
    Cell,
    Section,
    Sheet,
    Table,
    list_page,
    when,
)
from controller.console.steps import steps_of
from controller.console.templatetags.format import consumer_id as show_id
from controller.console.templatetags.format import moment, package_id
from controller.console.words import said, say, word
from controller.consumers.models import Plant
from controller.figures import rupees, watts
from controller.workflow import words

LISTS = {
    "request": word("Request"),
    "in_process": word("In process"),
    "review": word("Review"),
    "completed": word("Completed"),
}
CHANGES_SHOWN = 50
CLOSED = "completed"  # the list that only grows: it is not counted


def _lists(held: Rights) -> dict[str, QuerySet[Change]]:
    return queries.lists(Plant.objects.filter(pk__in=held.plants))


def waiting(held: Rights) -> int:
    """What the user could decide: requests of other people."""
    if not held.may("changes.decide"):
        return 0
    return _lists(held)["request"].exclude(requested_by=held.user.get_username()).count()


def changes(request: HttpRequest) -> HttpResponse:
    """One of the four lists, each with how many wait in it."""
    lists = _lists(rights(request))
    choices = [
        Choice(name, said(label) if name == CLOSED else f"{said(label)} {lists[name].count()}")
        for name, label in LISTS.items()
    ]
    rows = Rows(request.GET, choices)
    found = lists[rows.show]
    if rows.search:
        found = found.filter(
            Q(connection__consumer__name__icontains=rows.search)
            | Q(connection__consumer__id__icontains=without_check(rows.search))
        )
    return list_page(
        request, say("Changes"), rows, found, _heads(), row, hint=say("Name or number"),
        empty=say("Nothing stands in this list."),
    )  # fmt: skip


def _heads() -> list[str]:
    return [say("Change"), say("State"), say("Consumer"), say("Since")]


def of_consumer(request: HttpRequest, consumer_id: str) -> HttpResponse:
    """The tab of one consumer: all changes of the connection (MG-14)."""
    consumer = reach.consumer(request, consumer_id)
    shown = account.sheet(request, consumer, "account_changes")
    rows = [row(change) for change in queries.of_consumer(consumer)[:CHANGES_SHOWN]]
    shown.sections = [Section(table=Table(_heads(), rows, say("None yet.")))]
    return shown.answer(request)


def row(change: Change) -> list[Cell]:
    """A change in a list."""
    consumer = change.connection.consumer
    return [
        Cell(
            _what(change), reverse("console:change", args=[change.pk]), small=change.requested_by
        ),
        Cell(said(change.get_state_display()), small=_hands(change), look=SOFT),
        Cell(consumer.name, account.url(consumer), small=show_id(consumer.pk)),
        when(change.requested_s),
    ]


def _what(change: Change) -> str:
    kind = said(change.get_kind_display())
    return f"{kind}: {package_id(change.package_id)}" if change.package_id else kind


def _hands(change: Change) -> str:
    """Who sees to it, and what the board said."""
    return " · ".join(part for part in (change.assignee, _board(change)) if part)


def _board(change: Change) -> str:
    """What the meter board last said of it."""
    return said(words(change.board).capitalize()) if change.board else ""


def find(request: HttpRequest, change_id: int) -> Change:
    """A change at one of the user's plants. Raises Http404."""
    found = Change.objects.select_related("connection__consumer__plant", "package")
    here = reach.at_plants(request, found, "connection__consumer__plant")
    change: Change = get_object_or_404(here, pk=change_id)
    return change


def one(request: HttpRequest, change_id: int) -> HttpResponse:
    """One change: what was, what is to be, who did what."""
    change = find(request, change_id)
    held = rights(request)
    orders = [order for order in ORDERS if order.shown(change) and held.may(order.needs)]
    if change.requested_by == held.user.get_username():
        orders = [order for order in orders if order.name != "approve"]
    consumer = change.connection.consumer
    return Sheet(
        title=_what(change),
        subtitle=account.title(consumer),
        headline=said(change.get_state_display()),
        facts=_facts(change),
        buttons=[Button(said(o.label), f"{o.name}/", o.danger) for o in orders]
        + [Button(say("Account"), account.url(consumer))],
        sections=[steps_of(change)],
    ).answer(request)


def _facts(change: Change) -> list[tuple[str, str]]:
    before = change.before
    facts = [(say("Asked by"), f"{change.requested_by} ({said(change.get_channel_display())})"),
             (say("Since"), moment(change.requested_s))]  # fmt: skip
    if change.package_id:
        was = before.get("package")
        facts += [
            (say("Package now"), package_id(was) if was else "–"),
            (say("Package wanted"), package_id(change.package_id)),
            (say("From when"), said(change.get_effective_display())),
            (say("Demanded"), rupees(change.due_paise)),
        ]
    if change.sanctioned_load_w:
        facts.append((say("Load wanted"), watts(change.sanctioned_load_w)))
    if change.cause:
        facts.append((say("Why"), said(change.get_cause_display())))
    if change.decided_by:
        facts.append((say("Decided by"), change.decided_by))
    if change.assignee:
        facts.append((say("Assigned to"), change.assignee))
    if change.board:
        facts.append((say("The board says"), _board(change)))
    return facts


# --- deciding and doing -------------------------------------------------------------------------


def _title(change: Change) -> str:
    return f"{_what(change)} · {account.title(change.connection.consumer)}"


def _page(change: Change) -> str:
    return reverse("console:change", args=[change.pk])


def _by(call: Callable[..., Change], field: str = "") -> Callable[[Change, Any, str], str]:
    """A step that takes what was typed in the form's one field as its reason or note."""

    def do(change: Change, form: Any, actor: str) -> str:
        typed = next(iter(form.cleaned_data.values()), "")
        given = {field: typed} if field else {}
        moved = call(change_id=change.pk, actor=actor, **given)
        return say("Change {0}: {1}", moved.pk, said(moved.get_state_display()))

    return do


class AssignForm(EntryForm):
    """Who of the plant's staff sees to it."""

    assignee = forms.ChoiceField(label=word("Who sees to it"))
    note = forms.CharField(label=word("Note"), max_length=300, required=False)

    def __init__(self, data: Any, subject: Change) -> None:
        super().__init__(data, subject)
        names = [user.username for user in _staff(subject)]
        _choice(self, "assignee").choices = [(name, name) for name in names]


class ApproveForm(AssignForm):
    """The same; nobody named: whoever approves."""

    def __init__(self, data: Any, subject: Change) -> None:
        super().__init__(data, subject)
        field = _choice(self, "assignee")
        field.required, known = False, list(field.choices)  # type: ignore[arg-type]
        field.choices = [("", say("Myself")), *known]


def _choice(form: forms.Form, name: str) -> forms.ChoiceField:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    return field


def _staff(change: Change) -> list[User]:
    """Who may process a change at its plant."""
    plant = change.connection.consumer.plant
    roles = [role for role in ROLES if allows(frozenset({role}), "changes.process")]
    found = {user.pk: user for role in roles for user in staff_at(plant, role)}
    return sorted(found.values(), key=lambda user: user.username)


def _assigned(call: Callable[..., Change]) -> Callable[[Change, AssignForm, str], str]:
    def do(change: Change, form: AssignForm, actor: str) -> str:
        moved = call(change_id=change.pk, actor=actor, **form.cleaned_data)
        return say("Change {0}: {1} sees to it.", moved.pk, moved.assignee)

    return do


def _in(*states: str) -> Callable[[Any], bool]:
    return lambda change: change.state in states


def _step(
    name: str, label: str, text: str, needs: str, do: Callable[[Change, Any, str], str],
    states: tuple[str, ...], form: type[EntryForm] = EntryForm, *, danger: bool = False,
) -> Order:  # fmt: skip
    return Order(name, label, text, form, needs, find, do, _title, _page, danger, _in(*states))


REQUESTED, IN_PROCESS, REVIEW = (
    ChangeState.REQUESTED, ChangeState.IN_PROCESS, ChangeState.REVIEW,
)  # fmt: skip
ORDERS = (
    _step("approve", word("Approve"), word("What is due is demanded; then the board is ordered."),
          "changes.decide", _assigned(services.approve), (REQUESTED,), ApproveForm),
    _step("refuse", word("Refuse"), word("The reason goes to the consumer."), "changes.decide",
          _by(services.refuse, "reason"), (REQUESTED, IN_PROCESS), ReasonForm, danger=True),
    _step("process", word("Order it"), word("What was due is paid; the board gets its order."),
          "changes.process", _by(steps.process), (IN_PROCESS,)),
    _step("complete", word("Complete by hand"),
          word("Only where no board can confirm it: say what was done."), "changes.process",
          _by(steps.complete, "note"), (REVIEW,), ReasonForm),
    _step("back", word("Send back"), word("It was not right, or the board stays silent."),
          "changes.process", _by(steps.send_back, "reason"), (REVIEW,), ReasonForm),
    _step("reassign", word("Reassign"), word("Another person of the plant's staff sees to it."),
          "changes.decide", _assigned(services.reassign), (IN_PROCESS,), AssignForm),
    _step("cancel", word("Cancel"), word("It is not wanted any more."), "changes.request",
          _by(services.cancel, "reason"), (REQUESTED, IN_PROCESS), ReasonForm, danger=True),
)  # fmt: skip
