"""Emergency credit, instalments, daily charges, the lifeline and late recharges."""

import pytest

from firmware.core import holds, ledger
from protocol import bodies
from tests.firmware.core.conftest import START_S, TARIFF
from tests.firmware.core.prepaid import (
    DAY_S,
    ENERGY,
    FLAT,
    MONEY,
    account,
    buy,
    press_long,
    sleep,
)

EXHAUSTED, ACCEPTED, REPAID, DEBT, LIFELINE, OVERDUE = 1007, 1028, 1029, 1030, 1032, 1033


# Emergency credit


def test_emergency_credit_is_given_once_and_repaid_by_the_next_credit(start):
    bench = start(emergency=20, emergency_below=5, reconnect=10)
    assert bench.holds == holds.CREDIT
    press_long(bench)
    assert bench.is_closed
    assert bench.events(ACCEPTED) == [20]
    bench.run(61, 900)
    assert bench.board.account.emergency_outstanding() == 15
    press_long(bench)
    bench.run(60, 900)
    assert bench.holds == holds.CREDIT
    assert account(bench) == (0, 20, -20)
    assert bench.events(EXHAUSTED) == [0, -20]
    buy(bench, 15)
    assert (bench.holds, bench.events(REPAID)) == (holds.CREDIT, [15])
    buy(bench, 15)
    assert bench.is_closed
    assert bench.events(REPAID) == [15, 5]
    assert account(bench) == (30, 20, 10)
    assert bench.board.account.emergency_outstanding() == 0


def test_emergency_credit_is_offered_only_at_its_threshold(start):
    bench = start(emergency=20, emergency_below=5)
    buy(bench, 7)
    press_long(bench)
    assert bench.events(ACCEPTED) == []
    bench.run(5, 900)
    assert not bench.board.account.is_emergency_offered()
    bench.run(5, 900)
    press_long(bench)
    assert bench.events(ACCEPTED) == [20]
    buy(bench, 6)  # it was not used: nothing to repay, and it may be offered again
    assert bench.events(REPAID) == []
    assert bench.board.account.available() == bench.status(6)


def test_repaid_emergency_credit_leaves_what_was_available_as_it_was(start):
    bench = start(emergency=1000)
    press_long(bench)
    bench.run(400, 900)
    before = bench.board.account.available()
    buy(bench, 60)
    assert bench.board.account.available() == before
    assert bench.is_closed


@pytest.mark.parametrize("write", range(6))
def test_a_power_cut_while_emergency_credit_is_accepted_gives_it_once_or_not(
    start, power_cut, write
):
    bench = start(emergency=20)
    bench.store.cut_at = write
    try:
        press_long(bench)
    except power_cut:
        bench.cut(3)
    bench.store.cut_at = None
    bench.run(2)
    press_long(bench)
    bench.run(200, 900)
    assert (bench.holds, account(bench)) == (holds.CREDIT, (0, 20, -20))
    assert len(bench.events(ACCEPTED)) <= 1


def test_emergency_credit_is_no_help_where_it_would_not_reach(start):
    bench = start(emergency=20, friendly_windows=[[127, 0, 1440]])
    bench.run(300, 900)
    press_long(bench)
    assert bench.events(ACCEPTED) == []


# Instalments and daily charges


def test_twelve_equal_instalments_are_taken_each_day_of_a_year_and_no_more(start):
    """UP-4: Rs 365 in daily parts; the last paisa ends it."""
    bench = start(mode=MONEY, debt_total=36_500 - 40, debt_per_day=100)
    buy(bench, 5_000_000, MONEY)
    assert bench.board.account.debt_outstanding() == 36_360
    sleep(bench, 30)
    assert bench.events(DEBT) == [100, 3000]
    for _ in range(12):
        sleep(bench, 30)
    assert sum(bench.events(DEBT)) == 36_460
    assert bench.board.account.debt_outstanding() == 0
    account(bench)


def test_a_share_of_each_credit_goes_to_debt_after_the_emergency_credit(start):
    bench = start(debt_total=100, debt_share_pct=25, emergency=40)
    buy(bench, 101)
    assert (bench.events(DEBT), account(bench)) == ([25], (101, 25, 76))
    bench.run(400, 900)
    press_long(bench)
    bench.run(400, 900)
    assert account(bench)[2] == -40
    buy(bench, 140)
    assert (bench.events(REPAID), bench.events(DEBT)) == ([40], [25, 25])
    buy(bench, 1000)
    assert sum(bench.events(DEBT)) == 100
    buy(bench, 1000)
    assert sum(bench.events(DEBT)) == 100


def test_more_debt_laid_on_the_account_is_taken_and_nothing_before_it_twice(start):
    bench = start(debt_total=100, debt_share_pct=100)
    buy(bench, 150)
    bench.install(2, credit={"mode": ENERGY, "debt_total": 130, "debt_share_pct": 100})
    buy(bench, 150)
    assert bench.events(DEBT) == [100, 30]
    assert account(bench) == (300, 130, 170)


def test_the_daily_charge_counts_every_day_once_over_outages_and_programmes(start):
    bench = start(daily_charge=7)
    assert account(bench)[1] == 7
    bench.run(DAY_S // 2 - 10)
    assert account(bench)[1] == 7
    bench.run(70)
    assert account(bench)[1] == 14
    bench.install(2, credit={"mode": ENERGY, "daily_charge": 9})
    bench.run(70)
    assert account(bench)[1] == 14  # today is paid
    sleep(bench, 10)
    assert account(bench)[1] == 14 + 90
    bench.install(3, credit={"mode": ENERGY})
    sleep(bench, 10)
    bench.install(4, credit={"mode": ENERGY, "daily_charge": 9})
    sleep(bench, 1)
    assert account(bench)[1] == 14 + 90 + 9


def test_each_missed_midnight_tells_the_charges_up_to_it(start):
    bench = start(daily_charge=7)
    sleep(bench, 3)
    assert [reading[15] for reading in bench.readings()[1:]] == [7, 14, 21, 21]
    assert account(bench)[1] == 28


def test_a_daily_charge_begins_with_the_day_the_account_is_opened(start):
    bench = start(daily_charge=7, opened_s=START_S + 3 * DAY_S + 5)
    sleep(bench, 2)
    assert account(bench)[1] == 0
    sleep(bench, 2)
    assert account(bench)[1] == 14


@pytest.mark.parametrize("write", range(9))
def test_a_power_cut_at_any_write_of_a_new_day_takes_its_charges_once(start, power_cut, write):
    bench = start(START_S + DAY_S - 30, daily_charge=7, debt_total=50, debt_per_day=20)
    buy(bench, 100)
    bench.run(START_S + DAY_S - 1 - bench.now_s)
    bench.store.cut_at = write
    try:
        bench.run(70)
    except power_cut:
        bench.cut(3)
    bench.store.cut_at = None
    bench.run(130)
    assert account(bench) == (100, 54, 46)
    assert bench.board._values[ledger.DEBT_PAID] == 40


# The lifeline (UP-8)


def test_a_lifeline_consumer_goes_on_after_the_months_limit_and_the_recharge_pays(start):
    bench = start(lifeline_wh=50, lifeline_advance=30)
    buy(bench, 60)
    bench.run(241, 900)
    assert bench.is_closed
    assert bench.events(LIFELINE) == [0]
    assert account(bench) == (60, 60, 0)
    bench.run(130, 900)
    assert (bench.holds, account(bench)) == (holds.CREDIT, (60, 90, -30))
    buy(bench, 40)
    assert bench.is_closed
    assert account(bench) == (100, 90, 10)


def test_below_the_months_limit_there_is_no_advance(start):
    bench = start(lifeline_wh=50, lifeline_advance=30)
    buy(bench, 40)
    bench.run(300, 900)
    assert (bench.holds, account(bench)) == (holds.CREDIT, (40, 40, 0))
    assert bench.events(LIFELINE) == []


def test_an_advance_that_has_begun_outlives_the_month_and_the_use_does_not(start):
    bench = start(START_S + 29 * DAY_S - 400, lifeline_wh=50, lifeline_advance=30)
    buy(bench, 60)
    bench.run(245, 900)
    bench.run(300, 0)
    assert bench.is_closed
    assert bench.board._values[ledger.MONTH_WH] == 0
    buy(bench, 5)
    bench.run(30, 900)
    bench.cut(5)
    bench.run(200, 900)
    assert (bench.holds, bench.events(LIFELINE)) == (holds.CREDIT, [0])


# Recharge at least once in four months (UP-10)


def test_a_late_recharge_is_told_once_and_cuts_nobody(start):
    bench = start(recharge_days=120)
    buy(bench, 100)
    sleep(bench, 120)
    assert (bench.events(OVERDUE), bench.board.account.recharge_overdue_days) == ([], 0)
    sleep(bench, 1)
    sleep(bench, 5)
    assert bench.is_closed
    assert bench.events(OVERDUE) == [1]
    assert bench.board.account.recharge_overdue_days == 6
    buy(bench, 1)
    assert bench.board.account.recharge_overdue_days == 0
    sleep(bench, 121)
    assert bench.events(OVERDUE) == [1, 1]


# Another account


def test_another_mode_begins_another_account_and_leaves_the_first_as_it_was(start):
    bench = start(emergency=50, debt_total=30, debt_share_pct=10)
    buy(bench, 100)
    press_long(bench)
    bench.run(30, 900)
    energy = account(bench)
    bench.install(
        2,
        credit={"mode": MONEY, "debt_total": 40, "debt_share_pct": 50},
        tariff=TARIFF,
    )
    bench.run(61)
    buy(bench, 50, MONEY)
    assert bench.events(DEBT) == [10, 25]
    bench.install(3, credit={"mode": ENERGY})
    assert account(bench) == energy


@pytest.mark.parametrize(
    "between", [{"mode": 0}, {"mode": FLAT}, {"mode": MONEY, "debt_total": 9}]
)
def test_coming_back_to_an_account_takes_neither_its_debt_nor_the_day_twice(start, between):
    terms = {"mode": ENERGY, "debt_total": 30, "debt_share_pct": 50, "daily_charge": 7}
    bench = start(**terms)
    buy(bench, 100)
    before = account(bench)
    assert (before, bench.events(DEBT)) == ((100, 37, 63), [30])
    tariff = TARIFF if between["mode"] == MONEY else None
    bench.install(2, credit=between, tariff=tariff)
    bench.run(61)
    bench.install(3, credit=terms)
    bench.run(61)
    assert account(bench) == before
    buy(bench, 100)
    assert account(bench) == (200, 37, 163)


def test_the_days_between_leaving_an_account_and_coming_back_cost_nothing(start):
    terms = {"mode": ENERGY, "daily_charge": 7}
    bench = start(**terms)
    buy(bench, 100)
    bench.install(2, credit={"mode": 0})
    sleep(bench, 10)
    bench.install(3, credit=terms)
    bench.run(61)
    assert account(bench) == (100, 14, 86)


def test_a_full_register_takes_no_charge_and_gives_none_back(start):
    bench = start(mode=ENERGY, daily_charge=5, debt_total=10, debt_per_day=10)
    values = bench.board._values
    values[ledger.CHARGED_WH] = ledger.VALUE_MAX + 3
    values[ledger.DEBT_PAID] = 4
    bench.board.persist()
    sleep(bench, 1)
    values = bench.board._values
    assert values[ledger.CHARGED_WH] == ledger.VALUE_MAX + 3
    assert values[ledger.DEBT_PAID] == 4


def test_a_holiday_cuts_nobody_for_want_of_credit(make_bench):
    """Friendly all day on 3 May; on the next day the cut comes."""
    bench = make_bench(START_S + DAY_S - 200)
    bench.install(
        special_days=[503], credit={"mode": ENERGY, "friendly_windows": [[128, 0, 1440]]}
    )
    bench.run(190, 900)
    assert bench.is_closed
    bench.run(15)
    assert bench.holds == holds.CREDIT


def test_the_status_tells_what_is_owed_and_leaves_out_what_is_not(start):
    bench = start(emergency=20, debt_total=100, recharge_days=10)
    press_long(bench)
    bench.run(61, 900)
    sleep(bench, 12)
    told = bench.board.status(bench.now_s)
    assert {key: told[key] for key in (28, 29, 31)} == {28: 15, 29: 100, 31: 2}
    assert 30 not in told
    bodies.check_status(told)
