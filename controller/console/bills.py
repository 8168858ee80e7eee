"""Bills: a plant's month with a search, one bill line by line, its papers, and making it anew."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from controller.billing import queries as billing
from controller.billing import services
from controller.billing.models import Bill, Period
from controller.console import reach
from controller.console.entry import ReasonForm
from controller.console.orders import Order
from controller.console.queries import without_check
from controller.console.reach import rights
from controller.console.receipts import PAPERS, paper_file
from controller.console.rows import Choice, Rows
from controller.console.sheets import Button, Cell, list_page, money, number
from controller.console.templatetags.format import consumer_id
from controller.console.why import line_table
from controller.console.words import said, say, word
from controller.documents.bills import issue_bill
from controller.errors import Refused
from controller.figures import kwh

PERIODS_MAX = 24


def bills(request: HttpRequest) -> HttpResponse:
    """The bills of a plant's month, also while its run goes on; the latest when none is asked."""
    periods = _billed_periods(rights(request).plants)
    choices = [Choice(str(one.pk), f"{one.month} · {one.plant.name}") for one in periods]
    rows = Rows(request.GET, choices, name="period")
    found = Bill.objects.filter(period=int(rows.show)) if rows.show else Bill.objects.none()
    if rows.search:
        found = found.filter(
            Q(number__icontains=without_check(rows.search))
            | Q(connection__consumer__name__icontains=rows.search)
            | Q(meter__id__iexact=rows.search)
        )
    empty = (
        say("No bills in this period.") if periods
        else say("No period is closed yet. Close one with {0}.", "bijli bill run")
    )  # fmt: skip
    return list_page(
        request, say("Bills"), rows, found.select_related("connection__consumer"),
        [say("Consumer"), say("Total"), say("Number"), say("Units")], _row,
        hint=say("Bill, consumer, name or meter"), empty=empty,
    )  # fmt: skip


def _billed_periods(plants: list[str]) -> QuerySet[Period]:
    """The months that have bills at these plants, the latest first, at most PERIODS_MAX."""
    billed = Exists(Bill.objects.filter(period=OuterRef("pk")))
    found = Period.objects.filter(billed, plant__in=plants).select_related("plant")
    return found.order_by("-month", "plant")[:PERIODS_MAX]


def _row(bill: Bill) -> list[Cell]:
    consumer = bill.connection.consumer
    note = say("Estimated") if bill.estimated else ""
    if bill.replaced_by:
        note = say("Replaced by {0}", bill.replaced_by)
    return [
        Cell(consumer.name, small=consumer_id(consumer.pk)),
        money(bill.total_paise),
        Cell(bill.number, reverse("console:bill", args=[bill.number]), small=note),
        number(kwh(bill.units_wh)),
    ]


def find(request: HttpRequest, number: str) -> Bill:
    """A bill of a consumer that the user sees. Raises Http404."""
    try:
        found = billing.find_bill(number)
    except Refused as refused:
        raise Http404(refused) from refused
    reach.consumer(request, found.connection.consumer_id)
    return found


def bill(request: HttpRequest, number: str) -> HttpResponse:
    """One bill: every line, the signed readings that it rests on, and its papers."""
    chosen = find(request, number)
    held = rights(request)
    readings = [chosen.first_reading, chosen.last_reading]
    buttons = []
    if held.may("papers.print"):
        buttons = [Button(say(label), f"{kind}/") for kind, label in PAPERS.items()]
    if held.may(REBILL.needs) and not chosen.replaced_by:
        buttons.append(Button(said(REBILL.label), "anew/", danger=True))
    context = {
        "bill": chosen,
        "buttons": buttons,
        "due_day_s": chosen.due_s - 1 if chosen.due_s else 0,  # the last day that is in time
        "lines": line_table(chosen),
        "readings": [reading for reading in readings if reading is not None],
    }
    return render(request, "console/bill.html", context)


def paper(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The bill as a file in its consumer's language (MG-10): `kind` of PAPERS."""
    chosen = find(request, number)
    if kind not in PAPERS:
        raise Http404(f"There is no paper {kind!r}")
    snapshot = issue_bill(number=chosen.number, actor=reach.actor(request))
    return paper_file(snapshot, kind, chosen.number)


def _rebill(found: Bill, form: ReasonForm, actor: str) -> str:
    made = services.rebill(
        number=found.number, reason=form.cleaned_data["reason"][:200], actor=actor
    )
    return say("Bill {0} took the place of {1}.", made.number, found.number)


REBILL = Order(
    "anew", word("Make this bill anew"),
    word("From what is known now; the old bill is reversed and stays on record."), ReasonForm,
    "bills.correct", find, _rebill, lambda found: found.number,
    lambda found: reverse("console:bill", args=[found.number]), danger=True,
)  # fmt: skip
