"""Cash: what each point of sale has taken and holds, what was brought to the bank, and who saw it.

An agent's own page is the page of the agent's point of sale, made for a phone.
"""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from controller import clock
from controller.console.counter import payment_heads, payment_row
from controller.console.entry import EntryForm, KeyedForm, ReasonForm, paise, rupees_field
from controller.console.orders import Order
from controller.console.reach import Rights, rights
from controller.console.rows import Choice, Rows
from controller.console.sheets import (
    BAD,
    SOFT,
    Button,
    Cell,
    Section,
    Sheet,
    Tab,
    Table,
    list_page,
    money,
    number,
    when,
)
from controller.console.words import said, say, word
from controller.figures import rupees
from controller.payments import points as services
from controller.payments import queries
from controller.payments.models import Deposit, Method, PointOfSale
from controller.payments.queries import Position
from protocol.limits import EPOCH_UNIX_S

PAYMENTS_SHOWN = 20
LOGGED, ALL = "logged", "all"
LISTS = (Choice(LOGGED, word("To be verified")), Choice(ALL, word("All")))
SOURCES = (("cash", word("Cash")), ("clearing", word("Cheques, cards and other money")))


def tabs(current: str) -> list[Tab]:
    """Points of sale and deposits."""
    pages = (("cash", say("Points of sale")), ("deposits", say("Brought to the bank")))
    return [Tab(label, reverse(f"console:{name}"), name == current) for name, label in pages]


def visible(held: Rights) -> QuerySet[PointOfSale]:
    """Points of sale at the user's plants or of no plant; an agent sees their own only."""
    own = Q(user=held.user.get_username())
    found = PointOfSale.objects.select_related("plant")
    if held.roles == {"sales agent"}:
        return found.filter(own)
    return found.filter(own | Q(plant__in=held.plants) | Q(plant=None))


def cash(request: HttpRequest) -> HttpResponse:
    """All points with what they hold; who has one point only is led to it."""
    rows = Rows(request.GET)
    held = rights(request)
    found = visible(held)
    if held.roles == {"sales agent"} and found.count() == 1:
        return redirect("console:point", code=found[0].pk)
    if rows.search:
        found = found.filter(Q(code__icontains=rows.search) | Q(name__icontains=rows.search))
    heads = [
        say("Point of sale"),
        say("Cash in hand"),
        say("Ceiling"),
        say("On its way to the bank"),
    ]
    return list_page(
        request, say("Cash"), rows, found, heads, _row, hint=say("Name"), tabs=tabs("cash")
    )


def _row(point: PointOfSale) -> list[Cell]:
    position = queries.position(point)
    kind = said(point.get_kind_display()) + ("" if point.is_open else f" · {say('closed')}")
    return [
        Cell(point.name, reverse("console:point", args=[point.pk]), small=kind),
        money(position.cash_paise),
        number(_ceiling(position)),
        money(position.under_way_paise),
    ]


def find(request: HttpRequest, code: str) -> PointOfSale:
    """A point that the user sees. Raises Http404."""
    return get_object_or_404(visible(rights(request)), pk=code)


def point(request: HttpRequest, code: str) -> HttpResponse:
    """One point: cash against its ceiling, today's takings, the latest payments and deposits."""
    found = find(request, code)
    held = rights(request)
    position = queries.position(found)
    from_s = _midnight_s()
    taken = queries.taken(found, from_s, from_s + 86_400)
    rows = [[Cell(said(str(Method(one.method).label))), number(one.payments), money(one.paise)]
            for one in taken]  # fmt: skip
    payments = found.payments.select_related("point_of_sale", "consumer")[:PAYMENTS_SHOWN]
    buttons = [Button(say("Find a consumer"), reverse("console:counter"))]
    if held.may(DEPOSIT.needs):
        buttons.append(Button(said(DEPOSIT.label), "deposit/"))
    return Sheet(
        title=found.name,
        subtitle=f"{found.code} · {said(found.get_kind_display())}",
        headline=say("Cash in hand: {0}", rupees(position.cash_paise)),
        look=BAD if _is_full(position) else "",
        warnings=[say("Bring the cash to the bank: the ceiling is reached.")]
        if _is_full(position)
        else [],
        facts=[
            (say("Ceiling"), _ceiling(position)),
            (say("Other money"), rupees(position.not_cash_paise)),
            (say("On its way to the bank"), rupees(position.under_way_paise)),
        ],
        buttons=buttons,
        sections=[
            *_bar(position),
            Section(say("Today"), Table([say("How"), say("Payments"), say("Amount")], rows,
                                        say("Nothing taken today."))),
            Section(say("Latest payments"),
                    Table(payment_heads(), [payment_row(one) for one in payments],
                          say("None yet."))),
            Section(say("Brought to the bank"), _deposits_table(found.deposits.all()[:10])),
        ],
    ).answer(request)  # fmt: skip


def _ceiling(position: Position) -> str:
    return "–" if position.ceiling_paise is None else rupees(position.ceiling_paise)


def _is_full(position: Position) -> bool:
    return position.ceiling_paise is not None and position.cash_paise >= position.ceiling_paise


def _bar(position: Position) -> list[Section]:
    """Cash against the ceiling, in whole rupees."""
    if not position.ceiling_paise:
        return []
    done = max(0, min(position.cash_paise, position.ceiling_paise)) // 100
    return [Section(done=done, of=position.ceiling_paise // 100)]


def _midnight_s() -> int:
    now = timezone.localtime(clock.moment(clock.now_s()))
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return int(start.timestamp()) - EPOCH_UNIX_S


# --- deposits -----------------------------------------------------------------------------------


def _deposits_of(held: Rights) -> QuerySet[Deposit]:
    return Deposit.objects.filter(point_of_sale__in=visible(held)).select_related("point_of_sale")


def waiting(held: Rights) -> int:
    """Deposits that the user could verify."""
    if not held.may("cash.verify"):
        return 0
    return _deposits_of(held).filter(state=Deposit.State.LOGGED).count()


def deposits(request: HttpRequest) -> HttpResponse:
    """What was brought to the bank; first what nobody has verified."""
    rows = Rows(request.GET, LISTS)
    held = rights(request)
    found = _deposits_of(held)
    if rows.show == LOGGED:
        found = found.filter(state=Deposit.State.LOGGED)
    if rows.search:
        found = found.filter(slip__icontains=rows.search)
    return list_page(
        request, say("Brought to the bank"), rows, found, _deposit_heads(), _deposit_row,
        hint=say("Number of the slip"), tabs=tabs("deposits"),
    )  # fmt: skip


def _deposit_heads() -> list[str]:
    return [say("Slip"), say("When"), say("State"), say("Amount")]


def _deposits_table(found: Any) -> Table:
    return Table(_deposit_heads(), [_deposit_row(one) for one in found], say("None yet."))


def _deposit_row(found: Deposit) -> list[Cell]:
    return [
        Cell(
            found.slip, reverse("console:deposit", args=[found.pk]), small=found.point_of_sale.name
        ),
        when(found.logged_s),
        Cell(said(found.get_state_display()), small=found.decided_by, look=SOFT),
        money(found.amount_paise),
    ]


def find_deposit(request: HttpRequest, deposit_id: str) -> Deposit:
    """A deposit of a point that the user sees. Raises Http404."""
    return get_object_or_404(_deposits_of(rights(request)), pk=deposit_id)


def deposit(request: HttpRequest, deposit_id: str) -> HttpResponse:
    """One deposit and what can be said of it."""
    found = find_deposit(request, deposit_id)
    held = rights(request)
    open_ = found.state == Deposit.State.LOGGED
    orders = [order for order in DECISIONS if open_ and held.may(order.needs)]
    facts = [
        (say("State"), said(found.get_state_display())),
        (say("Point of sale"), found.point_of_sale.name),
        (say("When"), when(found.logged_s).text),
        (say("By"), found.logged_by),
    ]
    if found.decided_by:
        facts += [(say("Decided"), found.decided_by), (say("Note"), found.note or "–")]
    return Sheet(
        title=f"{say('Slip')} {found.slip}",
        headline=rupees(found.amount_paise),
        facts=facts,
        buttons=[Button(said(order.label), f"{order.name}/", order.danger) for order in orders],
    ).answer(request)


class DepositForm(KeyedForm):
    """What was brought to the bank."""

    amount = rupees_field(word("Amount, ₹"))
    slip = forms.CharField(label=word("Number of the slip"), max_length=60)
    source = forms.ChoiceField(label=word("What was brought"), choices=SOURCES)


def _log(found: PointOfSale, form: DepositForm, actor: str) -> str:
    typed = form.cleaned_data
    services.log_deposit(
        key=f"deposit:{typed['key']}", point_of_sale=found.pk, source=typed["source"],
        amount_paise=paise(typed["amount"]), slip=typed["slip"], actor=actor,
    )  # fmt: skip
    return say("Logged; head office verifies it.")


def _find_own(request: HttpRequest, code: str) -> PointOfSale:
    """The point, for who works there. Raises Http404."""
    found = find(request, code)
    if found.user not in ("", rights(request).user.get_username()):
        raise Http404
    return found


def _verify(found: Deposit, _form: EntryForm, actor: str) -> str:
    services.verify_deposit(deposit_id=found.pk, actor=actor)
    return say("Slip {0} is verified.", found.slip)


def _reject(found: Deposit, form: ReasonForm, actor: str) -> str:
    services.reject_deposit(
        deposit_id=found.pk, reason=form.cleaned_data["reason"][:200], actor=actor
    )
    return say("Slip {0} is rejected: the money is in hand again.", found.slip)


def _deposit_title(found: Deposit) -> str:
    return f"{found.point_of_sale.name} · {found.slip} · {rupees(found.amount_paise)}"


def _deposit_page(found: Deposit) -> str:
    return reverse("console:deposit", args=[found.pk])


DEPOSIT = Order(
    "deposit",
    word("Brought to the bank"),
    word("The money leaves your hand now; another person verifies it on the bank's statement."),
    DepositForm,
    "cash.deposit",
    _find_own,
    _log,
    lambda found: found.name,
    lambda found: reverse("console:point", args=[found.pk]),
)
DECISIONS = (
    Order(
        "verify", word("Verify"), word("You have seen it on the bank's statement."), EntryForm,
        "cash.verify", find_deposit, _verify, _deposit_title, _deposit_page,
    ),
    Order(
        "reject", word("Reject"), word("The bank has not got it."), ReasonForm,
        "cash.verify", find_deposit, _reject, _deposit_title, _deposit_page, danger=True,
    ),
)  # fmt: skip
