"""Active, inactive, banned (MG-6): decided by rules, done by the board, in no friendly hour."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.changes import rules
from controller.errors import Refused
from controller.headend.ingest import handle
from tests.controller import till
from tests.controller.till import ASHA, OFFICE

NOON_S = 200_040_000  # 2026-05-04 12:10 in India, a Monday
HOUR_S = 3_600
NIGHT = [[127, 1_080, 360]]  # 18:00 to 06:00, every day
LIMIT_PAISE = 50_000


# --- pure ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now_s", "friendly", "holidays", "seconds"),
    [
        (NOON_S, [], [], 86_400),
        (NOON_S, NIGHT, [], 349 * 60),  # the order is over before 18:00
        (NOON_S + 6 * HOUR_S, NIGHT, [], 0),  # 18:10
        (NOON_S + 5 * HOUR_S + 36 * 60, NIGHT, [], 0),  # 17:46: too short to be sure
        (NOON_S, NIGHT, ["2026-05-04"], 0),
        (NOON_S, [], ["05-04"], 0),  # every year
        (NOON_S, [], ["2026-05-05"], 709 * 60),  # tomorrow: over before midnight
        (NOON_S, [[1, 0, 1440]], [], 0),  # all Monday
        (NOON_S, [[2, 0, 1440]], [], 709 * 60),  # all Tuesday
    ],
)
def test_a_cut_is_ordered_for_so_long_that_it_never_falls_into_friendly_hours(
    now_s, friendly, holidays, seconds
):
    """MG-6: no automatic cut in the package's friendly windows, nor on holidays."""
    assert rules.order_for_s(now_s, rules.Hours(friendly, holidays, 330)) == seconds


@given(st.integers(0, 7 * 1_440), st.integers(0, 1_439), st.integers(1, 1_440))
def test_at_no_minute_of_an_order_is_it_friendly(start_min, from_min, to_min):
    hours = rules.Hours([[31, from_min, to_min]], [], 330)
    now_s = NOON_S + start_min * 60
    left_s = rules.order_for_s(now_s, hours)
    for after_s in range(0, left_s, 600):
        assert not rules.is_friendly(rules.local_time(now_s + after_s, 330), hours)


@pytest.mark.parametrize(
    ("now_s", "day"),
    [
        (NOON_S, date(2026, 6, 1)),
        (rules.activation_s(rules.NEXT_PERIOD, NOON_S, 330), date(2026, 7, 1)),
    ],
)
def test_the_next_period_begins_with_the_next_local_month(now_s, day):
    """MG-14d."""
    begin_s = rules.activation_s(rules.NEXT_PERIOD, now_s, 330)
    local = rules.local_time(begin_s, 330)
    assert (local.date(), local.hour, local.minute, local.second) == (day, 0, 0, 0)
    assert rules.activation_s(rules.NOW, now_s, 330) == 0


def load(name, limit_w, debt_paise=0, since_s=0):
    return rules.Load(name, limit_w, debt_paise, since_s)


def test_who_is_dropped_for_want_of_capacity_owes_most_or_came_last_and_no_more_than_needed():
    """MG-6: rarely, demand exceeds plant capacity and some customers must be dropped."""
    loads = [load("old", 1_000, since_s=1), load("new", 1_000, since_s=9),
             load("owes", 500, debt_paise=5), load("paid ahead", 500, debt_paise=-9)]  # fmt: skip
    assert rules.excess_w([row.limit_w for row in loads], 50, 1_000) == 500
    chosen = rules.choose_to_drop(loads, 500, 50)
    assert [row.consumer_id for row in chosen] == ["owes", "new"]
    assert rules.choose_to_drop(loads, 0, 50) == []
    assert rules.excess_w([9_999], 100, 0) == 0  # capacity not known


# --- with the board -----------------------------------------------------------------------------


@pytest.fixture
def asha(board, clock):
    """Asha, supplied through BHK01; nobody is cut between 18:00 and 06:00."""
    from controller.consumers import queries, services

    clock(NOON_S)
    till.open_tills()
    connection = services.fit_meter(ASHA, "BHK01", **OFFICE)
    package = services.design_package(
        "B2.1", "FD", 500, price_paise=650, parameters={"friendly_windows": NIGHT}, **OFFICE
    )
    answer(board, services.assign_package(connection.pk, package.id, **OFFICE).command)
    services.programme_activated("BHK01", 1, NOON_S)
    return queries.find_consumer(ASHA)


def enforce():
    from controller.changes.standing import enforce

    return enforce()


def answer(board, command, stage=2):
    """What the board signs about a command; 2: applied."""
    handle([board.receipt(bytes.fromhex(command.pk), stage, 8 if stage == 3 else 0)])


def latest():
    from controller.changes.models import Change

    return Change.objects.order_by("pk").last()


def status():
    from controller.consumers.queries import find_consumer

    return find_consumer(ASHA).status


def cut(board):
    """Asha is cut off for debts, and the board has said so."""
    till.owe(ASHA, LIMIT_PAISE + 1)
    enforce()
    answer(board, latest().command)


def test_debt_within_the_limit_is_supplied_and_beyond_it_is_due_for_disconnection(asha):
    """MG-6: Active pays on time: debt within the set limit. The system says who is not."""
    from controller.changes.queries import due_for_disconnection

    till.owe(ASHA, LIMIT_PAISE)
    assert due_for_disconnection() == []
    till.owe(ASHA, 1, "bill-2")
    (due,) = due_for_disconnection("KATS")
    assert (due.consumer_id, due.cause, due.debt_paise, due.has_board, due.may_cut_now) == (
        ASHA, "debt", LIMIT_PAISE + 1, True, True,
    )  # fmt: skip
    assert due_for_disconnection("NONE") == []


def test_who_owes_too_much_is_cut_by_the_board_and_banned_when_it_says_so(asha, board):
    """MG-6: where the connection has a smart meter, deactivation happens by itself."""
    till.owe(ASHA, LIMIT_PAISE + 1)
    assert enforce()._asdict() == {
        "cut": 1,
        "waiting": 0,
        "reconnected": 0,
        "called_off": 0,
        "repeated": 0,
    }
    change = latest()
    assert (change.state, change.command.name, status()) == ("review", "disconnect", "active")
    assert enforce().cut == 0  # ordered once
    answer(board, change.command)
    change.refresh_from_db()
    assert (change.state, status()) == ("completed", "banned")
    assert [(step.name, step.actor) for step in change.steps.all()] == [
        ("request", "rule debt_limit_paise"), ("approve", "rule debt_limit_paise"),
        ("process", "rule debt_limit_paise"), ("complete", "meter BHK01"),
    ]  # fmt: skip


def test_nobody_is_cut_in_friendly_hours_and_the_order_ends_before_them(asha, clock):
    """MG-6, friendly hours kept: the evening is waited out; a late order expires unexecuted."""
    from controller.changes.queries import due_for_disconnection

    till.owe(ASHA, LIMIT_PAISE + 1)
    clock(NOON_S + 7 * HOUR_S)
    assert enforce()._asdict() == {
        "cut": 0,
        "waiting": 1,
        "reconnected": 0,
        "called_off": 0,
        "repeated": 0,
    }
    assert "Friendly" in due_for_disconnection()[0].why_not
    clock(NOON_S + 24 * HOUR_S)
    assert enforce().cut == 1
    command = latest().command
    assert command.expires_s == command.issued_s + 349 * 60
    till.set_profile(holidays=["2026-05-06"])
    clock(NOON_S + 48 * HOUR_S)
    assert enforce().cut == 0


def test_an_order_that_went_lost_is_given_again_and_one_that_is_refused_is_a_task(
    asha, board, clock
):
    """MG-6: a board that is away in the hours of the cut is cut on another day, by itself."""
    from controller.headend.outbox import take_due

    till.owe(ASHA, LIMIT_PAISE + 1)
    enforce()
    answer(board, latest().command, stage=4)  # expired
    assert (latest().state, status()) == ("in_process", "active")
    clock(NOON_S + 9 * HOUR_S)
    assert enforce().repeated == 0  # friendly hours
    clock(NOON_S + 24 * HOUR_S)
    assert enforce().repeated == 1
    take_due()
    clock(NOON_S + 48 * HOUR_S)
    take_due()  # closes it: sent, and the board said nothing
    assert latest().command.state == "unconfirmed"
    assert enforce().repeated == 1
    assert not till.open_tasks()
    answer(board, latest().command, stage=3)  # refused
    assert (latest().state, enforce().repeated) == ("in_process", 0)
    assert till.open_tasks("change_failed")
    assert latest().steps.filter(name="process").count() == 3


def test_a_lost_order_is_dropped_when_the_debt_is_paid_meanwhile(asha, board):
    till.owe(ASHA, LIMIT_PAISE + 1)
    enforce()
    answer(board, latest().command, stage=4)
    till.pay("pay-0001", 10_000)
    assert enforce().repeated == 0
    assert (latest().state, status()) == ("cancelled", "active")


def test_who_has_paid_is_reconnected_by_itself_when_the_board_says_so(
    asha, board, django_capture_on_commit_callbacks
):
    """MG-6: reconnection by itself after the payment; complete only by the board's receipt."""
    cut(board)
    with django_capture_on_commit_callbacks(execute=True):
        till.pay("pay-0001", 10_000)
    change = latest()
    assert (change.kind, change.state, change.command.name) == (
        "reactivate", "review", "reconnect",
    )  # fmt: skip
    assert status() == "banned"
    answer(board, change.command)
    assert status() == "active"
    assert enforce().reconnected == 0


def test_a_part_that_leaves_too_much_debt_reconnects_nobody(
    asha, board, django_capture_on_commit_callbacks
):
    till.owe(ASHA, 30_000, "bill-0")
    cut(board)
    with django_capture_on_commit_callbacks(execute=True):
        till.pay("pay-0001", 10_000)
    assert latest().kind == "deactivate"
    till.pay("pay-0002", 20_001)  # the page dies before the reconnection is ordered …
    assert enforce().reconnected == 1  # … and the next run does it


def test_a_utility_may_want_reconnection_by_hand(asha, board):
    """MG-6: by itself only where the profile says so."""
    till.set_profile(reconnect_by_itself=False)
    cut(board)
    till.pay("pay-0001", 60_000)
    assert enforce().reconnected == 0
    assert status() == "banned"


def test_a_cut_that_has_not_left_is_called_off_when_the_debt_is_paid(
    asha, board, django_capture_on_commit_callbacks
):
    """MG-6: who pays in time stays supplied."""
    till.owe(ASHA, LIMIT_PAISE + 1)
    enforce()
    change = latest()
    with django_capture_on_commit_callbacks(execute=True):
        till.pay("pay-0001", 10_000)
    change.refresh_from_db()
    assert (change.state, change.command.state, status()) == ("cancelled", "expired", "active")
    assert not till.open_tasks("change_failed")


def test_who_left_at_their_own_wish_is_not_reconnected_by_a_payment(asha, board):
    from controller.changes import orders, services

    change = services.request_supply(
        consumer_id=ASHA, is_on=False, channel="consumer", actor="asha"
    )
    services.approve(change_id=change.pk, actor="meena")
    orders.process(change_id=change.pk, actor="meena")
    answer(board, latest().command)
    till.pay("pay-0001", 10_000)
    assert (enforce().reconnected, status()) == (0, "inactive")


def test_without_a_meter_board_a_person_is_told_to_do_it(asha):
    """MG-6: only where there is a smart meter does it happen by itself."""
    from controller.consumers.services import release_meter

    release_meter(ASHA, None, "conventional meter", **OFFICE)
    till.owe(ASHA, LIMIT_PAISE + 1)
    assert enforce().cut == 1
    (task,) = till.open_tasks("disconnect_by_hand")
    assert (task.subject, task.evidence["debt_paise"]) == (f"consumer {ASHA}", LIMIT_PAISE + 1)


def test_a_plant_that_cannot_supply_all_proposes_who_is_dropped_and_drops_nobody(asha):
    """MG-6: demand exceeds plant capacity; a person decides who is dropped."""
    from controller.changes.queries import due_for_disconnection

    till.add_consumer(13, 2_000)
    from controller.consumers.services import set_capacity

    with pytest.raises(Refused):
        set_capacity("KATS", -1, **OFFICE)
    set_capacity("KATS", 400, **OFFICE)
    due = due_for_disconnection()
    assert [(row.cause, row.may_cut_now) for row in due] == [("capacity", False)] * len(due)
    assert due
    assert enforce().cut == 0
