"""What consumers are told by itself when something happens to them, and once a day."""

from datetime import UTC, date, datetime

import pytest

from controller.consumers.models import Connection, Consumer
from controller.fleet.models import MeterState
from controller.notices import daily
from controller.notices.models import Message
from controller.notices.services import text_of
from controller.payments import services as payments
from tests.controller import test_changes as flow
from tests.controller import till
from tests.controller.conftest import NOW_S
from tests.controller.till import ASHA, CLERK, OFFICE

PHONE = "+919431012345"


@pytest.fixture
def asha(board, clock):
    """Asha with a phone, prepaid in energy at ₹6.50 a unit through BHK01."""
    till.open_tills()
    till.supply(ASHA, "BHK01")
    till.set_profile(utility_name="Katsa", smallest_voucher_paise=1_000)
    Consumer.objects.filter(pk=ASHA).update(phone=PHONE)


def told() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("template", flat=True))


def last() -> Message:
    return Message.objects.latest("pk")


def test_a_payment_is_confirmed_with_what_is_still_due(asha):
    """MG-10d, MG-9: automatic SMS with the confirmation of payment."""
    till.owe(ASHA, 30_000)
    payment = till.pay(paise=10_000)
    till.pay(paise=10_000)  # the same again
    assert told() == ["payment_confirmed"]
    assert payment.receipt_number in last().body
    assert "Still due: Rs 200.00" in last().body
    assert last().recipient == PHONE


def test_who_owes_nothing_more_is_told_of_the_payment_alone(asha):
    till.owe(ASHA, 10_000)
    till.pay(paise=10_000)
    assert told() == ["payment_received"]


def test_a_payment_taken_back_is_told(asha):
    payment = till.pay(paise=10_000)
    payments.reverse_payment(payment_id=payment.pk, reason="wrong consumer", **OFFICE)
    assert told() == ["payment_received", "payment_reversed"]


def test_a_refused_payment_tells_nobody(asha):
    from controller.errors import Refused

    with pytest.raises(Refused):
        till.recharge(paise=500)
    assert told() == []


def test_a_recharge_is_told_once_with_its_credit(asha):
    """MG-10d: the recharge itself, not also the payment."""
    till.recharge(paise=50_000)
    assert told() == ["recharge_taken"]
    assert "Recharge of Rs 500.00: 76.900 units." in last().body


def test_a_recharge_with_a_voucher_tells_its_digits_to_the_consumer_alone(asha):
    """MG-10d, UP-11: the 20 digits, sealed in the outbox."""
    from controller.prepay.services import hand_out_voucher
    from controller.vouchers import services as vouchers

    vouchers.add_key(supply_group="123457", revision=1, base_year=2014, **OFFICE)
    purchase = till.recharge(paise=50_000)
    assert told() == ["key_tokens", "recharge_done"]  # the meter's first voucher brings its key
    voucher = hand_out_voucher(purchase_id=purchase.pk, **CLERK)
    first, second = Message.objects.order_by("pk")
    for message in (first, second):
        assert (message.body, bool(message.sealed)) == ("", True)
    assert all(token in text_of(first) for token in voucher.key_change)
    assert f"Token {voucher.token}." in text_of(second)


def test_a_deposit_is_asked_for_and_given_back(asha):
    """MG-13: notice of the security deposit; told when it is returned."""
    from controller.deposits import services as deposits

    deposits.demand(consumer_id=ASHA, needed_paise=20_000, reason="new connection", **CLERK)
    till.pay(paise=20_000, purpose="deposit")
    Consumer.objects.filter(pk=ASHA).update(status=Consumer.Status.INACTIVE)
    Connection.objects.filter(consumer=ASHA).update(meter=None)
    deposits.give_back(consumer_id=ASHA, account="bank", **CLERK)
    assert told() == ["deposit_due", "payment_received", "deposit_returned"]


@pytest.fixture
def village(asha, board):
    """Asha's board has confirmed its package, her deposit is paid; two operators."""
    from controller.access import services as access
    from controller.consumers import queries, services

    services.design_package("A2.1", "FD", 1500, price_paise=650, **OFFICE)
    for name in ("meena", "ravi"):
        access.add_user(
            username=name, password="a lamp in the rain", roles=["operator"], plants=["KATS"],
            **OFFICE,
        )  # fmt: skip
    connection = queries.find_consumer(ASHA).connection
    flow.answer(board, connection.assignments.get().command)
    flow.activate(board, 1)
    Message.objects.all().delete()


def test_the_steps_of_a_package_change_are_told(village, board):
    """MG-14: request, approval, and that the meter runs the new package."""
    change = flow.ask(package="A2.1 (FD) / 1500 / 0 / 650p", channel="agent")
    flow.do("approve", change)
    if change.due_paise:
        flow.pay_deposit(change.due_paise, "deposit-2")
    flow.do("process", change)
    flow.answer(board, change.assignment.command)
    flow.activate(board, 2, sequence=2)
    steps = [name for name in told() if name.startswith("package")]
    assert steps == [
        "package_change_requested", "package_change_approved", "package_change_done",
    ]  # fmt: skip
    assert "A2.1 (FD)/1500/0/650p" in last().body


def test_a_refused_package_is_told(village):
    """MG-14: it may be refused."""
    change = flow.ask(package="A2.1 (FD) / 1500 / 0 / 650p", channel="agent")
    flow.do("refuse", change, reason="too much for the transformer")
    assert told() == ["package_change_requested", "package_change_refused"]


def test_supply_that_is_cut_and_back_is_told_when_it_is_true(village, board):
    """MG-6: only what the board has done."""
    from controller.changes import services

    for is_on, cause, template in (
        (False, "wish", "deactivated"), (True, "wish", "reconnected"),
    ):  # fmt: skip
        change = services.request_supply(
            consumer_id=ASHA, is_on=is_on, cause=cause, channel="agent", actor="asha"
        )
        flow.do("approve", change)
        flow.do("process", change)
        assert template not in told()
        flow.answer(board, change.command)
        assert told()[-1] == template


def report(balance, credited=100_000, mode=1):
    MeterState.objects.filter(pk="BHK01").update(
        balance=balance, credited_total=credited, credit_mode=mode, received_s=NOW_S
    )


@pytest.mark.parametrize(
    ("mode", "balance", "text"),
    [
        (1, 2_500, "Only 2.500 units left"),
        (2, 4_900, "Only Rs 49.00 left"),
        (3, 2, "Only 2 days left"),
        (1, -10, "used up"),
    ],
)
def test_little_credit_is_told_once_until_the_next_recharge(asha, mode, balance, text):
    """MG-3: a level of supply is kept by paying beforehand."""
    report(balance, mode=mode)
    assert (daily.tell(), daily.tell()) == (1, 0)
    assert text in last().body
    report(balance, credited=200_000, mode=mode)
    assert daily.tell() == 1


def test_enough_credit_or_a_postpaid_account_is_told_nothing(asha):
    report(3_000)
    assert daily.tell() == 0
    report(0, mode=0)
    assert daily.tell() == 0


def test_who_has_not_recharged_in_time_is_told(asha, board, clock):
    """UP-10: recharge at least once in four months."""
    from controller.consumers import services

    services.programme_activated("BHK01", 1, NOW_S)
    report(100_000)
    assert daily.tell() == 0
    clock(NOW_S + 130 * 86_400)
    assert (daily.tell(), daily.tell()) == (1, 0)
    assert told() == ["recharge_overdue"]
    assert "4 Sep 2026" in last().body


@pytest.mark.parametrize(
    ("told_on", "hour", "is_due"),
    [(None, 9, True), (4, 19, True), (5, 12, False), (None, 8, False), (None, 20, False)],
)
def test_once_a_day_and_not_at_night(told_on, hour, is_due):
    day = date(2026, 5, told_on) if told_on else None
    assert daily.is_due(day, datetime(2026, 5, 5, hour, 30, tzinfo=UTC)) == is_due
