"""A consumer's own page: status, dues, bills explained, receipts, requests, another package.

Reached by the consumer's login only; whose account it is comes from the login, never from the
address.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from controller.billing import queries as billing
from controller.billing.models import Bill
from controller.changes import queries as changes
from controller.changes.models import Change
from controller.console import account, approvals, asking, service
from controller.console.books import statement_table
from controller.console.counter import payment_heads, payment_row
from controller.console.months import span_s
from controller.console.orders import Order
from controller.console.reach import rights
from controller.console.receipts import PAPERS, paper_file, payment_facts
from controller.console.sheets import (
    BAD,
    GOOD,
    SOFT,
    Button,
    Cell,
    Section,
    Sheet,
    Tab,
    Table,
    money,
    when,
)
from controller.console.steps import steps_of
from controller.console.templatetags.format import day, month
from controller.console.why import division_table, line_table
from controller.console.words import said, say, word
from controller.consumers.models import Consumer
from controller.documents.bills import issue_bill
from controller.documents.receipts import issue_receipt
from controller.errors import Refused
from controller.figures import kwh, rupees
from controller.fleet import queries as fleet
from controller.ledger import queries as ledger
from controller.payments import queries as payments
from controller.payments.models import Payment
from controller.prepay.models import Purchase
from controller.requests import queries as requests
from controller.requests.models import ServiceRequest

BILLS_SHOWN, PAYMENTS_SHOWN = 24, 24
YEAR_S = 366 * 86_400


def consumer(request: HttpRequest, **_keys: Any) -> Consumer:
    """The consumer whose login this is. Raises Http404 for anybody else."""
    found = rights(request).consumer
    if found is None:
        raise Http404
    return found


def _sheet(request: HttpRequest, page: str) -> Sheet:
    found = consumer(request)
    pages = (
        ("own", say("My supply")),
        ("own_bills", say("Bills")),
        ("own_payments", say("Payments")),
        ("own_requests", say("Service requests")),
    )
    tabs = [Tab(label, reverse(f"console:{name}"), name == page) for name, label in pages]
    return Sheet(title=found.name, subtitle=account.title(found), tabs=tabs)


def own(request: HttpRequest) -> HttpResponse:
    """Whether supply is on and why not, what is to be paid, and the package."""
    found = consumer(request)
    shown = _sheet(request, "own")
    connection = getattr(found, "connection", None)
    state = connection.meter.state if connection and connection.meter else None
    if state is not None:
        supply = fleet.supply(state)
        shown.headline = said(fleet.why_off(state) or "Supply is on.")
        shown.look = {"on": GOOD, "off": BAD}.get(supply, SOFT)
    shown.facts = account.money_facts(found) + account.supply_facts(found)
    shown.buttons = [
        Button(said(ASK_PACKAGE.label), reverse("console:own_package")),
        Button(said(SUBMIT.label), reverse("console:own_submit")),
        Button(say("Edit contact details"), reverse("console:own_contact")),
    ]
    rows = [_change_row(change) for change in changes.of_consumer(found)[:5]]
    heads = [say("Change"), say("State"), say("Since")]
    shown.sections = [Section(say("Changes"), Table(heads, rows))] if rows else []
    return shown.answer(request)


def _change_row(change: Change) -> list[Cell]:
    _what, state, _who, since = approvals.row(change)
    return [Cell(_what.text), state, since]


def bills(request: HttpRequest) -> HttpResponse:
    """All bills, and the account's running balance."""
    found = consumer(request)
    shown = _sheet(request, "own_bills")
    standing = Bill.objects.filter(connection__consumer=found, replaced_by=None)
    rows = [
        [
            Cell(month(bill.period.month), reverse("console:own_bill", args=[bill.number])),
            Cell(kwh(bill.units_wh), look="n"),
            money(bill.total_paise),
            Cell(day(bill.due_s) if bill.due_s else "–", look=SOFT),
        ]
        for bill in standing.select_related("period").order_by("-period__month")[:BILLS_SHOWN]
    ]
    heads = [say("Period"), say("Units"), say("Total"), say("Pay by")]
    _month, _from_s, until_s = span_s("")
    statement = ledger.statement(f"consumer:{found.pk}", until_s - YEAR_S, until_s)
    latest = statement._replace(lines=statement.lines[::-1])
    shown.sections = [
        Section(table=Table(heads, rows, say("No bills yet."))),
        Section(say("My account"), statement_table(latest, rights(request))),
    ]
    return shown.answer(request)


def _bill(request: HttpRequest, number: str) -> Bill:
    try:
        chosen = billing.find_bill(number)
    except Refused as refused:
        raise Http404 from refused
    if chosen.connection.consumer_id != consumer(request).pk:
        raise Http404
    return chosen


def bill_paper(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The bill as a file, the same as the clerk's (MG-10b, c)."""
    chosen = _bill(request, number)
    if kind not in PAPERS:
        raise Http404
    snapshot = issue_bill(number=chosen.number, actor=request.user.get_username())
    return paper_file(snapshot, kind, chosen.number)


def _papers(page: str, number: str) -> list[Button]:
    """Buttons to the files that a consumer can use: no printer's strip."""
    return [
        Button(said(label), reverse(f"console:{page}", args=[number, kind]))
        for kind, label in PAPERS.items()
        if kind != "thermal"
    ]


def bill(request: HttpRequest, number: str) -> HttpResponse:
    """One bill, explained line by line, and on paper."""
    shown = _sheet(request, "own_bills")
    chosen = _bill(request, number)
    shown.buttons = _papers("own_bill_paper", number)
    shown.headline = f"{month(chosen.period.month)}: {rupees(chosen.total_paise)}"
    shown.facts = [
        (say("Energy"), kwh(chosen.units_wh)),
        (say("Owed from before"), rupees(chosen.arrears_paise)),
        (say("To pay"), rupees(chosen.payable_paise)),
        (say("Pay by"), day(chosen.due_s) if chosen.due_s else "–"),
    ]
    shown.sections = [Section(say("Line by line"), line_table(chosen))]
    return shown.answer(request)


def payments_(request: HttpRequest) -> HttpResponse:
    """All payments, each with its receipt (MG-10)."""
    shown = _sheet(request, "own_payments")
    found = payments.payments_of(consumer(request))[:PAYMENTS_SHOWN]
    rows = []
    for payment in found:
        first, *rest = payment_row(payment)
        url = reverse("console:own_receipt", args=[payment.receipt_number])
        rows.append([Cell(first.text, url, first.small), *rest])
    shown.sections = [Section(table=Table(payment_heads(), rows, say("None yet.")))]
    return shown.answer(request)


def _payment(request: HttpRequest, number: str) -> Payment:
    found = payments.payments_of(consumer(request)).filter(receipt_number=number).first()
    if found is None:
        raise Http404
    return found


def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """One receipt, and what a recharge became: the same as the clerk sees (MG-10b)."""
    payment = _payment(request, number)
    shown = _sheet(request, "own_payments")
    shown.headline = f"{say('Receipt')} {number}: {rupees(payment.amount_paise)}"
    shown.facts = payment_facts(payment)
    shown.buttons = _papers("own_paper", number)
    purchase = Purchase.objects.filter(payment=payment).first()
    if purchase is not None:
        shown.sections = [Section(say("What it became"), division_table(purchase))]
    return shown.answer(request)


def paper(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The receipt as a file (MG-10b, c)."""
    payment = _payment(request, number)
    if kind not in PAPERS:
        raise Http404
    snapshot = issue_receipt(payment_id=payment.pk, actor=request.user.get_username())
    return paper_file(snapshot, kind, number)


def requests_(request: HttpRequest) -> HttpResponse:
    """What was asked of the service, and how far it is (MG-12)."""
    shown = _sheet(request, "own_requests")
    rows = []
    for one in requests.of_consumer(consumer(request)):
        what, state, _who, since = service.row(one)
        url = reverse("console:own_request", args=[one.pk])
        rows.append([Cell(what.text, url, what.small), Cell(state.text, look=SOFT), since])
    shown.buttons = [Button(said(SUBMIT.label), reverse("console:own_submit"))]
    heads = [say("Request"), say("State"), say("Since")]
    shown.sections = [Section(table=Table(heads, rows, say("No requests.")))]
    return shown.answer(request)


def _request(request: HttpRequest, request_id: int) -> ServiceRequest:
    found = requests.of_consumer(consumer(request)).filter(pk=request_id).first()
    if found is None:
        raise Http404
    return found


def request_(request: HttpRequest, request_id: int) -> HttpResponse:
    """One request with its steps; when it is completed it can be rated."""
    found = _request(request, request_id)
    shown = _sheet(request, "own_requests")
    shown.headline = said(found.get_state_display())
    shown.facts = [
        (said(found.get_kind_display()), found.text),
        (say("Since"), when(found.submitted_s).text),
        (say("What was done"), found.done or "–"),
    ]
    if RATE.shown(found):
        url = reverse("console:own_rate", args=[found.pk])
        shown.buttons = [Button(said(RATE.label), url)]
    shown.sections = [steps_of(found)]
    return shown.answer(request)


# --- orders -------------------------------------------------------------------------------------


def _submit(found: Consumer, form: service.SubmitForm, actor: str) -> str:
    return service.submit_for(found, form, actor, ServiceRequest.Channel.CONSUMER)


def _ask(found: Consumer, form: asking.PackageForm, actor: str) -> str:
    return asking.ask_package(found, form, actor, Change.Channel.CONSUMER)


SUBMIT = Order(
    "submit", word("New service request"), word("You hear of every step by text message."),
    service.SubmitForm, "own.see", consumer, _submit, account.title,
    lambda _found: reverse("console:own_requests"),
)  # fmt: skip
ASK_PACKAGE = Order(
    "package", word("Ask for another package"),
    word("The plant's staff decides; a larger security deposit may be due."),
    asking.PackageForm, "own.see", consumer, _ask, account.title,
    lambda _found: reverse("console:own"),
)  # fmt: skip
RATE = Order(
    "rate", word("Rate"), word("How did it go?"), service.RateForm, "own.see", _request,
    service.rate_for, lambda found: said(found.get_kind_display()),
    lambda found: reverse("console:own_request", args=[found.pk]),
    shown=lambda found: found.state == "completed",
)  # fmt: skip
