"""Changes of a connection in four lists: request, in process, review, completed (MG-14, MG-6).

Who asked does not decide; complete is what the meter board has confirmed.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from controller.changes import orders as steps
from controller.changes import queries, rules, services
from controller.changes.models import Change, ChangeState
from controller.console import account, reach
from controller.console.entry import EntryForm, ReasonForm
from controller.console.orders import Order
from controller.console.reach import Rights, rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import SOFT, Button, Cell, Sheet, list_page, when
from controller.console.steps import steps_of
from controller.console.templatetags.format import consumer_id as show_id
from controller.console.templatetags.format import moment, package_id
from controller.console.words import said, say, word
from controller.consumers.models import Consumer, Package, Plant
from controller.figures import rupees, watts
from controller.workflow import words

LISTS = (
    Choice("request", word("Request")),
    Choice("in_process", word("In process")),
    Choice("review", word("Review")),
    Choice("completed", word("Completed")),
)


def _lists(held: Rights) -> dict[str, QuerySet[Change]]:
    return queries.lists(Plant.objects.filter(pk__in=held.plants))


def waiting(held: Rights) -> int:
    """What the user could decide: requests of other people."""
    if not held.may("changes.decide"):
        return 0
    return _lists(held)["request"].exclude(requested_by=held.user.get_username()).count()


def changes(request: HttpRequest) -> HttpResponse:
    """One of the four lists."""
    rows = Rows(request.GET, LISTS)
    found = _lists(rights(request))[rows.show]
    if rows.search:
        found = found.filter(connection__consumer__name__icontains=rows.search)
    return list_page(
        request, say("Changes"), rows, found,
        [say("Change"), say("State"), say("Consumer"), say("Since")], row, hint=say("Name"),
        empty=say("Nothing stands in this list."),
    )  # fmt: skip


def row(change: Change) -> list[Cell]:
    """A change in a list."""
    consumer = change.connection.consumer
    return [
        Cell(
            _what(change), reverse("console:change", args=[change.pk]), small=change.requested_by
        ),
        Cell(said(change.get_state_display()), small=_board(change), look=SOFT),
        Cell(consumer.name, account.url(consumer), small=show_id(consumer.pk)),
        when(change.requested_s),
    ]


def _what(change: Change) -> str:
    kind = said(change.get_kind_display())
    return f"{kind}: {package_id(change.package_id)}" if change.package_id else kind


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


# --- asking -------------------------------------------------------------------------------------


class PackageForm(EntryForm):
    """Which package, and from when."""

    package = forms.ModelChoiceField(
        Package.objects.all(), empty_label=None, label=word("Package wanted")
    )
    effective = forms.ChoiceField(label=word("From when"), choices=Change.Effective.choices)
    note = forms.CharField(label=word("Note"), max_length=300, required=False)


class LoadForm(PackageForm):
    """And which sanctioned load."""

    load_w = forms.IntegerField(label=word("Sanctioned load, W"), min_value=1)
    field_order = ("load_w", "package", "effective", "note")


class SupplyForm(EntryForm):
    """Why a connection is to be deactivated."""

    cause = forms.ChoiceField(label=word("Why"), choices=Change.Cause.choices[1:])
    note = forms.CharField(label=word("Note"), max_length=300, required=False)


class NoteForm(EntryForm):
    """Anything to add."""

    note = forms.CharField(label=word("Note"), max_length=300, required=False)


def ask_package(consumer: Consumer, form: PackageForm, actor: str, channel: str) -> str:
    """Asks for another package, by the consumer or on their behalf."""
    typed = form.cleaned_data
    asked = services.request_package(
        consumer_id=consumer.pk, package_id=typed["package"].pk, effective=typed["effective"],
        channel=channel, note=typed["note"], actor=actor,
    )  # fmt: skip
    return say("Change {0} is asked for; another person decides.", asked.pk)


def _ask_package(consumer: Consumer, form: PackageForm, actor: str) -> str:
    return ask_package(consumer, form, actor, Change.Channel.AGENT)


def _ask_load(consumer: Consumer, form: LoadForm, actor: str) -> str:
    typed = form.cleaned_data
    asked = services.request_load(
        consumer_id=consumer.pk, sanctioned_load_w=typed["load_w"],
        package_id=typed["package"].pk, effective=typed["effective"],
        channel=Change.Channel.AGENT, note=typed["note"], actor=actor,
    )  # fmt: skip
    return say("Change {0} is asked for; another person decides.", asked.pk)


def _ask_supply(*, is_on: bool) -> Callable[[Consumer, Any, str], str]:
    def ask(consumer: Consumer, form: Any, actor: str) -> str:
        typed = form.cleaned_data
        asked = services.request_supply(
            consumer_id=consumer.pk, is_on=is_on, cause=typed.get("cause", rules.WISH),
            channel=Change.Channel.AGENT, note=typed["note"], actor=actor,
        )  # fmt: skip
        return say("Change {0} is asked for; another person decides.", asked.pk)

    return ask


def _asking(
    name: str, label: str, form: type[EntryForm], do: Any, *, danger: bool = False
) -> Order:
    return Order(
        name, label, word("It is decided by another person, and done by the meter board."), form,
        "changes.request", reach.consumer, do, account.title, account.url, danger,
    )  # fmt: skip


ASKINGS = (
    _asking("package", word("Ask for another package"), PackageForm, _ask_package),
    _asking("load", word("Ask for another load"), LoadForm, _ask_load),
    _asking("deactivate", word("Ask for deactivation"), SupplyForm, _ask_supply(is_on=False),
            danger=True),
    _asking("reactivate", word("Ask for reactivation"), NoteForm, _ask_supply(is_on=True)),
)  # fmt: skip
account.ORDERS += [(f"change_{one.name}", one.label, one.needs, one.danger) for one in ASKINGS]


# --- deciding and doing -------------------------------------------------------------------------


def _title(change: Change) -> str:
    return f"{_what(change)} · {account.title(change.connection.consumer)}"


def _page(change: Change) -> str:
    return reverse("console:change", args=[change.pk])


def _by(call: Callable[..., Change], field: str) -> Callable[[Change, Any, str], str]:
    """A step that takes what was typed in the form's one field as its reason or note."""

    def do(change: Change, form: Any, actor: str) -> str:
        typed = next(iter(form.cleaned_data.values()), "")
        given = {field: typed} if field else {}
        moved = call(change_id=change.pk, actor=actor, **given)
        return say("Change {0}: {1}", moved.pk, said(moved.get_state_display()))

    return do


def _in(*states: str) -> Callable[[Any], bool]:
    return lambda change: change.state in states


def _step(
    name: str, label: str, text: str, needs: str, call: Callable[..., Change],
    states: tuple[str, ...], form: type[EntryForm] = EntryForm, field: str = "",
    *, danger: bool = False,
) -> Order:  # fmt: skip
    return Order(
        name, label, text, form, needs, find, _by(call, field), _title, _page, danger, _in(*states)
    )


REQUESTED, IN_PROCESS, REVIEW = (
    ChangeState.REQUESTED, ChangeState.IN_PROCESS, ChangeState.REVIEW,
)  # fmt: skip
ORDERS = (
    _step("approve", word("Approve"), word("What is due is demanded; then the board is ordered."),
          "changes.decide", services.approve, (REQUESTED,), NoteForm, "note"),
    _step("refuse", word("Refuse"), word("The reason goes to the consumer."), "changes.decide",
          services.refuse, (REQUESTED, IN_PROCESS), ReasonForm, "reason", danger=True),
    _step("process", word("Order it"), word("What was due is paid; the board gets its order."),
          "changes.process", steps.process, (IN_PROCESS,)),
    _step("complete", word("Complete by hand"),
          word("Only where no board can confirm it: say what was done."), "changes.process",
          steps.complete, (REVIEW,), ReasonForm, "note"),
    _step("back", word("Send back"), word("It was not right, or the board stays silent."),
          "changes.process", steps.send_back, (REVIEW,), ReasonForm, "reason"),
    _step("cancel", word("Cancel"), word("It is not wanted any more."), "changes.request",
          services.cancel, (REQUESTED, IN_PROCESS), ReasonForm, "reason", danger=True),
)  # fmt: skip
