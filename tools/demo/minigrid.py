"""A month of a small mini-grid, scene by scene: its consumers, its office and its money.

The counterpart of `story`: there the boards are the subject, here what is sold, asked for, owed
and paid. Every scene moves the village on and checks what must be so. Times are local.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protocol import messages as m
from tools.demo import ledgers, saur, tills
from tools.demo.accounts import bill_of
from tools.demo.saur import (
    AGENT,
    APPROVER,
    CLERK,
    COUNTER,
    HEAD,
    MONTH,
    OPERATOR,
    PLANT,
    SALES,
    SETTLERS,
    TECHNICIAN,
    Calendar,
)
from tools.demo.village import START_DELAY_S, Home, Village

LIGHTS_PAISE = 15_000  # thirty days of the flat package
SHOP_PAISE = 45_000
ENERGY_PAISE = 12_000
TYPING_S = 15  # twenty digits and #
TYPING_WH = 200  # more than a house uses while tokens are typed and the network is away
ARREARS_PAISE = 70_000  # of the school, from the paper register: above the debt limit
PAPERS = "papers"  # folder of the bills, below that of the demo


@dataclass
class Grid:
    """The village with its calendar, and what later scenes must know of earlier ones."""

    village: Village
    calendar: Calendar
    papers: Path
    secret: str  # that the payment provider signs with
    facts: dict[str, Any] = field(default_factory=dict)

    def home(self, role: str) -> Home:
        """The home of this role."""
        return self.village.homes[role]

    def run_to(self, evening: int, clock: str) -> None:
        """Let the village live until this time, or a moment longer where it is later already."""
        self.village.run_to(max(self.calendar.at_s(evening, clock), self.village.now_s))

    def check(self, sentence: str, held: object, seen: object = "") -> None:
        """State a fact that must hold."""
        self.village.narrator.check(sentence, bool(held), seen)


def consumers_join(g: Grid) -> None:
    """Six consumers, one of each package kind; every board confirms what it runs."""
    v = g.village
    v.narrator.chapter("A mini-grid opens: six consumers, every kind of package, evenings only")
    for home in v.homes.values():
        v.act(home, main_switch=False)
    v.run_for(START_DELAY_S)
    for settler in SETTLERS:
        home = v.homes[settler.role]
        state = v.assign(home, home.package)
        g.check(f"{settler.name}: the board confirmed '{home.package}'", state == "applied", state)
    _give_deposit(g, g.home("house"))
    for home in v.homes.values():
        v.act(home, main_switch=True)
    v.run_for(5)  # a programme runs from the next second on


def _give_deposit(g: Grid, home: Home) -> None:
    """The postpaid house gives the security deposit that its package asks for (MG-13)."""
    from controller.consumers.models import Connection, Package
    from controller.deposits import queries, services

    connection = Connection.objects.get(pk=home.connection)
    needed_paise = queries.needed_paise(connection, Package.objects.get(pk=home.package))
    services.demand(
        consumer_id=home.consumer, needed_paise=needed_paise, reason="joining", actor=OPERATOR
    )
    tills.pay(home, "deposit-first", needed_paise, COUNTER, CLERK, purpose="deposit")
    held_paise = queries.held_paise(home.consumer)
    g.check("the deposit for it is held", held_paise == needed_paise, tills.rupees(held_paise))


# --- recharges ----------------------------------------------------------------------------------


def recharges_by_three_ways(g: Grid) -> None:
    """At the counter, by an agent, by a provider's signed callback; each credits its board."""
    from controller.prepay.models import Purchase

    v = g.village
    v.narrator.chapter("Recharges: at the counter, by an agent, by a signed callback")
    sold = tills.recharge(g.home("shop"), "recharge-shop", SHOP_PAISE, COUNTER, CLERK)
    _check_credited(g, g.home("shop"), sold, "at the counter")
    sold = tills.recharge(g.home("lights"), "recharge-lights", LIGHTS_PAISE, AGENT, SALES)
    _check_credited(g, g.home("lights"), sold, "by the agent, in the village")
    body = tills.order_online(g.home("energy"), ENERGY_PAISE)
    g.check(
        "a callback with a wrong signature is turned away",
        tills.call_back(v, body, "x" * 32) == 401,
    )
    g.check("the provider's callback is stored", tills.call_back(v, body, g.secret) == 200)
    g.check("it comes a second time, and is stored", tills.call_back(v, body, g.secret) == 200)
    sales = Purchase.objects.filter(connection_id=g.home("energy").connection)
    g.check("one recharge came of both", sales.count() == 1, f"{sales.count()} sold")
    _check_credited(g, g.home("energy"), sales.get(), "through the website")
    v.run_for(START_DELAY_S)
    dark = [home.meter for home in v.homes.values() if not v.look(home)["relay_closed"]]
    g.check("all six houses have supply", not dark, ", ".join(dark))


def _check_credited(g: Grid, home: Home, purchase: Any, way: str) -> None:
    command = g.village.receipt(purchase.command_id)
    purchase.refresh_from_db()
    g.check(
        f"{home.meter} recharged {way}, and its board has credited it",
        command.state == "applied" and purchase.state == "credited",
        f"{tills.rupees(purchase.paid_paise)} → {purchase.amount} {purchase.get_unit_display()},"
        f" {command.state}",
    )


def a_voucher_is_keyed_in(g: Grid) -> None:
    """The network is gone: twenty digits bring the credit, and the command later adds nothing."""
    from controller.prepay.services import hand_out_voucher

    v, home = g.village, g.home("energy")
    v.narrator.chapter("The network is gone: a voucher is keyed in, its command comes later")
    before_wh = v.look(home)["balance"]
    v.stack.lose_broker()
    sold = tills.recharge(home, "recharge-voucher", ENERGY_PAISE, COUNTER, CLERK)
    voucher = hand_out_voucher(purchase_id=sold.pk, actor=CLERK)
    assert voucher is not None  # credit in energy, and there is a vending key
    v.narrator.say(f"the clerk prints {voucher.token} for {sold.amount} Wh")
    for token in (*voucher.key_change, voucher.token):
        answer = _key_in(g, home, token)
    g.check("twenty digits on the keypad, and the board accepts", "ACCEPTED" in answer, answer)
    used_wh = before_wh + sold.amount - v.look(home)["balance"]
    g.check("the credit is there, without any network", 0 <= used_wh < TYPING_WH, sold.amount)
    v.stack.raise_broker()
    v.stack.wait_for_headend()
    command = v.receipt(sold.command_id)
    sold.refresh_from_db()
    g.check("the same purchase by command is told apart: credited already",
            command.state == "refused" and sold.state == "credited", command.state)  # fmt: skip
    used_wh = before_wh + sold.amount - v.look(home)["balance"]
    g.check("it was credited once", 0 <= used_wh < TYPING_WH)
    answer = _key_in(g, home, voucher.token)
    g.check("keyed in again, it is refused", "Used already" in answer, answer)


def _key_in(g: Grid, home: Home, token: str) -> str:
    """Type a token and wait for what the display answers."""
    g.village.act(home, keys=token.replace(" ", "") + "#")
    g.village.run_for(TYPING_S)
    return g.village.display(home)


# --- what is asked for --------------------------------------------------------------------------


def a_package_is_changed(g: Grid) -> None:
    """Request, approval by another person, the deposit's increase, the board's word (MG-14)."""
    from controller.changes import orders, services
    from controller.consumers.services import design_package
    from controller.errors import Refused

    v, home = g.village, g.home("house")
    v.narrator.chapter("A package change: request, approval, payment, the board's confirmation")
    g.run_to(2, "18:05")
    package = design_package("B2.1", "FD", 900, tariff_code=saur.TARIFF, actor=HEAD)
    change = services.request_package(
        consumer_id=home.consumer, package_id=package.pk, channel="agent", actor=SALES
    )
    g.check("asked for by the agent", change.state == "requested", package.pk)
    g.check(
        "who asked cannot approve",
        _is_refused(lambda: services.approve(change_id=change.pk, actor=SALES), Refused),
    )
    change = services.approve(change_id=change.pk, actor=APPROVER)
    g.check("another person approves; the deposit grows", change.due_paise > 0,
            tills.rupees(change.due_paise))  # fmt: skip
    g.check(
        "no order to the board before that is paid",
        _is_refused(lambda: orders.process(change_id=change.pk, actor=OPERATOR), Refused),
    )
    tills.pay(home, "deposit-more", change.due_paise, COUNTER, CLERK, purpose="deposit")
    change = orders.process(change_id=change.pk, actor=OPERATOR)
    assert change.assignment is not None  # it has been ordered
    v.receipt(change.assignment.command_id)
    v.run_for(5)
    v.settle()
    change.refresh_from_db()
    home.package, home.limit_w = package.pk, package.limit_w
    limit_w = v.look(home)["limit_w"]
    g.check("complete by the board's own word", change.state == "completed", change.board)
    g.check("the board limits at the new power", limit_w == package.limit_w, f"{limit_w} W")


def _is_refused(do: Callable[[], object], refusal: type[Exception]) -> bool:
    try:
        do()
    except refusal:
        return True
    return False


def a_service_request_is_served(g: Grid) -> None:
    """Submitted, assigned, completed after a visit, rated (MG-12)."""
    from controller.requests import services

    home = g.home("shop")
    g.village.narrator.chapter("A service request: submitted, assigned, completed, rated")
    request = services.submit(
        consumer_id=home.consumer, kind="meter", text="The display is hard to read.",
        channel="consumer", actor=home.consumer,
    )  # fmt: skip
    services.assign(request_id=request.pk, assignee=TECHNICIAN, actor=OPERATOR)
    g.village.run_for(600)
    services.complete(
        request_id=request.pk, visited_s=g.village.now_s, done="Cleaned the window.",
        actor=TECHNICIAN,
    )  # fmt: skip
    request = services.rate(request_id=request.pk, stars=5, actor=home.consumer)
    g.check("served within minutes, and rated", request.state == "rated", "5 of 5")


# --- who does not pay ---------------------------------------------------------------------------


def a_school_is_cut_for_debts(g: Grid) -> None:
    """Not in its friendly hours; after them by itself, and true by the board's word (MG-6)."""
    from controller.changes import standing
    from controller.ledger.services import post

    v, home = g.village, g.home("school")
    v.narrator.chapter("A consumer who owes too much is cut off, but not in friendly hours")
    post(
        kind="opening",
        reference=home.consumer,
        transfers=[(f"consumer:{home.consumer}", "income:energy", ARREARS_PAISE)],
        text="Owed by the paper register",
        actor=HEAD,
    )
    v.narrator.say(f"the school owes {tills.rupees(ARREARS_PAISE)} from before")
    now = standing.enforce(PLANT)
    g.check("until 18:30 it is spared", now.cut == 0 and now.waiting == 1)
    g.run_to(2, "18:31")
    now = standing.enforce(PLANT)
    _await_change(g, home)
    g.check("after that it is ordered to be cut, by the rule", now.cut == 1)
    _check_status(g, home, "banned", "its board has cut it off")
    seen = v.look(home)
    g.check("the line is dead", not seen["relay_closed"], v.display(home))
    v.press_button(home)
    g.check("the button does not help", bool(v.holds(home) & m.HOLD_OPERATOR))


def the_school_pays_and_is_back(g: Grid) -> None:
    """The payment itself orders the reconnection."""
    v, home = g.village, g.home("school")
    v.narrator.chapter("It pays, and has supply again")
    g.run_to(3, "18:05")
    g.check("a day later it is still cut", not v.look(home)["relay_closed"])
    payment = tills.pay(home, "arrears", ARREARS_PAISE, COUNTER, CLERK, method="bank")
    v.narrator.say(f"receipt {payment.receipt_number} of {tills.rupees(payment.amount_paise)}")
    _await_change(g, home)
    _check_status(g, home, "active", "its board has switched it on")
    v.run_for(5)
    g.check("the line is alive", v.look(home)["relay_closed"], v.display(home))


def _await_change(g: Grid, home: Home) -> None:
    """Until the board has answered the newest order of the consumer's change."""
    from controller.changes.models import Change

    change = Change.objects.filter(connection_id=home.connection).first()
    if change is not None and change.command_id:
        g.village.receipt(change.command_id)


def _check_status(g: Grid, home: Home, status: str, sentence: str) -> None:
    from controller.consumers.models import Consumer

    found = Consumer.objects.get(pk=home.consumer).status
    g.check(f"{sentence}: the school is {status}", found == status, found)


# --- the month ----------------------------------------------------------------------------------


def the_month_goes_by(g: Grid) -> None:
    """Evening after evening; the agent brings the cash to the bank, another person verifies."""
    from controller.changes import standing
    from controller.payments import points

    v = g.village
    v.narrator.chapter("The month goes by")
    deposit = points.log_deposit(
        key=f"{PLANT}-slip-1", point_of_sale=AGENT, amount_paise=LIGHTS_PAISE, slip="77123",
        actor=SALES,
    )  # fmt: skip
    points.verify_deposit(deposit_id=deposit.pk, actor=HEAD)
    g.check("the agent's cash is in the bank, as head office has seen",
            ledgers.balance_paise("bank") == LIGHTS_PAISE)  # fmt: skip
    cut = 0
    for evening in range(3, g.calendar.days):
        g.run_to(evening, "21:01")
        cut += standing.enforce(PLANT).cut
    g.check("nobody else was cut for debts", cut == 0)
    g.run_to(g.calendar.days, "20:59")
    for home in v.homes.values():  # all goes off: plant and registers stand until midnight
        v.act(home, main_switch=False)
    v.run_for(5)
    for home in v.homes.values():
        home.month_end = v.look(home)
    g.run_to(g.calendar.days + 1, "18:03")
    for home in v.homes.values():
        v.act(home, main_switch=True)
    v.settle()
    late = [h.meter for h in v.homes.values() if not v.wait_until_stored(h, g.calendar.end_s)]
    g.check("every board told the month's last midnight", not late, ", ".join(late))


def the_month_is_billed(g: Grid) -> None:
    """Bills and statements, on paper in three languages; one is paid at the counter."""
    v = g.village
    v.narrator.chapter("The month is billed")
    for line in ledgers.close_month():
        v.narrator.say(line)
    ledgers.check_bills(v)
    languages = ledgers.print_bills(g.papers)
    g.check("bills printed in three languages", set(languages) == {"en", "hi", "ml"},
            f"{sum(languages.values())} PDF files")  # fmt: skip
    v.narrator.say(f"they are in {g.papers}")
    home = g.home("house")
    payable_paise = bill_of(home, MONTH).payable_paise
    tills.pay(home, "bill", payable_paise, COUNTER, CLERK)
    g.check("the house has paid its bill", ledgers.balance_paise(f"consumer:{home.consumer}") == 0,
            tills.rupees(payable_paise))  # fmt: skip


def the_books_are_closed(g: Grid) -> None:
    """In the night the days are sealed and all books compared; nothing may be left over."""
    v = g.village
    v.narrator.chapter("The books are closed")
    v.set_clock(g.calendar.at_s(g.calendar.days + 2, "02:05"))
    g.facts |= ledgers.close_books(v, g.calendar)


Scene = Callable[[Grid], None]

MINIGRID: list[Scene] = [
    consumers_join,
    recharges_by_three_ways,
    a_package_is_changed,
    a_service_request_is_served,
    a_school_is_cut_for_debts,
    the_school_pays_and_is_back,
    a_voucher_is_keyed_in,
    the_month_goes_by,
    the_month_is_billed,
    the_books_are_closed,
]


def tell_month(village: Village, calendar: Calendar, seed: int) -> dict[str, Any]:
    """Tell the last days of the month with a plant of its own; what the books said in the end."""
    village.narrator.chapter("A mini-grid is set up")
    home = village.stack.home
    grid = Grid(village, calendar, home / PAPERS, saur.settle(village, home, seed))
    for scene in MINIGRID:
        scene(grid)
    return grid.facts
