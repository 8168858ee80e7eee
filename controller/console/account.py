"""A consumer's account page, in tabs: profile, transactions, deposit, readings, service requests.

Each tab is a view of its own; a further one is a row of TABS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from controller import clock
from controller.billing.models import Bill
from controller.console import people, reach, rules
from controller.console.bars import bar_chart, top
from controller.console.books import statement_table
from controller.console.months import span_s
from controller.console.orders import Order
from controller.console.reach import Rights
from controller.console.sheets import (
    SOFT,
    Button,
    Cell,
    Section,
    Sheet,
    Tab,
    Table,
    money,
    number,
    when,
)
from controller.console.templatetags.format import consumer_id, credit, month, package_id, seen
from controller.console.words import said, say, word
from controller.consumers import queries as consumers
from controller.consumers.models import WAITING, Connection, Consumer
from controller.deposits.queries import open_demand
from controller.figures import kwh, rupees, watts
from controller.fleet import queries as fleet
from controller.ledger import queries as ledger
from controller.readings.models import Reading

BILLS_SHOWN = 12
READINGS_SHOWN = 20
DAYS_SHOWN = 31
DAY_S = 86_400


@dataclass(frozen=True)
class AccountTab:
    """One tab: its page, its label, and what one must be allowed to do to see it."""

    page: str
    label: str
    needs: str


TABS = [
    AccountTab("account", word("Profile"), "consumers.see"),
    AccountTab("account_transactions", word("Transactions"), "bills.see"),
    AccountTab("account_deposit", word("Deposit"), "deposits.see"),
    AccountTab("account_readings", word("Readings"), "meters.see"),
    AccountTab("account_requests", word("Service requests"), "requests.see"),
    AccountTab("account_changes", word("Changes"), "changes.see"),
    AccountTab("account_extras", word("Water and appliances"), "extras.see"),
]
# Orders about a consumer, by the names of their pages; the modules of these pages add theirs.
ORDERS: dict[str, Order] = {}
DEPOSIT_ORDERS: dict[str, Order] = {}


def title(consumer: Consumer) -> str:
    """A consumer by name and number."""
    return f"{consumer.name} · {consumer_id(consumer.pk)}"


def url(consumer: Consumer) -> str:
    """The consumer's account page."""
    return reverse("console:account", args=[consumer.pk])


def sheet(request: HttpRequest, consumer: Consumer, page: str) -> Sheet:
    """The page with its tabs, to be filled."""
    held = reach.rights(request)
    tabs = [
        Tab(said(tab.label), reverse(f"console:{tab.page}", args=[consumer.pk]), tab.page == page)
        for tab in TABS
        if held.may(tab.needs)
    ]
    place = f"{consumer_id(consumer.pk)} · {consumer.plant.name}"
    return Sheet(title=consumer.name, subtitle=place, tabs=tabs)


def account(request: HttpRequest, consumer_id: str) -> HttpResponse:
    """The profile: package, load, dues, meter, and what can be done."""
    consumer = reach.consumer(request, consumer_id)
    shown = sheet(request, consumer, "account")
    shown.headline = said(consumer.get_status_display())
    shown.look = people.LOOKS.get(consumer.status, SOFT)
    shown.facts = money_facts(consumer) + supply_facts(consumer) + _contact_facts(consumer)
    shown.buttons = _buttons(reach.rights(request), consumer)
    shown.sections = [Section(say("Bills"), _bills(consumer))]
    return shown.answer(request)


def _buttons(held: Rights, consumer: Consumer) -> list[Button]:
    buttons = _orders(held, consumer, ORDERS)
    meter_id = meter_of(consumer)
    if meter_id and held.may("meters.see"):
        buttons.insert(0, Button(say("Meter"), reverse("console:meter", args=[meter_id])))
    return buttons


def _orders(held: Rights, consumer: Consumer, orders: dict[str, Order]) -> list[Button]:
    return [
        Button(said(order.label), reverse(f"console:{page}", args=[consumer.pk]), order.danger)
        for page, order in orders.items()
        if held.may(order.needs) and order.shown(consumer)
    ]


def meter_of(consumer: Consumer) -> str | None:
    """The meter that is fitted at the consumer's connection."""
    connection = getattr(consumer, "connection", None)
    return connection.meter_id if connection is not None else None


def money_facts(consumer: Consumer) -> list[tuple[str, str]]:
    """What is owed, held and still to be paid."""
    codes = [f"{name}:{consumer.pk}" for name in ("consumer", "deposit", "debt")]
    owes, deposit, debt = ledger.balances(codes).values()
    facts = [
        (say("Owes") if owes >= 0 else say("Paid ahead"), rupees(abs(owes))),
        (say("Security deposit"), rupees(-deposit)),
    ]
    demand = open_demand(consumer.pk)
    if demand is not None:
        facts.append((say("Deposit to be paid"), rupees(demand.amount_paise)))
    return [*facts, (say("Meter cost still due"), rupees(debt))] if debt else facts


def supply_facts(consumer: Consumer) -> list[tuple[str, str]]:
    """Load, package and meter, with how the supply stands."""
    connection = getattr(consumer, "connection", None)
    if connection is None:
        return [(say("Connection"), say("none yet"))]
    facts = [
        (say("Sanctioned load"), watts(connection.sanctioned_load_w)),
        (say("Phases"), str(connection.phases)),
        *_packages(connection),
        (say("Meter"), connection.meter_id or say("none yet")),
    ]
    state = connection.meter.state if connection.meter else None
    if state is not None:
        facts += [
            (say("Supply"), said(fleet.supply(state))),
            (say("Credit"), credit(state)),
            (say("Register"), kwh(state.energy_wh)),
            (say("Last heard"), seen(state.received_s)),
        ]
    return facts


def _packages(connection: Connection) -> list[tuple[str, str]]:
    """The package that the board runs, and the one that takes its place."""
    active = consumers.active_assignment(connection)
    coming = consumers.assignments(connection).filter(state__in=WAITING).last()
    facts = [(say("Package"), package_id(active.package_id) if active else "–")]
    if coming is not None:
        how = said(rules.ASSIGNMENTS[coming.state])
        facts.append((say("Package to come"), f"{package_id(coming.package_id)}: {how}"))
    return facts


def _contact_facts(consumer: Consumer) -> list[tuple[str, str]]:
    return [
        (say("Category"), said(consumer.get_category_display())),
        (say("Phone"), consumer.phone or "–"),
        (say("E-mail"), consumer.email or "–"),
        (say("Address"), consumer.address or "–"),
    ]


def _bills(consumer: Consumer) -> Table:
    found = Bill.objects.filter(connection__consumer=consumer).select_related("period")
    rows = [
        [
            Cell(month(bill.period.month)),
            Cell(bill.number, reverse("console:bill", args=[bill.number])),
            money(bill.total_paise),
        ]
        for bill in found.order_by("-period__month")[:BILLS_SHOWN]
    ]
    return Table([say("Period"), say("Number"), say("Total")], rows, say("No bills yet."))


def _of_account(word_: str, page: str) -> Callable[..., HttpResponse]:
    """A tab with the statement of one of the consumer's accounts in the ledger."""

    def tab(request: HttpRequest, consumer_id: str) -> HttpResponse:
        consumer = reach.consumer(request, consumer_id)
        _month, _from_s, until_s = span_s("")
        found = ledger.statement(f"{word_}:{consumer.pk}", until_s - 366 * DAY_S, until_s)
        shown = sheet(request, consumer, page)
        closing = found.closing_paise if word_ == "consumer" else -found.closing_paise
        shown.facts = [(say("Balance"), rupees(closing))]
        if word_ == "deposit":
            shown.buttons = _orders(reach.rights(request), consumer, DEPOSIT_ORDERS)
        latest = found._replace(lines=found.lines[::-1])
        shown.sections = [Section(table=statement_table(latest, reach.rights(request)))]
        return shown.answer(request)

    return tab


transactions = _of_account("consumer", "account_transactions")
deposit = _of_account("deposit", "account_deposit")


def readings(request: HttpRequest, consumer_id: str) -> HttpResponse:
    """Units a day, and the latest readings."""
    consumer = reach.consumer(request, consumer_id)
    shown = sheet(request, consumer, "account_readings")
    meter_id = meter_of(consumer)
    latest = Reading.objects.filter(meter=meter_id or "").order_by("-end_s")[:READINGS_SHOWN]
    rows = [
        [when(reading.end_s), number(kwh(reading.energy_wh)), number(watts(reading.power_w_max))]
        for reading in latest
    ]
    heads = [say("Time"), say("Register"), say("Largest load")]
    chart = _daily(meter_id) if rows and meter_id else SafeString()
    shown.sections = [
        Section(say("Units a day"), chart=chart),
        Section(say("Latest readings"), Table(heads, rows, say("No readings yet."))),
    ]
    return shown.answer(request)


def _daily(meter_id: str) -> SafeString:
    """The energy of each of the last days, from the register at its end."""
    today = timezone.localtime(clock.moment(clock.now_s())).date().toordinal()
    ends: dict[int, int] = {}
    found = Reading.objects.filter(
        meter=meter_id, end_s__gt=clock.now_s() - (DAYS_SHOWN + 1) * DAY_S
    )
    for end_s, energy_wh in found.order_by("end_s").values_list("end_s", "energy_wh"):
        day = timezone.localtime(clock.moment(end_s - 1)).date().toordinal()
        ends.setdefault(day - 1, energy_wh)
        ends[day] = energy_wh
    days = [day for day in sorted(ends) if day - 1 in ends and day <= today][-DAYS_SHOWN:]
    if not days:
        return SafeString()
    values = [max(0, ends[day] - ends[day - 1]) for day in days]
    highest = top(values)
    labels = [str(date.fromordinal(day).day) for day in days]
    text = say("{0} days, {1} in all.", len(days), kwh(sum(values)))
    # bar_chart escapes its texts; the rest of it are numbers.
    return SafeString(
        bar_chart(
            values, labels, [_short(highest), _short(highest // 2)], say("Units a day"), text
        )
    )


def _short(energy_wh: int) -> str:
    """Short enough for the margin of a chart."""
    return f"{energy_wh} Wh" if energy_wh % 1_000 else f"{energy_wh // 1_000} kWh"
