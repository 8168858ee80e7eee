"""Flat packages, paid by the day (MG-7), and what a lost ledger leaves of an account."""

import pytest

from firmware.core import holds
from firmware.core.clock import UNSET
from tests.firmware.core.prepaid import (
    CREDIT,
    DAY_S,
    ENERGY,
    FLAT,
    MONEY,
    account,
    buy,
    sleep,
)

RECONNECT, SET_CLOCK = 2, 7
PAID_UNTIL = 1031


def test_a_flat_package_runs_until_it_is_paid_and_no_second_longer(start):
    bench = start(mode=FLAT, low_1=3, low_2=1)
    assert bench.holds == holds.CREDIT
    buy(bench, 5, FLAT)
    paid_until_s = bench.now_s + 5 * DAY_S
    assert bench.is_closed
    assert bench.events(PAID_UNTIL) == [paid_until_s]
    assert account(bench) == (5, 0, 5)
    bench.run(100, 900)
    sleep(bench, 3)
    assert account(bench) == (5, 3, 2)
    assert bench.events(1005) == [2]
    buy(bench, 1, FLAT)
    assert bench.events(PAID_UNTIL)[-1] == paid_until_s + DAY_S
    assert account(bench) == (6, 3, 3)
    bench.cut(paid_until_s + DAY_S - bench.now_s - 70)
    bench.run(69)
    assert bench.is_closed
    bench.run(61)
    assert (bench.holds, account(bench)) == (holds.CREDIT, (6, 6, 0))


def test_days_bought_after_the_end_count_from_now(start):
    bench = start(mode=FLAT)
    buy(bench, 1, FLAT)
    sleep(bench, 10)
    assert bench.holds == holds.CREDIT
    buy(bench, 2, FLAT)
    assert bench.is_closed
    assert account(bench) == (3, 1, 2)


@pytest.mark.parametrize(("days", "is_on"), [(0, False), (10, True)])
def test_with_an_unset_clock_a_flat_package_stays_as_it_was(start, days, is_on):
    bench = start(mode=FLAT)
    if days:
        buy(bench, days, FLAT)
    sleep(bench, 30, clock_state=UNSET)
    assert bench.is_closed == is_on
    bench.command(SET_CLOCK, {0: bench.now_s})
    bench.run(61)
    assert not bench.is_closed


def test_days_are_no_money_and_money_no_days(start):
    bench = start(mode=FLAT)
    outcome = bench.command(CREDIT, {0: b"purchase", 1: MONEY, 2: 5})
    assert outcome == (3, 4)
    bench = start(mode=MONEY)
    assert bench.command(CREDIT, {0: b"purchase", 1: FLAT, 2: 5}) == (3, 4)


# A ledger that is lost (recovery.py)


def lose_ledger(bench):
    bench.store.slots = [None, None]
    bench.cut(5)
    bench.command(RECONNECT, {})
    bench.run(65, 0)


def test_a_lost_ledger_takes_no_day_and_no_debt_twice(start):
    bench = start(daily_charge=7, debt_total=100, debt_per_day=30)
    buy(bench, 1000)
    bench.run(1000, 0)
    before = account(bench)
    lose_ledger(bench)
    assert account(bench) == before
    sleep(bench, 1)
    assert account(bench)[1] == before[1] + 7
    bench.install(2, credit={"mode": ENERGY, "debt_total": 163, "debt_per_day": 30})
    sleep(bench, 1)
    assert account(bench)[1] == before[1] + 7 + 30


def test_a_lost_ledger_leaves_the_days_that_were_paid_to_within_one(start):
    bench = start(mode=FLAT)
    buy(bench, 5, FLAT)
    sleep(bench, 2)
    lose_ledger(bench)
    assert bench.is_closed
    assert account(bench) == (5, 1, 4)
    bench.cut(4 * DAY_S)
    bench.run(65)
    assert not bench.is_closed
