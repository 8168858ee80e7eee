"""Service requests: what is to be done and by whom, one request's steps, and how well it goes."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString

from controller import clock
from controller.access import rules as access_rules
from controller.access.queries import staff_at
from controller.console import account, reach
from controller.console.bars import bar_chart, top
from controller.console.entry import TEXT_MAX, EntryForm, ReasonForm, board_s, moment_field
from controller.console.orders import Order
from controller.console.reach import Rights, rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import (
    SOFT,
    Button,
    Cell,
    Section,
    Sheet,
    Tab,
    Table,
    list_page,
    number,
    when,
)
from controller.console.steps import steps_of
from controller.console.templatetags.format import consumer_id as show_id
from controller.console.templatetags.format import hours, moment
from controller.console.words import said, say, word
from controller.consumers.models import Consumer, Plant
from controller.requests import queries, rules, services
from controller.requests.models import PENDING, RequestState, ServiceRequest

WAITING, MINE, ALL = "waiting", "mine", "all"
LISTS = (
    Choice(WAITING, word("To be done")),
    Choice(MINE, word("Mine")),
    Choice(ALL, word("All")),
)
FIGURES_S = 90 * 86_400
TECHNICAL = (access_rules.TECHNICIAN, access_rules.OPERATOR)


def waiting(held: Rights) -> int:
    """What is to be done at the user's plants; for a technician what is theirs."""
    count: int = _waiting(held).count()
    return count


def _waiting(held: Rights, *, mine: bool = False) -> Any:
    only_mine = mine or held.roles == {access_rules.TECHNICIAN}
    user = held.user.get_username() if only_mine else None
    return queries.waiting(Plant.objects.filter(pk__in=held.plants), user)


def tabs(current: str) -> list[Tab]:
    """The list and the figures."""
    pages = (("requests", say("Service requests")), ("request_figures", say("Figures")))
    return [Tab(label, reverse(f"console:{name}"), name == current) for name, label in pages]


def requests(request: HttpRequest) -> HttpResponse:
    """The requests at the user's plants."""
    rows = Rows(request.GET, LISTS)
    held = rights(request)
    found = visible(request) if rows.show == ALL else _waiting(held, mine=rows.show == MINE)
    if rows.search:
        found = found.filter(
            consumer__in=reach.consumers(request).filter(name__icontains=rows.search)
        )
    return list_page(
        request, say("Service requests"), rows, found,
        [say("Request"), say("State"), say("Consumer"), say("Since")], row,
        hint=say("Name"), tabs=tabs("requests"), empty=say("Nothing is to be done here."),
    )  # fmt: skip


def visible(request: HttpRequest) -> Any:
    """All requests at the user's plants, the newest first."""
    found = ServiceRequest.objects.select_related("consumer__plant")
    return reach.at_plants(request, found, "consumer__plant")


def row(found: ServiceRequest) -> list[Cell]:
    """A request in a list."""
    return [
        Cell(said(found.get_kind_display()), reverse("console:request", args=[found.pk]),
             small=found.text[:80]),
        Cell(said(found.get_state_display()), small=found.assignee, look=SOFT),
        Cell(found.consumer.name, account.url(found.consumer), small=show_id(found.consumer_id)),
        when(found.submitted_s),
    ]  # fmt: skip


def find(request: HttpRequest, request_id: int) -> ServiceRequest:
    """A request at one of the user's plants. Raises Http404."""
    found: ServiceRequest = get_object_or_404(visible(request), pk=request_id)
    return found


def one(request: HttpRequest, request_id: int) -> HttpResponse:
    """One request with its steps and what can be done with it."""
    found = find(request, request_id)
    held = rights(request)
    orders = [order for order in ORDERS if order.shown(found) and held.may(order.needs)]
    facts = [
        (say("State"), said(found.get_state_display())),
        (say("Consumer"), account.title(found.consumer)),
        (say("Submitted"), moment(found.submitted_s)),
        (say("By"), f"{found.submitted_by} ({said(found.get_channel_display())})"),
        (say("Assigned to"), found.assignee or "–"),
    ]
    if found.completed_s:
        facts.append((say("Took"), hours((found.completed_s - found.submitted_s) // 60)))
    if found.stars:
        facts.append((say("Rating"), "★" * found.stars))
    return Sheet(
        title=f"{said(found.get_kind_display())} · {found.pk}",
        headline=found.text,
        facts=facts,
        buttons=[Button(said(o.label), f"{o.name}/", o.danger) for o in orders]
        + [Button(say("Account"), account.url(found.consumer))],
        sections=[steps_of(found)],
    ).answer(request)


def of_consumer(request: HttpRequest, consumer_id: str) -> HttpResponse:
    """The account page's tab."""
    consumer = reach.consumer(request, consumer_id)
    shown = account.sheet(request, consumer, "account_requests")
    rows = [row(found) for found in queries.of_consumer(consumer)]
    heads = [say("Request"), say("State"), say("Consumer"), say("Since")]
    if rights(request).may(SUBMIT.needs):
        submit = reverse("console:request_submit", args=[consumer.pk])
        shown.buttons = [Button(said(SUBMIT.label), submit)]
    shown.sections = [Section(table=Table(heads, rows, say("No requests.")))]
    return shown.answer(request)


# --- orders ---------------------------------------------------------------------------------


class SubmitForm(EntryForm):
    """What is wrong."""

    kind = forms.ChoiceField(label=word("What is it about?"), choices=list(rules.KINDS.items()))
    text = forms.CharField(
        label=word("What is wrong?"), max_length=TEXT_MAX, widget=forms.Textarea({"rows": 3})
    )


class AssignForm(EntryForm):
    """To whom."""

    assignee = forms.ChoiceField(label=word("To whom"))

    def __init__(self, data: Any, subject: ServiceRequest) -> None:
        super().__init__(data, subject)
        plant = subject.consumer.plant
        found: dict[str, User] = {
            user.username: user for role in TECHNICAL for user in staff_at(plant, role)
        }
        field = self.fields["assignee"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name) for name in sorted(found) if name != subject.assignee]


class ReassignForm(AssignForm):
    """To whom, and why."""

    reason = forms.CharField(label=word("Why"), max_length=300)


class CompleteForm(EntryForm):
    """When the place was visited, and what was done."""

    visited = moment_field(word("When were you there?"), required=True)
    done = forms.CharField(
        label=word("What was done?"), max_length=300, widget=forms.Textarea({"rows": 3})
    )


class RateForm(EntryForm):
    """How it went."""

    stars = forms.ChoiceField(
        label=word("Rating"),
        choices=[(str(stars), "★" * stars) for stars in range(rules.STARS_MAX, 0, -1)],
    )
    opinion = forms.CharField(label=word("Anything to add?"), max_length=300, required=False)


def submit_for(consumer: Consumer, form: SubmitForm, actor: str, channel: str) -> str:
    """Hands in a request by the consumer or on their behalf."""
    typed = form.cleaned_data
    handed = services.submit(
        consumer_id=consumer.pk, kind=typed["kind"], text=typed["text"], channel=channel,
        actor=actor,
    )  # fmt: skip
    return say("Request {0} is submitted.", handed.pk)


def _submit(consumer: Consumer, form: SubmitForm, actor: str) -> str:
    return submit_for(consumer, form, actor, ServiceRequest.Channel.AGENT)


def _assign(found: ServiceRequest, form: AssignForm, actor: str) -> str:
    assignee = form.cleaned_data["assignee"]
    services.assign(request_id=found.pk, assignee=assignee, actor=actor)
    return say("{0} has it now.", assignee)


def _reassign(found: ServiceRequest, form: ReassignForm, actor: str) -> str:
    typed = form.cleaned_data
    services.reassign(
        request_id=found.pk, assignee=typed["assignee"], reason=typed["reason"], actor=actor
    )
    return say("{0} has it now.", typed["assignee"])


def _complete(found: ServiceRequest, form: CompleteForm, actor: str) -> str:
    typed = form.cleaned_data
    services.complete(
        request_id=found.pk, visited_s=board_s(typed["visited"]), done=typed["done"], actor=actor
    )
    return say("Request {0} is completed.", found.pk)


def _cancel(found: ServiceRequest, form: ReasonForm, actor: str) -> str:
    services.cancel(request_id=found.pk, reason=form.cleaned_data["reason"], actor=actor)
    return say("Request {0} is cancelled.", found.pk)


def rate_for(found: ServiceRequest, form: RateForm, actor: str) -> str:
    """The consumer's word on how it went."""
    typed = form.cleaned_data
    services.rate(
        request_id=found.pk, stars=int(typed["stars"]), opinion=typed["opinion"], actor=actor
    )
    return say("Thank you.")


def _title(found: ServiceRequest) -> str:
    return f"{said(found.get_kind_display())} · {account.title(found.consumer)}"


def _page(found: ServiceRequest) -> str:
    return reverse("console:request", args=[found.pk])


def _in(*states: str) -> Any:
    return lambda found: found.state in states


SUBMIT = Order(
    "submit", word("New service request"),
    word("The technical team of the plant is told; the consumer hears of every step."),
    SubmitForm, "requests.submit", reach.consumer, _submit, account.title,
    lambda consumer: reverse("console:account_requests", args=[consumer.pk]),
)  # fmt: skip
ORDERS = (
    Order("assign", word("Assign"), word("Somebody of the technical team gets it."), AssignForm,
          "requests.assign", find, _assign, _title, _page, shown=_in(RequestState.SUBMITTED)),
    Order("reassign", word("Give to somebody else"), word("Somebody else gets it."), ReassignForm,
          "requests.assign", find, _reassign, _title, _page, shown=_in(RequestState.ASSIGNED)),
    Order("complete", word("Complete"), word("You were there, and it is done."), CompleteForm,
          "requests.complete", find, _complete, _title, _page, shown=_in(RequestState.ASSIGNED)),
    Order("cancel", word("Cancel"), word("It is not needed any more."), ReasonForm,
          "requests.assign", find, _cancel, _title, _page, danger=True, shown=_in(*PENDING)),
    Order("rate", word("Rate"), word("What the consumer says of it."), RateForm,
          "requests.rate", find, rate_for, _title, _page, shown=_in(RequestState.COMPLETED)),
)  # fmt: skip


# --- figures --------------------------------------------------------------------------------


def figures(request: HttpRequest) -> HttpResponse:
    """Pending and completed by kind, mean time to completion and rating, of the last 90 days."""
    now_s = clock.now_s()
    plants = Plant.objects.filter(pk__in=rights(request).plants)
    found = queries.figures(plants, now_s - FIGURES_S, now_s + 1)
    rows = [
        [
            Cell(said(rules.KINDS[one.kind])),
            number(one.pending),
            number(one.completed),
            number("–" if one.mean_completion_s is None else hours(one.mean_completion_s // 60)),
            number("–" if one.mean_stars_tenths is None else _stars(one.mean_stars_tenths)),
        ]
        for one in found
    ]
    heads = [say("Kind"), say("Pending"), say("Completed"), say("Mean time"), say("Mean rating")]
    return Sheet(
        title=say("Figures"),
        subtitle=say("What was submitted in the last {0} days", FIGURES_S // 86_400),
        tabs=tabs("request_figures"),
        sections=[
            Section(table=Table(heads, rows, say("No requests."))),
            Section(say("Requests a week"), chart=_weekly(request)),
        ],
    ).answer(request)


def _stars(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10} ★"


def _weekly(request: HttpRequest) -> SafeString:
    now_s, week_s = clock.now_s(), 7 * 86_400
    weeks = FIGURES_S // week_s
    values = [0] * weeks
    since_s = now_s - weeks * week_s
    found = visible(request).filter(submitted_s__gt=since_s, submitted_s__lte=now_s)
    for submitted_s in found.values_list("submitted_s", flat=True):
        values[min(weeks - 1, (submitted_s - since_s) // week_s)] += 1
    labels = [moment(since_s + (week + 1) * week_s).split(",")[0][:-5] for week in range(weeks)]
    highest = top(values)
    text = say("{0} requests in {1} weeks.", sum(values), weeks)
    scale = [str(highest), str(highest // 2)]
    return SafeString(bar_chart(values, labels, scale, say("Requests a week"), text))
