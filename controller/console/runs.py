"""Bill runs: beginning one, its progress while workers make its batches, and what failed.

The pages order and show; the batches are made by the routine (controller/routine.py), by
`python -m controller.billing RUN`, or by the button, a batch at a time, so that a browser never
waits for a whole run.
"""

from typing import Any

from django import forms
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from controller.billing import runs as billing_runs
from controller.billing.models import BillBatch, BillRun, RunState
from controller.console import decisions
from controller.console.entry import EntryForm
from controller.console.orders import Order
from controller.console.pieces import changed
from controller.console.reach import Rights, rights
from controller.console.rows import Rows
from controller.console.sheets import (
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
from controller.console.templatetags.format import moment, month
from controller.console.words import said, say, word
from controller.consumers.models import Plant
from controller.tasks.models import Task

FAILURES_MAX = 100  # tasks shown below a run
PLANT_AT = slice(2, 6)  # where a consumer's ID has its plant (MG-5)


def visible(held: Rights) -> QuerySet[BillRun]:
    """Runs that bill none but the user's plants."""
    elsewhere = BillBatch.objects.exclude(period__plant__in=held.plants)
    return BillRun.objects.exclude(batches__in=elsewhere)


def runs(request: HttpRequest) -> HttpResponse:
    """All runs, the newest first."""
    rows = Rows(request.GET)
    start = Button(said(START.label), reverse("console:run_start"))
    found = visible(rights(request)).annotate(
        of=Sum("batches__connections"), made=Sum("batches__made"), failed=Sum("batches__failed"),
        plants=Count("batches__period", distinct=True),
    )  # fmt: skip
    heads = [say("Run"), say("State"), say("Connections"), say("Bills"), say("Failed")]
    return list_page(
        request, say("Bill runs"), rows, found.order_by("-pk"), heads, _row, buttons=[start]
    )


def _row(run: Any) -> list[Cell]:
    return [
        Cell(f"{run.pk} · {month(run.month)}", reverse("console:run", args=[run.pk]), run.group),
        Cell(said(run.get_state_display()), small=moment(run.started_s), look=SOFT),
        number(run.of or 0),
        number(run.made or 0),
        number(run.failed or 0),
    ]


def find(request: HttpRequest, run_id: int) -> BillRun:
    """A run at the user's plants. Raises Http404."""
    return get_object_or_404(visible(rights(request)), pk=run_id)


def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run with its progress, kept up to date."""
    return _sheet(request, find(request, run_id)).answer(request)


def run_live(request: HttpRequest, run_id: int) -> HttpResponse:
    """What changed on that page since the browser last looked."""
    return changed(request, _sheet(request, find(request, run_id)).pieces())


def _sheet(request: HttpRequest, found: BillRun) -> Sheet:
    batches = found.batches.select_related("period__plant")
    total = sum(batch.connections for batch in batches)
    done = billing_runs.done_connections(found.pk)
    rows = [
        [
            Cell(batch.period.plant.name, small=str(batch.pk)),
            number(batch.connections),
            number(batch.made),
            number(batch.failed),
            when(batch.finished_s),
        ]
        for batch in batches
    ]
    heads = [say("Batch"), say("Connections"), say("Bills"), say("Failed"), say("Done")]
    go_on = Button(said(ADVANCE.label), reverse("console:run_advance", args=[found.pk]))
    is_open = found.state == RunState.RUNNING and rights(request).may("bills.run")
    state = said(found.get_state_display())
    return Sheet(
        title=f"{say('Bill run')} {found.pk} · {month(found.month)}",
        subtitle=found.group,
        facts=[(say("Begun"), moment(found.started_s)), (say("By"), found.actor)],
        buttons=[go_on] if is_open else [],
        sections=[
            Section(say("Progress"), text=state, done=done, of=total, id="progress"),
            Section(say("Batches"), Table(heads, rows), id="batches"),
            *_failures(rights(request), found),
        ],
        live_url=reverse("console:run_live", args=[found.pk]) + "?seen=",
    )


def _failures(held: Rights, found: BillRun) -> list[Section]:
    """Whose bill of that month could not be made: the tasks, also those decided meanwhile."""
    plants = found.batches.filter(failed__gt=0).values_list("period__plant", flat=True)
    asked = Task.objects.filter(kind="bill", key__endswith=f":{found.month}").order_by("-pk")
    rows = [
        [
            Cell(said(task.title), reverse("console:task", args=[task.pk])),
            Cell(said(str(task.evidence.get("error", "")))),
            Cell(said(task.get_state_display()), look=SOFT),
        ]
        for task in decisions.visible(held, asked)[:FAILURES_MAX]
        if task.subject.split()[-1][PLANT_AT] in plants
    ]
    heads = [say("Task"), say("Why"), say("State")]
    return [Section(say("Failed"), Table(heads, rows), id="failed")] if rows else []


class StartForm(EntryForm):
    """For which plants and month."""

    plants = forms.ModelMultipleChoiceField(
        Plant.objects.none(), label=word("Plants"), widget=forms.CheckboxSelectMultiple
    )
    month = forms.RegexField(
        r"\A\d{4}-\d{2}\Z", label=word("Month"), widget=forms.TextInput({"type": "month"})
    )
    group = forms.CharField(label=word("Only these (empty: all)"), max_length=80, required=False)

    def __init__(self, data: Any, subject: list[str]) -> None:
        super().__init__(data, subject)
        plants = self.fields["plants"]
        assert isinstance(plants, forms.ModelMultipleChoiceField)
        plants.queryset = Plant.objects.filter(pk__in=subject)


def _start(_plants: list[str], form: StartForm, actor: str) -> str:
    typed = form.cleaned_data
    begun = billing_runs.start_run(
        plants=[plant.pk for plant in typed["plants"]], month=typed["month"],
        group=typed["group"], actor=actor,
    )  # fmt: skip
    return say("Run {0} is begun; its batches are still to be made.", begun.pk)


def _advance(found: BillRun, _form: EntryForm, _actor: str) -> str:
    """One batch, or the end of the run when none is left."""
    if billing_runs.make_batch(found.pk) is None:
        finished = billing_runs.finish_run(found.pk)
        return say("Run {0}: {1}", found.pk, said(finished.get_state_display()))
    total = found.batches.aggregate(of=Sum("connections"))["of"] or 0
    return say("{0} of {1} connections are done.", billing_runs.done_connections(found.pk), total)


START = Order(
    "start", word("Begin a bill run"),
    word("Bills of a month that is over. A run that was begun for the same goes on."),
    StartForm, "bills.run", lambda request: rights(request).plants, _start,
    lambda _plants: say("Bill runs"), lambda _plants: reverse("console:runs"),
)  # fmt: skip
ADVANCE = Order(
    "advance", word("Make the next batch"),
    word("Up to a thousand bills at a time; the routine in the background does the same."),
    EntryForm, "bills.run", find, _advance, lambda found: f"{found.pk} · {month(found.month)}",
    lambda found: reverse("console:run", args=[found.pk]),
)  # fmt: skip
