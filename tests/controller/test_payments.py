"""Payments: taken once for their key, with a receipt, posted, reversed once (MG-9, MG-10)."""

import pytest

from controller.errors import Conflict, Refused
from tests.controller import till
from tests.controller.till import ASHA, CLERK, balance, pay

NOW_S = 200_000_000


@pytest.fixture(autouse=True)
def tills(db, clock):
    till.open_tills()


def test_a_payment_is_posted_from_the_till_to_the_consumers_account():
    till.owe(ASHA, 25_000)
    payment = pay(paise=10_000)
    assert (balance("cash:C1"), balance(f"consumer:{ASHA}")) == (10_000, 15_000)
    assert (payment.channel, payment.state) == ("counter", "taken")


@pytest.mark.parametrize("method", ["upi", "card", "wallet", "bank"])
def test_what_is_not_cash_waits_in_clearing(method):
    """MG-9: the consumer pays in cash, by wallet or UPI, or by card."""
    pay(method=method)
    assert (balance("cash:C1"), balance("clearing:C1")) == (0, 10_000)


def test_the_same_key_gives_the_first_payment_and_takes_nothing_again():
    first = pay()
    assert pay() == first
    assert balance("cash:C1") == 10_000


@pytest.mark.parametrize(
    "other",
    [{"paise": 10_001}, {"method": "upi"}, {"point": "A1"}, {"purpose": "other"}],
)
def test_a_key_with_other_content_is_refused_and_takes_nothing(other):
    pay()
    with pytest.raises(Conflict):
        pay(**other)
    assert balance("cash:C1") == 10_000


def test_a_key_with_other_content_can_be_reported_and_is_then_a_task():
    from controller.payments import services

    for _ in range(2):
        services.report_conflict(key="key-00001", point_of_sale="C1", what="amount", **CLERK)
    (task,) = till.open_tasks("payment_conflict")
    assert task.subject == "point of sale C1"


def test_receipts_are_numbered_without_gaps_by_point_of_sale_and_year(clock):
    """MG-10: a refused payment uses no number; a new year and another point begin at 1."""
    from controller.payments.queries import receipt_gaps

    numbers = [pay(f"key-0000{n}").receipt_number for n in range(3)]
    with pytest.raises(Refused):
        pay("key-00009", paise=0)
    numbers.append(pay("key-00004").receipt_number)
    assert numbers == [f"C1-2026-{n:06}" for n in range(1, 5)]
    assert pay("key-00005", point="A1").receipt_number == "A1-2026-000001"
    clock(NOW_S + 365 * 86_400)
    assert pay("key-00006").receipt_number == "C1-2027-000001"
    assert receipt_gaps() == []


def test_a_number_that_was_rolled_back_is_given_again():
    from django.db import transaction

    with transaction.atomic():
        pay()
        transaction.set_rollback(True)
    assert pay("key-00002").receipt_number == "C1-2026-000001"


def test_part_payment_is_accepted_where_the_profile_allows_it():
    """MG-9: partial payment is accepted in the mini-grid profile."""
    till.owe(ASHA, 25_000)
    pay(paise=1)
    assert balance(f"consumer:{ASHA}") == 24_999


def test_without_part_payment_all_dues_must_be_paid():
    """MG-9: it is a setting of the utility profile; false means all or nothing."""
    till.owe(ASHA, 25_000)
    till.set_profile(part_payment_allowed=False)
    with pytest.raises(Refused, match=r"Take ₹250\.00"):
        pay(paise=24_999)
    pay("key-00002", paise=24_999, purpose="recharge")  # only dues are meant
    pay("key-00003", paise=25_000)


@pytest.mark.parametrize(
    "order",
    [
        {"paise": -1},
        {"paise": 10**11},
        {"key": "short"},
        {"key": "with a space in it"},
        {"method": "cheque"},
        {"purpose": "gift"},
        {"consumer_id": "BHKATS09999"},
        {"consumer_id": "nonsense"},
        {"point": "C9"},
    ],
)
def test_what_cannot_be_a_payment_is_refused_and_leaves_nothing(order):
    from controller.ledger.models import Entry
    from controller.payments.models import Payment

    with pytest.raises(Refused):
        pay(**order)
    assert not Payment.objects.exists()
    assert not Entry.objects.exists()


def test_a_closed_point_of_sale_takes_nothing():
    from controller.payments import points

    points.open_point(code="C1", is_open=False, **CLERK)
    with pytest.raises(Refused, match="closed"):
        pay()


def test_a_payment_is_reversed_once_with_a_reason_and_audited():
    from controller.audit.queries import latest
    from controller.payments import services

    payment = pay()
    services.reverse_payment(payment_id=payment.pk, reason="typed twice", **CLERK)
    assert (balance("cash:C1"), balance(f"consumer:{ASHA}")) == (0, 0)
    event = latest(f"consumer {ASHA}", 1)[0]
    assert (event.action, event.detail["reason"]) == ("reverse payment", "typed twice")
    with pytest.raises(Refused, match="reversed already"):
        services.reverse_payment(payment_id=payment.pk, reason="typed twice", **CLERK)
    assert pay() == payment  # its key stays used


def test_a_reversal_needs_a_reason_and_the_money_in_hand():
    from controller.payments import points, services

    payment = pay()
    with pytest.raises(Refused, match="reason"):
        services.reverse_payment(payment_id=payment.pk, reason=" ", **CLERK)
    points.log_deposit(
        key="deposit-1", point_of_sale="C1", amount_paise=10_000, slip="SLIP 77", **CLERK
    )
    with pytest.raises(Refused, match="holds ₹0"):
        services.reverse_payment(payment_id=payment.pk, reason="typed twice", **CLERK)


def test_what_was_taken_is_told_by_method_for_the_close_of_a_day():
    from controller.payments import queries, services

    pay("key-00001", 100)
    pay("key-00002", 200)
    pay("key-00003", 400, method="upi")
    gone = pay("key-00004", 800)
    services.reverse_payment(payment_id=gone.pk, reason="typed twice", **CLERK)
    point = queries.find_point("C1")
    assert queries.taken(point, NOW_S, NOW_S + 1) == [("cash", 2, 300), ("upi", 1, 400)]
    assert queries.taken(point, NOW_S + 1, NOW_S + 2) == []
