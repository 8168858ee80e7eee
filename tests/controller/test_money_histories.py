"""Random histories of money: callbacks doubled, reordered and late, workers killed anywhere.

Whatever happens, debits equal credits, and no payment or purchase is lost or counted twice. A few
dozen histories run with every test run; `BIJLI_HISTORIES=5000` runs so many (docs/payments.md).
"""

import contextlib
import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from controller.errors import Refused
from tests.controller import till
from tests.controller.killing import killed_at
from tests.controller.till import CLERK, OFFICE, balance

NOW_S = 200_000_000
DAY_S = 86_400
HISTORIES = int(os.environ.get("BIJLI_HISTORIES", "30"))
WRITES_MAX = 45  # a recharge takes about so many statements that write
ENERGY, MONEY, FLAT, BILLED = (f"BHKATS011{number}" for number in (12, 13, 14, 15))

amounts = st.sampled_from([500, 40_000, 50_000, 60_000])
kills = st.one_of(st.none(), st.integers(1, WRITES_MAX), st.integers(1, WRITES_MAX // 2))
numbers = st.integers(0, 5)
PURPOSES = {"bill": (BILLED, ENERGY), "recharge": (ENERGY, MONEY, FLAT)}
purposes = st.sampled_from(["bill", "recharge", "recharge"])


class Board:
    """What the meters do: each purchase id is credited once, by command or voucher."""

    def __init__(self):
        self.credited: dict[str, int] = {}
        self.refused: set[str] = set()


class History(RuleBasedStateMachine):
    """One history: orders, a network that keeps every message, tills, boards, and a clock."""

    set_clock = None

    @initialize()
    def begin(self):
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.now_s = NOW_S
        self.set_clock(self.now_s)
        self.orders: list = []
        self.network: list[bytes] = []  # all that the provider has ever sent
        self.captured: dict[str, tuple[int, str]] = {}  # by reference, as first delivered
        self.refunds: dict[str, tuple[str, int]] = {}
        self.tills: dict[str, tuple] = {}  # by key, what was asked
        self.boards = Board()

    # --- the provider and its network ---

    @rule(
        number=numbers, paise=amounts, purpose=purposes, copies=st.integers(0, 2), kill=kills,
        is_worked_on=st.booleans(),
    )  # fmt: skip
    def pay_online(self, number, paise, purpose, copies, kill, is_worked_on):
        """A consumer orders and pays; the callback comes at once, or later, or twice."""
        consumer = PURPOSES[purpose][number % len(PURPOSES[purpose])]
        key = f"order-{number:04}-{paise}-{purpose}"
        order = till.order(key, paise, consumer_id=consumer, purpose=purpose)
        self.orders.append(order)
        self.network.append(self._captured(order, 1, 0))
        for _ in range(copies):
            till.call(self.network[-1], self.now_s)
        if is_worked_on:
            self.work(kill)

    def _captured(self, order, attempt: int, wrong: int) -> bytes:
        facts = {"payment": f"pay-{order.pk}-{attempt}", "order": order.pk, "method": "upi"}
        return till.body_of(**facts, amount_paise=order.amount_paise + wrong)

    @precondition(lambda self: self.orders)
    @rule(number=numbers, attempt=st.integers(1, 2), wrong=st.integers(0, 1))
    def capture_again(self, number, attempt, wrong):
        """The consumer pays a second time, or not what was ordered."""
        order = self.orders[number % len(self.orders)]
        self.network.append(self._captured(order, attempt, wrong))

    @precondition(lambda self: self.orders)
    @rule(number=numbers, attempt=st.integers(1, 2), share=st.sampled_from([1, 2]))
    def refund(self, number, attempt, share):
        order = self.orders[number % len(self.orders)]
        reference = f"pay-{order.pk}-{attempt}"
        paise = order.amount_paise // share
        facts = {"payment": reference, "refund": f"ref-{reference}", "amount_paise": paise}
        self.network.append(till.body_of("refund.processed", **facts))

    @precondition(lambda self: self.orders)
    @rule(number=numbers, is_known=st.booleans())
    def fail_or_stray(self, number, is_known):
        order = self.orders[number % len(self.orders)]
        facts = {"payment": "stray", "amount_paise": 700}
        if is_known:
            self.network.append(till.body_of("payment.failed", payment="none", order=order.pk))
        else:
            self.network.append(till.body_of(**facts))

    @precondition(lambda self: self.network)
    @rule(number=st.integers(0, 99), kill=kills)
    def deliver(self, number, kill):
        """Any message, early, late or once more; a killed process may not have stored it."""
        with killed_at(kill):
            till.call(self.network[number % len(self.network)], self.now_s)

    @precondition(lambda self: self.network)
    @rule(kill=kills)
    def work_on_callbacks(self, kill):
        self.work(kill)

    def work(self, kill):
        from controller.payments import services

        with killed_at(kill):
            services.process_callbacks()

    # --- the tills ---

    @rule(
        number=numbers, paise=amounts, consumer=st.sampled_from(PURPOSES["recharge"]), kill=kills
    )
    def recharge(self, number, paise, consumer, kill):
        key = f"recharge-{number}"
        self._ask(key, ("recharge", consumer, paise), kill)

    def recharge_now(self, number):
        self._ask(
            f"recharge-{number}", ("recharge", PURPOSES["recharge"][number % 3], 50_000), None
        )

    @rule(number=numbers, paise=amounts, kill=kills)
    def pay(self, number, paise, kill):
        self._ask(f"payment-{number}", ("bill", BILLED, paise), kill)

    def _ask(self, key, asked, kill):
        """The same key is the same request, again and again, until it was heard."""
        asked = self.tills.setdefault(key, asked)
        with killed_at(kill), contextlib.suppress(Refused):
            self._serve(key, *asked)

    def _serve(self, key, purpose, consumer, paise):
        if purpose == "recharge":
            till.recharge(key, paise, consumer_id=consumer)
        else:
            till.pay(key, paise, "A1", consumer_id=consumer)

    @rule(number=numbers, kill=kills)
    def reverse(self, number, kill):
        from controller.payments import services
        from controller.payments.models import Payment

        payments = list(Payment.objects.order_by("received_s", "id"))
        if payments:
            chosen = payments[number % len(payments)]
            with killed_at(kill), contextlib.suppress(Refused):
                services.reverse_payment(payment_id=chosen.pk, reason="a mistake", **CLERK)

    @rule(paise=amounts, kill=kills, verdict=st.sampled_from(["verify", "reject", "wait"]))
    def deposit(self, paise, kill, verdict):
        from controller.payments import points

        key = f"deposit-{self.now_s}-{paise}"
        with killed_at(kill), contextlib.suppress(Refused):
            logged = points.log_deposit(
                key=key, point_of_sale="A1", amount_paise=paise, slip="SLIP 1", **CLERK
            )
            if verdict == "verify":
                points.verify_deposit(deposit_id=logged.pk, **OFFICE)
            elif verdict == "reject":
                points.reject_deposit(deposit_id=logged.pk, reason="not there", **OFFICE)

    # --- the boards ---

    @rule(number=numbers, answer=st.sampled_from(["applied", "refused", "expired"]), kill=kills)
    def answer(self, number, answer, kill):
        """A board takes or refuses a credit command; a receipt that is lost comes again."""
        from controller.prepay.models import Purchase

        waiting = list(Purchase.objects.filter(command__state="queued").order_by("sold_s", "pk"))
        if not waiting:  # rather than nothing, the consumer comes to the counter
            self.recharge_now(number)
            return
        purchase = waiting[number % len(waiting)]
        if purchase.pk in self.boards.credited:  # by its voucher
            answer = "already"
        elif purchase.pk in self.boards.refused and answer == "applied":
            answer = "refused"
        self._note(purchase, answer)
        arguments = {"refused": (9,), "already": (7,)}.get(answer, ())
        with killed_at(kill):
            till.finish(purchase, "refused" if answer == "already" else answer, *arguments)

    def _note(self, purchase, answer):
        if answer == "applied":
            self.boards.credited.setdefault(purchase.pk, purchase.amount)
        elif answer in ("refused", "expired"):
            self.boards.refused.add(purchase.pk)

    @rule(number=numbers)
    def key_in(self, number):
        """A consumer keys in a voucher at a board without network."""
        from controller.vouchers.models import Voucher

        vouchers = list(Voucher.objects.order_by("issued_s", "pk"))
        if vouchers:
            voucher = vouchers[number % len(vouchers)]
            if voucher.pk not in self.boards.refused:
                self.boards.credited.setdefault(voucher.pk, voucher.amount_tenths * 100)

    @rule(days=st.sampled_from([0, 1, 40]))
    def wait(self, days):
        from controller.payments import services

        self.now_s += 2_000 + days * DAY_S
        self.set_clock(self.now_s)
        services.expire_orders()
        self.a_purchase_is_sold_once_and_its_money_stands_in_the_books()

    # --- what always holds ---

    @invariant()
    def debits_are_credits(self):
        from controller.ledger.queries import trial_balance

        assert sum(trial_balance().values()) == 0

    def a_purchase_is_sold_once_and_its_money_stands_in_the_books(self):
        from controller.headend.models import Command
        from controller.prepay.models import Purchase

        purchases = list(Purchase.objects.prefetch_related("lines"))
        commands = Command.objects.filter(name="credit")
        assert sorted(command.arguments["0"]["hex"] for command in commands) == sorted(
            purchase.pk for purchase in purchases
        )
        for consumer in PURPOSES["recharge"]:
            sold = sum(
                line.amount_paise
                for purchase in purchases
                if purchase.connection.consumer_id == consumer and purchase.state != "refused"
                for line in purchase.lines.all()
                if line.kind in ("lifeline", "credit")
            )
            assert balance(f"prepaid:{consumer}") == -sold
        for purchase in purchases:
            lines = sum(line.amount_paise for line in purchase.lines.all())
            assert lines == purchase.paid_paise + purchase.carried_paise

    def every_payment_is_one_entry(self):
        from controller.ledger.models import Entry
        from controller.payments.models import Payment

        entries = set(Entry.objects.filter(kind="payment").values_list("reference", flat=True))
        assert entries == set(Payment.objects.values_list("pk", flat=True))

    def teardown(self):
        """In the end all is delivered and worked on, nobody is killed, and all must agree."""
        if not hasattr(self, "outer"):
            return
        try:
            self._finish()
            self._check_provider()
            self._check_tills()
            self._check_boards()
        finally:
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    def _finish(self):
        from controller.payments import services

        for body in self.network:
            till.call(body, self.now_s)
        for _ in range(3):
            services.process_callbacks()
        for key, asked in self.tills.items():
            with contextlib.suppress(Refused):
                self._serve(key, *asked)
        self.debits_are_credits()
        self.a_purchase_is_sold_once_and_its_money_stands_in_the_books()
        self.every_payment_is_one_entry()

    def _check_provider(self):
        """Every payment of the provider counts once: for its order, or held with a task."""
        from controller.payments.models import Callback, PaymentOrder, ProviderPayment, Refund

        told = Callback.objects.exclude(outcome__in=("done", "nothing", "conflict"))
        assert set(told.values_list("outcome", flat=True)) <= {"waiting"}
        arrived = list(ProviderPayment.objects.select_related("payment", "order"))
        references = {
            callback.reference for callback in Callback.objects.filter(event="payment.captured")
        }
        assert {row.reference for row in arrived} == references
        refunded = sum(Refund.objects.values_list("amount_paise", flat=True))
        assert balance("clearing:acme") == sum(row.amount_paise for row in arrived) - refunded
        assert -balance("payable:unclaimed-acme") == sum(row.suspended_paise for row in arrived)
        for row in arrived:
            assert (row.payment is None) or row.payment == row.order.payment
        paid = PaymentOrder.objects.filter(state="paid")
        assert {order.pk for order in paid} == {row.order_id for row in arrived if row.payment}
        held = {row.reference for row in arrived if row.payment is None}
        keys = {task.key for task in till.open_tasks("payment_conflict")}
        assert held <= {key.rpartition(":")[2] for key in keys}

    def _check_tills(self):
        """What was asked until it was heard is there once, and every receipt has its number."""
        from controller.payments.models import Payment
        from controller.payments.queries import receipt_gaps

        assert receipt_gaps() == []
        unsold = {task.evidence["payment"] for task in till.open_tasks("recharge_not_sold")}
        for payment in Payment.objects.filter(purpose="recharge").select_related("purchase"):
            assert hasattr(payment, "purchase") != (payment.pk in unsold)

    def _check_boards(self):
        """What a board has credited stays sold, and what is credited here a board has."""
        from controller.prepay.models import Purchase

        for purchase in Purchase.objects.all():
            if purchase.state == "credited":
                assert self.boards.credited[purchase.pk] == purchase.amount
            if purchase.state == "refused":
                assert purchase.pk not in self.boards.credited


@pytest.fixture
def tills(db, clock, make_board):
    from controller.vouchers import services as vouchers

    for meter in ("BHK01", "BHK02", "BHK03"):
        make_board(meter)
    till.open_tills()
    till.supply_by_tariff()
    vouchers.add_key(supply_group="123457", revision=1, base_year=2014, **OFFICE)
    till.set_profile(smallest_voucher_paise=1_000)
    for number in (13, 14, 15):
        till.add_consumer(number)
    till.supply(MONEY, "BHK02", kind="A2.2")
    till.supply(FLAT, "BHK03", kind="A1.1", monthly_rupees=160)
    return clock


def test_no_history_loses_or_doubles_money_or_a_purchase(tills):
    """Duplicated, reordered, delayed callbacks and workers killed anywhere."""
    History.set_clock = staticmethod(tills)
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
