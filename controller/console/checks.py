"""Reconciliation: the reports of the nights, their mismatches as tasks; and the outbox."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from controller.console.bars import bar_chart, top
from controller.console.entry import EntryForm
from controller.console.orders import Order
from controller.console.reach import rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import (
    BAD,
    GOOD,
    SOFT,
    Button,
    Cell,
    Section,
    Sheet,
    Table,
    list_page,
    number,
    when,
)
from controller.console.templatetags.format import moment
from controller.console.words import language, said, say, word
from controller.errors import Refused
from controller.notices.models import Message, MessageState
from controller.reconcile import queries, services
from controller.reconcile.models import Report
from controller.words.lists import word_list

TREND = 30  # reports in the chart


def reports(request: HttpRequest) -> HttpResponse:
    """All reports with their mismatches, and whether they become fewer."""
    latest = list(queries.reports()[:TREND])
    rows = [_row(report) for report in latest]
    heads = [say("Days"), say("Mismatches"), say("Meters"), say("Receipts"), say("Made")]
    run = Button(said(RUN.label), reverse("console:reconcile_run"))
    sections = [Section(table=Table(heads, rows, say("None yet.")))]
    if len(latest) > 1:
        sections.append(Section(say("Mismatches"), chart=_trend(latest[::-1])))
    return Sheet(
        title=say("Reconciliation"),
        subtitle=say("Sold, credited, charged, received and posted are compared day by day."),
        buttons=[run] if rights(request).may(RUN.needs) else [],
        sections=sections,
    ).answer(request)


def _row(report: Report) -> list[Cell]:
    return [
        Cell(f"{report.first_day} – {report.last_day}",
             reverse("console:reconcile_report", args=[report.pk])),
        Cell(str(report.mismatches), look="n"),
        number(report.meters),
        number(report.receipts),
        when(report.made_s),
    ]  # fmt: skip


def _trend(latest: list[Report]) -> SafeString:
    values = [report.mismatches for report in latest]
    labels = [f"{report.last_day:%d.%m}" for report in latest]
    scale = [str(top(values)), str(top(values) // 2)]
    text = say("{0} mismatches in {1} reports.", sum(values), len(values))
    return SafeString(bar_chart(values, labels, scale, say("Mismatches"), text))


def report(request: HttpRequest, number_: int) -> HttpResponse:
    """One report; each mismatch leads to its task."""
    try:
        found = queries.find_report(number_)
    except Refused as refused:
        raise Http404(refused) from refused
    rows = [
        [
            Cell(said(one["title"]), reverse("console:task", args=[one["task"]])),
            Cell(said(one["subject"]), look=SOFT),
            Cell(said(one["kind"].replace("_", " ")), look=SOFT),
        ]
        for one in found.findings
    ]
    heads = [say("Mismatch"), say("About"), say("Kind")]
    closed = found.is_closed
    return Sheet(
        title=f"{found.first_day} – {found.last_day}",
        headline=say("All agrees.") if closed else say("{0} mismatches", found.mismatches),
        look=GOOD if closed else BAD,
        facts=[
            (say("Meters"), str(found.meters)),
            (say("Days of meters judged"), str(found.spans)),
            (say("Meters that told nothing"), str(found.silent)),
            (say("Receipts"), str(found.receipts)),
            (say("Made"), moment(found.made_s)),
            (say("By"), found.actor),
        ],
        sections=[Section(table=Table(heads, rows))],
    ).answer(request)


class DaysForm(EntryForm):
    """Which days that are over."""

    first_day = forms.DateField(
        label=word("First day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    last_day = forms.DateField(
        label=word("Last day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )

    def __init__(self, data: Any, subject: Any = None) -> None:
        super().__init__(data, subject)
        yesterday = timezone.localdate() - timedelta(days=1)
        for field in self.fields.values():
            field.initial = yesterday


def _run(_books: str, form: DaysForm, actor: str) -> str:
    typed = form.cleaned_data
    made = services.run(first_day=typed["first_day"], last_day=typed["last_day"], actor=actor)
    return say("{0} mismatches", made.mismatches)


RUN = Order(
    "run", word("Compare now"),
    word("Every mismatch becomes a task with its evidence, once. This may take a while."),
    DaysForm, "reconcile.run", lambda _request: say("Reconciliation"), _run, str,
    lambda _books: reverse("console:reconcile"),
)  # fmt: skip


def notices(request: HttpRequest) -> HttpResponse:
    """Messages to consumers at the user's plants, and what became of them (MG-10d); no texts."""
    here = Message.objects.filter(consumer__plant__in=rights(request).plants)
    counted = dict(here.order_by().values_list("state").annotate(Count("pk")))
    choices = [Choice("", word("All"))] + [
        Choice(state, f"{said(str(state.label))} {counted.get(state, 0)}")
        for state in MessageState
    ]
    rows = Rows(request.GET, choices)
    found = here.order_by("-pk").select_related("consumer").defer("body", "sealed")
    if rows.show:
        found = found.filter(state=rows.show)
    if rows.search:
        found = found.filter(
            Q(consumer__name__icontains=rows.search) | Q(consumer__id__icontains=rows.search)
        )
    heads = [say("Message"), say("State"), say("Consumer"), say("When")]
    hint = say("Name or number")
    return list_page(request, say("Messages"), rows, found, heads, _message_row, hint=hint)


def _message_row(message: Message) -> list[Cell]:
    assert message.consumer is not None  # only messages to consumers are listed
    titles = word_list("notice", language())
    tries = say("Tries: {0}", message.tries) if message.tries > 1 else ""
    trouble = " · ".join(part for part in (said(message.last_error), tries) if part)
    account = reverse("console:account", args=[message.consumer.pk])
    reached = f"{said(message.get_channel_display())} •••{message.recipient[-3:]}"
    return [
        Cell(titles.get(f"{message.template}_title", message.title), small=said(message.subject)),
        Cell(said(message.get_state_display()), small=trouble, look=SOFT),
        Cell(message.consumer.name, account, reached),
        when(message.made_s),
    ]
