"""The counter: find a consumer by anything, see the dues, take money, sell a recharge.

What a recharge would be divided into is shown before anything is taken. A form carries a key, so
that sending it twice takes the money once (MG-9, MG-10, UP-12).
"""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from controller.console import account, people, reach
from controller.console.entry import KeyedForm, paise, rupees_field
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
    money,
    number,
    when,
)
from controller.console.templatetags.format import in_unit
from controller.console.words import said, say, word
from controller.consumers.models import Consumer
from controller.errors import Conflict, Refused
from controller.figures import rupees
from controller.payments import queries, services
from controller.payments.models import Method, Payment, PointOfSale, Purpose
from controller.prepay import queries as prepay
from controller.prepay import services as vending
from controller.prepay.models import Purchase

PAYMENTS_SHOWN = 20
# What the shares of a recharge are called.
SHARES = {
    "instalment": word("Meter cost, instalment"),
    "fixed": word("Fixed charge since the last recharge"),
    "arrears": word("Towards arrears"),
    "lifeline": word("Lifeline advance returned"),
    "credit": word("Credit"),
    "rest": word("Kept for the next recharge"),
}


def find(request: HttpRequest) -> HttpResponse:
    """The search; a search that finds one consumer leads straight to them."""
    rows = Rows(request.GET)
    found = people.search(reach.consumers(request), rows.search)
    if rows.search:
        first = list(found[:2])
        if len(first) == 1:
            return redirect("console:desk", consumer_id=first[0].pk)
    return list_page(
        request, say("Counter"), rows, found if rows.search else found.none(),
        [say("Consumer"), say("Status"), say("Meter"), say("Owes")], _row,
        hint=say("Number, name, phone or meter"), prepare=people.owed,
        empty=say("No consumer matches.") if rows.search else say("Search for a consumer."),
    )  # fmt: skip


def _row(consumer: Consumer, owes: dict[str, int]) -> list[Cell]:
    first, *rest = people.row(consumer, owes)
    return [Cell(first.text, reverse("console:desk", args=[consumer.pk]), first.small), *rest]


def desk(request: HttpRequest, consumer_id: str) -> HttpResponse:
    """One consumer at the counter: what is due, what can be done, what was paid."""
    consumer = reach.consumer(request, consumer_id)
    owes = queries.dues_paise(consumer.pk)
    held = rights(request)
    buttons = []
    if held.may("counter.take"):
        buttons.append(Button(say("Take money"), "pay/"))
    if held.may("credit.sell") and _is_prepaid(consumer):
        buttons.append(Button(say("Recharge"), "recharge/"))
    buttons.append(Button(say("Account"), account.url(consumer)))
    return Sheet(
        title=consumer.name,
        subtitle=account.title(consumer),
        headline=say("Owes {0}", rupees(owes)) if owes > 0 else say("Owes nothing"),
        look="off" if owes > 0 else "on",
        facts=account.money_facts(consumer) + account.supply_facts(consumer),
        buttons=buttons,
        sections=[Section(say("Payments"), payments_table(queries.payments_of(consumer)))],
    ).answer(request)


def _is_prepaid(consumer: Consumer) -> bool:
    """Whether a quote can be asked for at all: a meter is fitted and its package is prepaid."""
    connection = getattr(consumer, "connection", None)
    if connection is None or connection.meter_id is None:
        return False
    newest = connection.assignments.exclude(state__in=("refused", "superseded")).last()
    return newest is not None and newest.package.mode != newest.package.Mode.POSTPAID


def payments_table(found: QuerySet[Payment]) -> Table:
    """The latest payments, each leading to its receipt."""
    rows = [payment_row(payment) for payment in found[:PAYMENTS_SHOWN]]
    return Table(payment_heads(), rows, say("None yet."))


def payment_heads() -> list[str]:
    """In the language spoken."""
    return [say("Receipt"), say("When"), say("For"), say("Amount")]


def payment_row(payment: Payment) -> list[Cell]:
    """A payment in a list."""
    url = reverse("console:receipt", args=[payment.receipt_number])
    state = "" if payment.state == "taken" else said(payment.get_state_display())
    how = f"{said(payment.get_method_display())} · {payment.point_of_sale.name}"
    return [
        Cell(payment.receipt_number, url, small=state),
        when(payment.received_s),
        Cell(said(payment.get_purpose_display()), small=how, look=SOFT),
        money(payment.amount_paise),
    ]


# --- taking money -------------------------------------------------------------------------------


def points_of(held: Rights) -> QuerySet[PointOfSale]:
    """The open points of sale where the user takes money: their own, and those of nobody else."""
    mine = Q(user=held.user.get_username()) | Q(user="", plant__in=held.plants)
    found = PointOfSale.objects.filter(mine, is_open=True, kind__in=("counter", "agent"))
    return found.order_by("-user", "code")


class MoneyForm(KeyedForm):
    """How much, how, and where."""

    amount = rupees_field(word("Amount, ₹"))
    method = forms.ChoiceField(label=word("How"), choices=Method.choices)
    point = forms.ModelChoiceField(
        PointOfSale.objects.none(), label=word("Point of sale"), empty_label=None
    )

    def __init__(self, data: QueryDict | None, consumer: Consumer, held: Rights) -> None:
        super().__init__(data, consumer)
        points = self.fields["point"]
        assert isinstance(points, forms.ModelChoiceField)
        points.queryset = points_of(held)

    def paise(self) -> int:
        """The amount."""
        return paise(self.cleaned_data["amount"])


class PayForm(MoneyForm):
    """And what for."""

    purpose = forms.ChoiceField(
        label=word("For"),
        choices=[choice for choice in Purpose.choices if choice[0] != Purpose.RECHARGE],
    )
    field_order = ("amount", "purpose", "method", "point")

    def __init__(self, data: QueryDict | None, consumer: Consumer, held: Rights) -> None:
        super().__init__(data, consumer, held)
        owes = queries.dues_paise(consumer.pk)
        if owes > 0:
            self.fields["amount"].initial = f"{Decimal(owes) / 100:.2f}"


def pay(request: HttpRequest, consumer_id: str) -> HttpResponse:
    """Takes money for dues, a deposit or a service; leads to the receipt."""
    consumer = reach.consumer(request, consumer_id)
    form = PayForm(request.POST or None, consumer, rights(request))
    refused = None
    if form.is_valid():
        typed = form.cleaned_data
        try:
            payment = services.take_payment(
                key=f"counter:{typed['key']}", consumer_id=consumer.pk, amount_paise=form.paise(),
                method=typed["method"], point_of_sale=typed["point"].pk,
                purpose=typed["purpose"], actor=reach.actor(request),
            )  # fmt: skip
            return redirect("console:receipt", number=payment.receipt_number)
        except Refused as error:
            refused = _told(error, typed, reach.actor(request))
    return _form_page(request, consumer, say("Take money"), form, refused)


def _told(error: Refused, typed: dict[str, Any], actor: str) -> Refused:
    """The refusal; a key that came back with other content is put before a person, too."""
    if isinstance(error, Conflict):
        services.report_conflict(
            key=f"counter:{typed['key']}", point_of_sale=typed["point"].pk, what=error.what,
            actor=actor,
        )  # fmt: skip
    return error


def recharge(request: HttpRequest, consumer_id: str) -> HttpResponse:
    """Shows what the money becomes; only a second button takes it and sends the credit."""
    consumer = reach.consumer(request, consumer_id)
    form = MoneyForm(request.POST or None, consumer, rights(request))
    refused, quote = None, None
    if form.is_valid():
        typed = form.cleaned_data
        try:
            if "take" in request.POST:
                purchase = vending.recharge(
                    key=f"counter:{typed['key']}", consumer_id=consumer.pk,
                    amount_paise=form.paise(), method=typed["method"],
                    point_of_sale=typed["point"].pk, actor=reach.actor(request),
                )  # fmt: skip
                assert purchase.payment is not None
                return redirect("console:receipt", number=purchase.payment.receipt_number)
            quote = prepay.quote(consumer.pk, form.paise())
        except Refused as error:
            refused = _told(error, typed, reach.actor(request))
    if quote is None:
        return _form_page(request, consumer, say("Recharge"), form, refused)
    return _quote_page(request, consumer, form, quote)


def _form_page(
    request: HttpRequest, consumer: Consumer, title: str, form: MoneyForm, refused: Refused | None
) -> HttpResponse:
    failed = refused is not None or (form.is_bound and not form.is_valid())
    context = {
        "title": title,
        "consumer": consumer,
        "owes": queries.dues_paise(consumer.pk),
        "form": form,
        "refused": refused,
        "is_recharge": not isinstance(form, PayForm),
        "has_point": points_of(rights(request)).exists(),
    }
    return render(request, "console/counter.html", context, status=422 if failed else 200)


def _quote_page(
    request: HttpRequest, consumer: Consumer, form: MoneyForm, quote: prepay.Quote
) -> HttpResponse:
    unit = Purchase.Unit(quote.division.unit).label
    shares = [(share.kind, share.amount_paise, share.quantity) for share in quote.division.shares]
    context = {
        "title": say("Recharge"),
        "consumer": consumer,
        "form": form,
        "paid": rupees(form.paise()),
        "credit": in_unit(quote.division.amount, unit),
        "carried_paise": quote.carried_paise,
        "table": division_table(shares, unit, form.paise() + quote.carried_paise),
        "hidden": [(name, request.POST.get(name, "")) for name in form.fields],
    }
    return render(request, "console/quote.html", context)


def division_table(shares: list[tuple[str, int, int]], unit: str, total_paise: int) -> Table:
    """What the money becomes, share by share: (kind, paise, quantity of credit)."""
    rows = [
        [
            Cell(said(SHARES.get(kind, kind))),
            number(in_unit(quantity, unit) if quantity else ""),
            money(paise),
        ]
        for kind, paise, quantity in shares
    ]
    rows.append([Cell(say("Total")), number(""), money(total_paise)])
    return Table([say("For"), say("Credit"), say("Amount")], rows)
