"""Bill runs: batch by batch, resumed after a kill, made anew, exchanges."""

import os
import signal
import subprocess
import sys
import time

import pytest

from controller.errors import Refused
from tests.controller.homes import CLERK, DAY_S, HOUR_S, JANUARY

FEBRUARY_END_S = JANUARY.end_s + 28 * DAY_S


def balance(home) -> int:
    from controller.ledger.queries import balance_paise

    return balance_paise(f"consumer:{home.connection.consumer_id}")


def pay(home, paise: int, reference: str = "receipt:1") -> None:
    from controller.ledger import services

    consumer = f"consumer:{home.connection.consumer_id}"
    services.post(
        kind="payment", reference=reference, text="Paid", actor="clerk",
        transfers=[("cash:counter", consumer, paise)],
    )  # fmt: skip


def used(home, wh: int = 100_000) -> None:
    """A January of 100 units: ₹400.00, and ₹100.00 for 2 kW."""
    home.read(JANUARY.start_s, 0)
    home.read(JANUARY.end_s, wh)


def test_a_bill_stands_in_the_ledger_by_heads_and_debits_equal_credits(village, close):
    """MG-8: what the bill says is owed, to the account that each line belongs to."""
    from controller.ledger.queries import trial_balance

    home = village(1)
    used(home)
    (bill,) = close()
    assert trial_balance() == {
        "consumer:BHKATS00101": 50_000, "income:energy": -40_000, "income:fixed": -10_000,
    }  # fmt: skip
    assert (bill.total_paise, bill.arrears_paise, bill.payable_paise) == (50_000, 0, 50_000)
    # Issued on 1 February, payable to the end of the 15th day after it, by the plant's clock.
    assert bill.due_s == JANUARY.end_s + 16 * DAY_S


def test_a_bill_made_anew_reverses_the_old_one_and_keeps_it(village, close):
    """MG-8: a late reading corrects the bill; the first stays readable and names its follower."""
    from controller.billing import services
    from controller.billing.models import Bill
    from controller.ledger.queries import verify

    home = village(1)
    home.read(JANUARY.start_s, 0)
    home.read(JANUARY.end_s - 5 * HOUR_S, 90_000)
    (old,) = close()
    assert old.estimated
    home.read(JANUARY.end_s, 100_000)  # the board hands in what it had kept
    new = services.rebill(number=old.number, reason="reading came late", actor="clerk")
    old.refresh_from_db()
    assert (new.number, old.replaced_by) == ("BHKATS00101-2026-01-R1", "BHKATS00101-2026-01-R1")
    assert (old.total_paise, new.total_paise, new.estimated) == (46_000, 50_000, False)
    assert balance(home) == 50_000
    assert Bill.objects.count() == 2
    assert verify() == []
    with pytest.raises(Refused, match="made anew as"):
        services.rebill(number=old.number, reason="again", actor="clerk")


def test_only_the_latest_bill_can_be_made_anew(village, close, clock):
    """What later bills begin with must not change under them."""
    from controller.billing import services

    home = village(1)
    used(home)
    (january,) = close()
    home.read(FEBRUARY_END_S, 150_000)
    clock(FEBRUARY_END_S + 60)
    services.close_period("KATS", "2026-02", actor="clerk")
    with pytest.raises(Refused, match="Only the latest"):
        services.rebill(number=january.number, reason="wrong", actor="clerk")


def test_an_exchanged_meter_counts_on_in_the_same_slabs(village, close, clock, make_board):
    """MG-7: the energy of both meters is one month's, in the same slabs; nothing is lost."""
    from controller.billing import queries
    from controller.consumers import fitting

    home = village(1)
    home.read(JANUARY.start_s, 10_000)
    home.read(JANUARY.start_s + 10 * DAY_S, 90_000)  # 80 units with the old meter
    clock(JANUARY.start_s + 10 * DAY_S + 60)
    fitting.release_meter(home.connection.consumer_id, **CLERK)
    make_board("NEW01")
    home.connection = fitting.fit_meter(home.connection.consumer_id, "NEW01", **CLERK)
    home.sequence = home.version = 0
    home.assign("B2.1 (FD) / 2000 / 0 / SLABS", JANUARY.start_s + 10 * DAY_S + 120)
    home.read(JANUARY.end_s, 70_500)  # 70.5 units with the new one, which began at 0
    (bill,) = close()
    assert bill.units_wh == 150_500
    assert [(line.kind, line.amount_paise) for line in queries.lines_of(bill)] == [
        ("energy", 40_000), ("energy", 30_300), ("fixed", 10_000),
    ]  # fmt: skip
    assert (bill.meter_id, bill.begin_wh[0], bill.end_wh[0]) == ("NEW01", 10_000, 70_500)


def test_a_connection_given_up_pays_to_its_last_day(village, close, clock):
    """MG-6: energy up to the removal, and the fixed charge of the days that it was there."""
    from controller.billing import queries
    from controller.consumers import fitting

    home = village(1)
    home.read(JANUARY.start_s, 0)
    home.read(JANUARY.start_s + 10 * DAY_S, 50_000)
    clock(JANUARY.start_s + 10 * DAY_S)
    fitting.release_meter(home.connection.consumer_id, **CLERK)
    (bill,) = close()
    assert [(line.kind, line.amount_paise) for line in queries.lines_of(bill)] == [
        ("energy", 20_000), ("fixed", 3_226),  # 10 of 31 days
    ]  # fmt: skip
    assert not bill.estimated


def test_a_load_agreed_anew_begins_new_terms_as_on_the_board(village, close, clock):
    """UP-7: slabs and fixed charge begin anew with another sanctioned load, as on the board."""
    from controller.billing import queries

    home = village(1)
    home.read(JANUARY.start_s, 0)
    change_s = JANUARY.start_s + 10 * DAY_S
    home.read(change_s, 80_000)
    home.assign("B2.1 (FD) / 2000 / 0 / SLABS", change_s)
    home.connection.assignments.filter(programme_version=2).update(sanctioned_load_w=3_000)
    home.read(JANUARY.end_s, 150_000)
    (bill,) = close()
    assert [(line.kind, line.amount_paise) for line in queries.lines_of(bill)] == [
        ("energy", 32_000), ("fixed", 3_226),  # 2 kW, 10 days
        ("energy", 28_000), ("fixed", 10_161),  # 3 kW, 21 days
    ]  # fmt: skip


def test_an_appliances_instalment_comes_with_the_bill_and_is_charged_once(village, clock):
    """MG-15: a line of the bill, not overdue in it, in the ledger once, reconciled to zero."""
    from controller.billing import queries, services
    from controller.extras.services import sell_appliance
    from controller.profile.services import change
    from controller.reconcile.bills import compare

    change(name="late_charge_bp", value=125, **CLERK)
    home = village(1)
    used(home)
    clock(JANUARY.start_s + DAY_S)
    sell_appliance(
        key="fan-00001", consumer_id=home.connection.consumer_id, item="Fan", price_paise=60_000,
        instalments=6, first_month="2026-01", **CLERK,
    )  # fmt: skip
    clock(JANUARY.end_s + 60)
    services.close_period("KATS", "2026-01", actor="clerk")
    (bill,) = queries.bills_of("KATS", "2026-01")
    last = queries.lines_of(bill)[-1]
    assert (last.kind, last.text, last.amount_paise) == ("instalment", "Instalment 1: Fan", 10_000)
    assert (bill.total_paise, bill.charged_paise, bill.arrears_paise) == (60_000, 10_000, 0)
    assert balance(home) == bill.payable_paise == 60_000
    assert list(compare(JANUARY.end_s, JANUARY.end_s + DAY_S)) == []


def test_a_subsidy_is_a_line_that_another_owes_in_the_consumers_place(village, close):
    """MG-8: ₹1.50 for each of the first 100 units, up to 300: the state owes it, by the ledger."""
    from controller.billing import queries
    from controller.ledger.queries import trial_balance
    from controller.tariffs.models import TariffVersion

    subsidy = {
        "name": "State subsidy", "kind": "per_unit", "amount": 150, "units_limit": 100,
        "up_to_units": 300, "max_paise": None, "of": "energy", "clause": "G.O. 12/2026",
    }  # fmt: skip
    known = TariffVersion.objects.get(tariff__code="SLABS")
    TariffVersion.objects.create(
        tariff=known.tariff, valid_from=known.valid_from, revision=2, record=known.record,
        subsidies=[subsidy],
    )  # fmt: skip
    used(village(1))
    (bill,) = close()
    assert [(line.kind, line.text, line.amount_paise) for line in queries.lines_of(bill)][2:] == [
        ("subsidy", "Subsidy: State subsidy", -15_000)
    ]
    assert trial_balance() == {
        "clearing:subsidy": 15_000, "consumer:BHKATS00101": 35_000, "income:energy": -40_000,
        "income:fixed": -10_000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("package_id", "reading", "earned"),
    [
        # 80 units × 4.00 and 2 kW × 50.00, as the board charged it: by heads.
        ("A2.2 (FD) / 2000 / 0 / SLABS", {"mode": 2, "charged": 42_000, "balance": 18_000},
         {"income:energy": -32_000, "income:fixed": -10_000}),
        # 80 of 120 units that had cost ₹600.00.
        ("A2.1 (FD) / 2000 / 0 / 650p", {"mode": 1, "charged": 80_000, "balance": 40_000},
         {"income:energy": -40_000}),
    ],
)  # fmt: skip
def test_credit_that_was_used_is_earned_and_what_is_left_is_still_owed_to_the_consumer(
    village, close, package_id, reading, earned
):
    """MG-3: what a prepaid consumer paid is a liability until the meter says that it was used."""
    from controller.ledger import services
    from controller.ledger.queries import trial_balance

    home = village(1, package_id)
    credit = "prepaid:BHKATS00101"
    services.post(
        kind="recharge", reference="sale:1", text="Recharge", actor="clerk",
        transfers=[("cash:counter", credit, 60_000)],
    )  # fmt: skip
    home.read(JANUARY.start_s, 0, mode=reading["mode"])
    home.read(JANUARY.end_s, 80_000, **reading)
    close()
    left = 60_000 + sum(earned.values())
    assert trial_balance() == {"cash:counter": 60_000, credit: -left, **earned}


def test_a_group_is_billed_alone_and_the_rest_after_it(village, clock):
    """MG-8: a run of one pole leaves the month open; the next run bills whoever is left, once."""
    from controller.billing import runs
    from controller.billing.models import Bill, Period

    for number in (1, 2):
        used(village(number))
    clock(JANUARY.end_s + 60)
    whole = {"plants": ["KATS"], "month": "2026-01", "actor": "clerk"}
    run = runs.start_run(group="pole=2", **whole)
    assert runs.run_to_end(run.pk).state == "done"
    assert (Bill.objects.count(), Period.objects.get().state) == (0, "open")
    run = runs.start_run(group="pole=1 category=domestic", **whole)
    runs.run_to_end(run.pk)
    assert (Bill.objects.count(), Period.objects.get().state) == (2, "open")
    runs.run_to_end(runs.start_run(**whole).pk)
    assert (Bill.objects.count(), Period.objects.get().state) == (2, "closed")


@pytest.mark.parametrize("group", ["pole", "pole=one", "colour=red", "pole=1;drop"])
def test_a_group_that_says_nothing_is_refused(village, clock, group):
    from controller.billing import runs
    from controller.billing.models import BillRun

    clock(JANUARY.end_s + 60)
    with pytest.raises(Refused):
        runs.start_run(plants=["KATS"], month="2026-01", group=group, actor="clerk")
    assert not BillRun.objects.exists()


def test_a_connection_that_cannot_be_billed_is_a_task_and_holds_up_nobody(village, clock):
    """Nothing is lost silently: its month stays open until a person has mended it."""
    from controller.billing import services
    from controller.billing.models import Bill, Period
    from controller.tasks.queries import open_tasks

    good, bad = village(1), village(2, "A2.1 (FD) / 2000 / 0 / 650p")
    for home in (good, bad):
        used(home)
    broken = {"code": "X", "tables": [[None, True, [[100, 400]]]]}
    record = bad.connection.assignments.get().tariff_record
    bad.connection.assignments.update(tariff_record=broken)
    clock(JANUARY.end_s + 60)
    assert services.close_period("KATS", "2026-01", actor="clerk").state == "open"
    (task,) = open_tasks(kind="bill")
    assert task.subject == "consumer BHKATS00102"
    assert Bill.objects.get().connection_id == good.connection.pk
    bad.connection.assignments.update(tariff_record=record)
    assert services.close_period("KATS", "2026-01", actor="clerk").state == "closed"
    assert (Bill.objects.count(), Period.objects.count()) == (2, 1)


def test_a_batch_that_dies_half_way_leaves_nothing_and_is_made_again(village, clock, monkeypatch):
    """A kill between bills and ledger: either both are there, or neither."""
    from controller.billing import runs
    from controller.billing.models import Bill
    from controller.ledger.models import Entry

    used(village(1))
    clock(JANUARY.end_s + 60)
    run = runs.start_run(plants=["KATS"], month="2026-01", actor="clerk")
    with monkeypatch.context() as patch:
        patch.setattr(runs.audit, "record", lambda *_args, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            runs.make_batch(run.pk)
    assert (Bill.objects.count(), Entry.objects.count()) == (0, 0)
    runs.run_to_end(run.pk)
    assert (Bill.objects.count(), Entry.objects.count()) == (1, 1)


UTILITY = """
from tools.bench import settlement
settlement.prepare()
settlement.settle({consumers}, lambda text: None)
from controller.billing import runs
print(runs.start_run(plants=settlement.plant_codes({consumers}), month="2026-01", actor="t").pk)
"""
OUTCOME = """
import django; django.setup()
from controller.billing.models import Bill, Period
from controller.ledger.models import Entry
from controller.ledger.queries import balances_of, trial_balance
from django.db.models import Sum
total = Bill.objects.aggregate(total=Sum("total_paise") + Sum("arrears_paise"))["total"]
owed = sum(balances_of("consumer").values())
bills, entries = Bill.objects.count(), Entry.objects.filter(kind="bill").count()
print(bills, entries, total - owed, sum(trial_balance().values()), Period.objects.get().state)
"""
CONSUMERS = 6_000
KILLS = 3


def test_a_run_whose_workers_are_killed_misses_no_bill_and_makes_none_twice(tmp_path):
    """SIGKILL at any moment, several times, two workers beside each other."""
    environment = {
        **os.environ, "BIJLI_HOME": str(tmp_path), "BIJLI_DATABASE_URL": "",
        "BIJLI_CLOCK_FILE": str(tmp_path / "clock"),
    }  # fmt: skip

    def python(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    run = python(UTILITY.format(consumers=CONSUMERS))
    command = [sys.executable, "-m", "controller.billing", run]
    for _ in range(KILLS):
        worker = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert worker.stdout is not None
        worker.stdout.readline()  # a batch is done, the next one is under way
        time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
    together = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
                for _ in range(2)]  # fmt: skip
    assert [worker.wait() for worker in together] == [0, 0]
    assert python(OUTCOME) == f"{CONSUMERS} {CONSUMERS} 0 0 closed"
