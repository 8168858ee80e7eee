"""Money received is money in the ledger, and the ledger is what it was."""

from datetime import date

import pytest
from django.db import connection

from controller.ledger import services as ledger
from controller.ledger.models import Transfer
from controller.tasks import queries as tasks
from tests.controller import till
from tests.controller.homes import DAY_S, HOUR_S, JANUARY
from tests.controller.test_reconcile import found, reconcile


@pytest.fixture
def tills(db, clock):
    """A payment, a reversed one, a verified deposit and a rejected one, on 1 January."""
    from controller.payments import points
    from controller.payments import services as payments

    clock(JANUARY.start_s + 9 * HOUR_S)
    till.open_tills()
    payment = till.pay(paise=30_000)
    payments.reverse_payment(
        payment_id=till.pay("key-00002", 5_000).pk, reason="Typed twice", actor="clerk"
    )
    deposit = {"point_of_sale": "C1", "actor": "clerk"}
    first = points.log_deposit(key="deposit-1", amount_paise=10_000, slip="slip 1", **deposit)
    points.verify_deposit(deposit_id=first.pk, actor="head office")
    second = points.log_deposit(key="deposit-2", amount_paise=7_000, slip="slip 2", **deposit)
    points.reject_deposit(deposit_id=second.pk, reason="Not at the bank", actor="head office")
    return payment


def test_money_received_is_money_in_the_ledger(tills, clock):
    report = reconcile(clock)
    assert (report.receipts, report.mismatches) == (5, 0)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE payments_payment SET amount_paise = 30001 WHERE amount_paise = 30000",
         "A payment is not posted as it was received"),
        ("UPDATE payments_payment SET state = 'reversed' WHERE amount_paise = 30000",
         "A payment is undone in the one book and not in the other"),
        ("UPDATE payments_payment SET state = 'taken' WHERE amount_paise = 5000",
         "A payment is undone in the one book and not in the other"),
        ("DELETE FROM payments_payment WHERE amount_paise = 30000",
         "A payment is in the ledger and was never received"),
        ("UPDATE payments_deposit SET state = 'verified' WHERE amount_paise = 7000",
         "A deposit verified was received and is not in the ledger"),
        ("UPDATE payments_deposit SET amount_paise = 9999 WHERE amount_paise = 10000",
         "A deposit logged is not posted as it was received"),
        ("UPDATE ledger_entry SET kind = 'other' WHERE kind = 'payment'",
         "A payment was received and is not in the ledger"),
    ],
)  # fmt: skip
def test_money_that_differs_between_till_and_ledger_is_found(tills, clock, statement, words):
    with connection.cursor() as cursor:
        cursor.execute(statement)
    report = reconcile(clock)
    assert words in {each["title"] for each in report.findings}
    task = tasks.open_tasks("reconcile_payment").filter(title=words).first()
    assert task.evidence["reference"]


def test_money_in_suspense_that_the_ledger_does_not_have_is_found(tills, clock):
    from controller.payments.models import Provider

    Provider.objects.get(pk="acme").payments.create(
        reference="pay-1", amount_paise=700, currency="INR", suspended_paise=700, arrived_s=1
    )
    assert found(reconcile(clock)) == [
        ("reconcile_ledger", "provider acme",
         "Money of acme in suspense is not what the ledger says"),
    ]  # fmt: skip


def test_a_changed_ledger_is_found(tills, clock):
    clock(JANUARY.start_s + 2 * DAY_S)
    ledger.post(
        kind="water", reference="water:1", text="Water", actor="clerk",
        transfers=[(f"consumer:{till.ASHA}", "income:water", 500)],
    )  # fmt: skip
    clock(JANUARY.start_s + 3 * DAY_S)
    ledger.seal_past_days(actor="nightly")
    Transfer.objects.filter(entry__kind="water")._raw_delete("default")
    assert {each[0] for each in found(reconcile(clock))} == {"reconcile_ledger"}


# --- bills --------------------------------------------------------------------------------------


@pytest.fixture
def bills(village, close):
    """Two bills of January: one stands, one was made anew."""
    from controller.billing import services as billing

    for number in (1, 2):
        home = village(number)
        home.read(JANUARY.start_s, 40_000)
        home.read(JANUARY.end_s, 190_500)
    close()
    return billing.rebill(number="BHKATS00102-2026-01", reason="Asked for", actor="clerk")


FEBRUARY_1 = date(2026, 2, 1)


def test_bills_are_owed_once_and_whole(bills, clock):
    assert reconcile(clock, FEBRUARY_1, FEBRUARY_1).mismatches == 0


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE billing_bill SET total_paise = 1 WHERE number = 'BHKATS00101-2026-01'",
         "Bill BHKATS00101-2026-01 is not posted as it was made"),
        ("UPDATE billing_bill SET replaced_by = NULL",
         "Bill BHKATS00102-2026-01 is undone in the one book and not in the other"),
        ("UPDATE billing_bill SET replaced_by = 'x' WHERE number = 'BHKATS00101-2026-01'",
         "Bill BHKATS00101-2026-01 is undone in the one book and not in the other"),
        ("DELETE FROM billing_bill WHERE number = 'BHKATS00101-2026-01'",
         "Bill BHKATS00101-2026-01 is in the ledger and was never made"),
    ],
)  # fmt: skip
def test_a_bill_that_differs_from_the_ledger_is_found(bills, clock, statement, words):
    with connection.cursor() as cursor:
        cursor.execute(statement)
    report = reconcile(clock, FEBRUARY_1, FEBRUARY_1)
    assert [each["title"] for each in report.findings] == [words]
