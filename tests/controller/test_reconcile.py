"""Every kind of disagreement between the books is found, once, with its evidence."""

from datetime import date, timedelta

import pytest

from controller.audit.models import AuditEvent
from controller.errors import Refused
from controller.ledger import services as ledger
from controller.reconcile import __main__ as process
from controller.reconcile import queries, services
from controller.tasks import queries as tasks
from controller.tasks import services as deciding
from protocol.commands import REASON_CREDITED_ALREADY, STAGE_APPLIED
from tests.controller.homes import DAY_S, HOUR_S, JANUARY

CLERK = {"actor": "clerk"}
MONEY = "A2.2 (FD) / 2000 / 0 / SLABS"
ENERGY = "A2.1 (FD) / 2000 / 0 / 650p"
FIRST = date(2026, 1, 1)
FIXED_A_DAY = 10_000 / 31  # 2 kW × ₹50, by days of January


def fixed(days: int) -> int:
    """The fixed charge of so many days of January, rounded as the month's is."""
    return round(FIXED_A_DAY * days)


@pytest.fixture
def home(village):
    """An energy account, new in the last second of December, with 20,000 Wh on it by then."""

    def settle(package_id: str = ENERGY):
        from controller import clock

        home = village(1, package_id)
        home.mode = 1 if package_id == ENERGY else 2
        home.connection.fittings.update(fitted_s=clock.now_s())
        home.day = 0
        home.wh = home.charged = 0
        home.balance = 20_000
        return home

    return settle


def live_a_day(home, wh: int = 0, charged: int | None = None, credited: int = 0):
    """The reading of the midnight after a day in which so much was used, charged and credited."""
    charged = wh if charged is None else charged
    home.wh += wh
    home.charged += charged
    home.balance += credited - charged
    home.day += 1
    return home.read(
        JANUARY.start_s + (home.day - 1) * DAY_S, home.wh, home.mode, home.charged, home.balance
    )


def sell(home, amount: int, day: int, *, state: str = "credited", reason: int = 0):
    """A purchase at noon of a day of January, with what the board said about it."""
    from controller.headend.models import SignedMessage
    from controller.headend.services import queue_command
    from controller.prepay.models import Purchase

    at_s = JANUARY.start_s + (day - 1) * DAY_S + 12 * HOUR_S
    identity = f"{day:04}{amount:012}"
    arguments = {0: bytes.fromhex(identity), 1: home.mode, 2: amount}
    command = queue_command(home.connection.meter_id, "credit", arguments, "clerk")
    if state == "credited" and not reason:
        command.mark_applied()
        message = SignedMessage.objects.create(
            meter_id=home.connection.meter_id, epoch=1, counter=10_000 + day, kind=5,
            envelope=b"signed", received_s=at_s,
        )  # fmt: skip
        command.receipts.create(stage=STAGE_APPLIED, message=message, received_s=at_s)
    elif reason:
        command.mark_refused(reason)
    command.save()
    return Purchase.objects.create(
        id=identity, connection=home.connection, unit=home.mode, amount=amount, paid_paise=amount,
        command=command, sold_s=at_s, finished_s=at_s if state == "credited" else None,
        actor="clerk", state=state,
    )  # fmt: skip


def reconcile(clock, last: date = FIRST, first: date = FIRST):
    clock(JANUARY.end_s + 2 * DAY_S)
    return services.run(first_day=first, last_day=last, actor="nightly")


def found(report):
    return [(each["kind"], each["subject"], each["title"]) for each in report.findings]


# --- credit and charges -------------------------------------------------------------------------


def opened(home):
    """20,000 Wh were sold before January, and stand on the meter at its first midnight."""
    home.read(JANUARY.start_s, 0, home.mode, 0, home.balance)
    home.day = 1
    return home


def test_days_on_which_all_books_agree_close_to_zero(home, clock):
    home = opened(home())
    sell(home, 5_000, 1)
    live_a_day(home, wh=1_500, credited=5_000)
    live_a_day(home, wh=2_500)
    report = reconcile(clock, date(2026, 1, 2))
    assert (report.mismatches, report.spans, report.silent, report.open_spans) == (0, 2, 0, 0)
    assert report.is_closed
    assert not tasks.open_tasks().exists()


def test_credit_that_nobody_sold_is_found_with_its_readings(home, clock):
    home = opened(home())
    last = live_a_day(home, wh=1_500, credited=5_000)
    assert found(reconcile(clock)) == [
        ("reconcile_credit", "meter BHK01",
         "5000 Wh credited beyond what was sold, on 2026-01-01"),
    ]  # fmt: skip
    evidence = tasks.open_tasks().get().evidence
    assert (evidence["credited"], evidence["sold"], evidence["purchases"]) == (5_000, 0, [])
    assert evidence["last_reading"] == last.pk


def test_a_sale_that_the_meter_has_not_credited_is_found(home, clock):
    home = opened(home())
    purchase = sell(home, 5_000, 1)
    live_a_day(home, wh=1_500)
    assert found(reconcile(clock)) == [
        ("reconcile_credit", "meter BHK01",
         "5000 Wh sold and confirmed, not credited, on 2026-01-01"),
    ]  # fmt: skip
    assert tasks.open_tasks().get().evidence["purchases"] == [purchase.pk]


@pytest.mark.parametrize(("charged", "by_tariff"), [(1_501, 1_500), (0, 1_500)])
def test_energy_that_is_charged_otherwise_than_it_was_used_is_found(
    home, clock, charged, by_tariff
):
    home = opened(home())
    live_a_day(home, wh=1_500, charged=charged)
    assert found(reconcile(clock)) == [
        ("reconcile_charge", "meter BHK01",
         f"{charged} Wh charged, {by_tariff} by the tariff, on 2026-01-01"),
    ]  # fmt: skip
    assert tasks.open_tasks().get().evidence["rate_wh"] == [1_500, 0, 0, 0]


def test_money_is_charged_by_the_months_slabs_and_days_and_a_paisa_more_is_found(home, clock):
    """UP-5: the fixed charge of the days gone is in each day's charge."""
    home = opened(home(MONEY))
    live_a_day(home, wh=90_000, charged=36_000 + fixed(1))
    live_a_day(home, wh=20_000, charged=4_000 + 6_000 + fixed(2) - fixed(1))  # over the slab
    due = 600 + fixed(3) - fixed(2)
    live_a_day(home, wh=1_000, charged=due + 1)
    assert found(reconcile(clock, date(2026, 1, 3))) == [
        ("reconcile_charge", "meter BHK01",
         f"{due + 1} paise charged, {due} by the tariff, on 2026-01-03"),
    ]  # fmt: skip


def test_a_voucher_keyed_in_before_its_command_came_counts_on_its_day(home, clock):
    """UP-11: the command found it credited already, days later."""
    home = opened(home())
    purchase = sell(home, 5_000, 1, reason=REASON_CREDITED_ALREADY)
    purchase.finished_s += 3 * DAY_S
    purchase.save()
    live_a_day(home, wh=500)
    live_a_day(home, wh=500, credited=5_000)
    live_a_day(home, wh=500)
    live_a_day(home, wh=500)
    assert reconcile(clock, date(2026, 1, 4)).is_closed


def test_a_voucher_that_was_never_keyed_in_and_whose_command_waits_is_no_mismatch(home, clock):
    home = opened(home())
    sell(home, 5_000, 1, state="queued")
    live_a_day(home, wh=500)
    assert reconcile(clock).is_closed


def test_a_credit_said_to_be_there_already_that_never_came_is_found_in_the_end(home, clock):
    home = opened(home())
    sell(home, 5_000, 1, reason=REASON_CREDITED_ALREADY)
    live_a_day(home, wh=500)
    assert [each[0] for each in found(reconcile(clock))] == ["reconcile_credit"]


def test_days_that_a_house_tells_late_are_reconciled_together(home, clock):
    home = opened(home())
    sell(home, 5_000, 2)
    home.day += 2
    live_a_day(home, wh=4_500, credited=5_000)
    report = reconcile(clock, date(2026, 1, 3))
    assert (report.spans, report.mismatches) == (1, 0)
    live_a_day(home, wh=500, charged=700)
    assert found(reconcile(clock, date(2026, 1, 4)))[0][2].endswith("on 2026-01-04")


def test_a_meter_that_told_no_midnight_is_counted_as_silent(home, clock):
    opened(home())
    report = reconcile(clock)
    assert (report.meters, report.spans, report.silent, report.mismatches) == (1, 0, 1, 0)


def test_a_meters_days_begin_with_its_fitting_and_end_with_its_removal(home, village, clock):
    """MG-6: what the one consumer was sold and charged is not the next one's."""
    home = opened(home())
    live_a_day(home, wh=1_000)
    noon_s = JANUARY.start_s + DAY_S + 12 * HOUR_S
    last = home.read(noon_s, 1_700, 1, 1_700, home.balance - 700)
    home.connection.fittings.update(removed_s=noon_s + 60, last_reading=last)
    assert reconcile(clock, date(2026, 1, 2)).spans == 2
    later = home.read(noon_s + 120, 1_700, 1, 1_700, home.balance - 701)  # nobody's any more
    other = village(2, ENERGY)
    other.connection.fittings.update(
        meter=home.connection.meter_id, fitted_s=noon_s + 180, first_reading=later
    )
    home.read(JANUARY.start_s + 2 * DAY_S, 2_000, 1, 2_000, home.balance - 1_001)
    report = reconcile(clock, date(2026, 1, 2))
    assert (report.meters, report.spans, report.mismatches) == (2, 3, 1)
    assert found(report)[0][2] == "300 Wh charged, 0 by the tariff, on 2026-01-02"  # no package


# --- receipts -----------------------------------------------------------------------------------


def test_a_receipt_for_a_credit_that_nobody_sold_is_found(home, clock):
    home = opened(home())
    purchase = sell(home, 5_000, 1)
    purchase.delete()
    live_a_day(home, credited=5_000)
    assert {each[:2] for each in found(reconcile(clock))} == {
        ("reconcile_credit", "meter BHK01"), ("reconcile_receipt", "meter BHK01"),
    }  # fmt: skip
    title = tasks.open_tasks("reconcile_receipt").get().title
    assert title == "Meter BHK01 applied a credit that nobody sold"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "refused"}, "applied a purchase that counts as refused"),
        ({"amount": 4_000}, "applied another credit than was sold"),
    ],
)
def test_a_receipt_that_does_not_fit_its_purchase_is_found(home, clock, change, words):
    home = opened(home())
    purchase = sell(home, 5_000, 1)
    type(purchase).objects.filter(pk=purchase.pk).update(**change)
    reconcile(clock)
    assert words in tasks.open_tasks("reconcile_receipt").get().title


def test_a_purchase_that_counts_as_credited_without_the_boards_receipt_is_found(home, clock):
    home = opened(home())
    purchase = sell(home, 5_000, 1, state="queued")
    type(purchase).objects.filter(pk=purchase.pk).update(
        state="credited", finished_s=purchase.sold_s
    )
    live_a_day(home, credited=5_000)
    assert found(reconcile(clock)) == [
        ("reconcile_receipt", "meter BHK01",
         f"Purchase {purchase.pk} counts as credited, and meter BHK01 never said so"),
    ]  # fmt: skip


# --- runs ---------------------------------------------------------------------------------------


def test_a_mismatch_is_put_before_a_person_once(home, clock):
    home = opened(home())
    live_a_day(home, wh=1_500, credited=5_000)
    first, second = reconcile(clock), reconcile(clock)
    task = tasks.open_tasks().get()
    assert [report.findings[0]["task"] for report in (first, second)] == [task.pk] * 2
    deciding.close_task(task_id=task.pk, outcome="given for free", **CLERK)
    third = reconcile(clock)
    assert (third.findings[0]["task"], third.findings[0]["task_state"]) == (task.pk, "closed")
    assert not tasks.open_tasks().exists()


def test_a_decided_mismatch_that_has_become_another_one_comes_again(home, clock):
    home = opened(home())
    reading = live_a_day(home, wh=1_500, credited=5_000)
    reconcile(clock)
    deciding.close_task(task_id=tasks.open_tasks().get().pk, outcome="given", **CLERK)
    type(reading).objects.filter(pk=reading.pk).update(balance=reading.balance + 1)
    reconcile(clock)
    assert tasks.open_tasks().get().evidence["credited"] == 5_001


def test_a_night_seals_the_ledger_and_looks_back_over_weeks(home, clock):
    home = home()
    home.balance = 0
    opened(home)
    ledger.post(
        kind="water", reference="water:1", text="Water", actor="clerk",
        transfers=[("consumer:BHKATS00101", "income:energy", 5)],
    )  # fmt: skip
    live_a_day(home, wh=1_500, credited=5_000)
    clock(JANUARY.start_s + 5 * DAY_S)
    report = services.run_night(actor="nightly")
    assert (report.first_day, report.last_day) == (date(2025, 12, 2), date(2026, 1, 5))
    assert report.mismatches == 1
    assert [event.action for event in AuditEvent.objects.order_by("-pk")[:3]] == [
        "reconcile", "raise task", "seal day",
    ]  # fmt: skip
    assert queries.reports().get() == report
    assert queries.find_report(report.pk) == report


def test_the_nightly_process_runs_once_a_night_when_the_boards_have_told_of_midnight(
    db, clock, monkeypatch
):
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)  # the test's own stays
    for hours, reports in ((1, 0), (2, 1), (9, 1), (25, 1), (27, 2)):
        clock(JANUARY.start_s + hours * HOUR_S)
        assert process.work() == process.IDLE_S
        assert queries.reports().count() == reports
    assert queries.reports().first().last_day == date(2026, 1, 1)


def test_the_nightly_process_tries_again_when_a_night_fails(db, clock, monkeypatch):
    def fail(**_named):
        raise Refused("2026-01-01 was still being posted to", "Seal it again.")

    monkeypatch.setattr("django.db.close_old_connections", lambda: None)
    monkeypatch.setattr(services, "run_night_if_due", fail)
    assert process.work() == process.TROUBLE_S


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 2, 3), None),
        (date(2026, 1, 2), date(2026, 1, 1)),
        (date(2026, 1, 1) - timedelta(days=366), date(2026, 1, 1)),
    ],
)
def test_only_some_days_that_are_over_are_reconciled(db, clock, first, last):
    clock(JANUARY.end_s + 2 * DAY_S)
    with pytest.raises(Refused):
        services.run(first_day=first, last_day=last, actor="nightly")


def test_an_unknown_report_is_refused(db):
    with pytest.raises(Refused, match="no report 7"):
        queries.find_report(7)


def test_a_few_queries_do_for_many_meters(village, clock, django_assert_max_num_queries):
    """The number of queries of a night does not grow with the meters."""
    for number in range(1, 6):
        other = village(number, ENERGY)
        other.read(JANUARY.start_s, 0, 1, 0, 0)
        other.read(JANUARY.start_s + DAY_S, 0, 1, 0, 0)
    with django_assert_max_num_queries(40):
        assert reconcile(clock).spans == 5
