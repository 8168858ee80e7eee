"""Dunning (MG-6, MG-9): who has not paid in time, which steps were taken, who is to be cut."""

from collections import defaultdict
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from controller import clock
from controller.billing import dunning
from controller.billing.dunning import DAY_S, Overdue
from controller.billing.models import DunningStep
from controller.console.entry import EntryForm
from controller.console.orders import Order
from controller.console.reach import Rights, rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import SOFT, Button, Cell, list_page, money, when
from controller.console.templatetags.format import consumer_id, day
from controller.console.words import said, say, word
from controller.consumers.models import Consumer

OVERDUE, CUT, TAKEN = "overdue", "disconnect", "steps"
LISTS = (
    Choice(OVERDUE, word("Overdue")),
    Choice(CUT, word("To be disconnected")),
    Choice(TAKEN, word("Steps taken")),
)
STEPS = {
    "reminder": word("reminder"), "notice": word("notice of disconnection"),
    "disconnect": word("listed for disconnection"),
}  # fmt: skip


def page(request: HttpRequest) -> HttpResponse:
    """The overdue, the list for disconnection, or the steps that were taken, the newest first."""
    rows = Rows(request.GET, LISTS)
    held = rights(request)
    if rows.show == TAKEN:
        return _taken(request, rows, held)
    listed = dunning.disconnection_list() if rows.show == CUT else dunning.overdue()
    found = [row for row in listed if _is_here(row, held)]
    if rows.search:
        named = _named(rows.search, held)
        found = [row for row in found if row.consumer_id in named]
    heads = [say("Consumer"), say("Overdue"), say("Oldest bill"), say("Due"), say("Steps taken")]
    return list_page(
        request, say("Dunning"), rows, found, heads, _row, prepare=_beside,
        hint=say("Name or number"), empty=say("Nobody is overdue."), buttons=_buttons(held),
    )  # fmt: skip


def _buttons(held: Rights) -> list[Button]:
    take = Button(said(TAKE.label), reverse("console:dunning_take"))
    return [take] if held.may(TAKE.needs) else []


def _is_here(row: Overdue, held: Rights) -> bool:
    return row.consumer_id.startswith(tuple(held.prefixes))


def _named(search: str, held: Rights) -> set[str]:
    """The consumers at the user's plants of that name or number."""
    found = Consumer.objects.filter(plant__in=held.plants)
    found = found.filter(name__icontains=search) | found.filter(pk__icontains=search)
    return set(found.values_list("pk", flat=True))


class Beside:
    """What is shown beside the rows of a page, looked up for all of them."""

    def __init__(self, rows: Sequence[Overdue]):
        consumers = Consumer.objects.filter(pk__in=[row.consumer_id for row in rows])
        self.names = dict(consumers.values_list("pk", "name"))
        self.steps: dict[str, list[DunningStep]] = defaultdict(list)
        for step in DunningStep.objects.filter(bill__in=[row.oldest for row in rows]):
            self.steps[step.bill_id].append(step)
        self.now_s = clock.now_s()


def _beside(rows: Sequence[Overdue]) -> Beside:
    return Beside(rows)


def _row(row: Overdue, beside: Beside) -> list[Cell]:
    steps = [f"{step_word(step.step)} {day(step.taken_s)}" for step in beside.steps[row.oldest]]
    late = (beside.now_s - row.due_s) // DAY_S
    return [
        Cell(
            beside.names[row.consumer_id],
            reverse("console:account", args=[row.consumer_id]),
            consumer_id(row.consumer_id),
        ),
        money(row.paise),
        Cell(row.oldest, reverse("console:bill", args=[row.oldest])),
        Cell(day(row.due_s - 1), small=say("{0} days ago", late), look=SOFT),
        Cell("; ".join(steps) or "–"),
    ]


def step_word(step: str) -> str:
    """A step of the profile's `dunning_steps` in words."""
    return say(STEPS[step]) if step in STEPS else step


def _taken(request: HttpRequest, rows: Rows, held: Rights) -> HttpResponse:
    found = DunningStep.objects.filter(bill__connection__consumer__plant__in=held.plants)
    if rows.search:
        found = found.filter(bill__connection__consumer__in=_named(rows.search, held))
    heads = [say("Consumer"), say("Step"), say("Overdue"), say("Bill"), say("When")]
    return list_page(
        request, say("Dunning"), rows,
        found.select_related("bill__connection__consumer").order_by("-pk"),
        heads, _step_row, hint=say("Name or number"), buttons=_buttons(held),
    )  # fmt: skip


def _step_row(step: DunningStep) -> list[Cell]:
    consumer = step.bill.connection.consumer
    account = reverse("console:account", args=[consumer.pk])
    return [
        Cell(consumer.name, account, consumer_id(consumer.pk)),
        Cell(step_word(step.step)),
        money(step.paise),
        Cell(step.bill_id, reverse("console:bill", args=[step.bill_id])),
        when(step.taken_s),
    ]


def _take(plants: list[str], _form: EntryForm, actor: str) -> str:
    taken = dunning.take_steps(actor=actor, plants=plants)
    return say("{0} steps are taken.", len(taken))


TAKE = Order(
    "take", word("Take the steps that are due"),
    word("Reminders and notices go out, and who was reminded in vain is listed; each step once."
         " The routine does the same every morning."),
    EntryForm, "bills.run", lambda request: rights(request).plants, _take,
    lambda _plants: say("Dunning"), lambda _plants: reverse("console:dunning"),
)  # fmt: skip
