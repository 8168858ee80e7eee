"""Prepaid credit in energy and money: warnings, cut, reconnection; charges equal the bill."""

import pytest

from firmware.core import holds, ledger
from firmware.core.clock import UNSET
from protocol import programme, rating
from tests.firmware.core.conftest import START_S

DISCONNECT, RECONNECT, CREDIT = 1, 2, 4
LOW_1, LOW_2, EXHAUSTED, ADDED = 1005, 1006, 1007, 1008
ENERGY, MONEY = 1, 2
DAY_S = 86_400


@pytest.fixture
def prepaid(make_bench):
    """A board on energy credit: warnings at 20 and 5 Wh, reconnection from 10 Wh."""
    made = make_bench()
    made.install(credit={"mode": ENERGY, "low_1": 20, "low_2": 5, "reconnect": 10})
    made.run(1)
    return made


@pytest.fixture
def money(make_bench, tariff):
    """A board on money credit with slabs, a time-of-day rate and a fixed charge; Rs 1,000 paid."""
    made = make_bench()
    made.install(credit={"mode": MONEY}, tariff=tariff)
    assert add_credit(made, 100_000, MONEY, b"purchase") == (2, 0)
    made.run(2)
    return made


def add_credit(bench, amount, unit=ENERGY, purchase=b"purchas1", **command):
    return bench.command(CREDIT, {0: purchase, 1: unit, 2: amount}, **command)


def balances(bench):
    return bench.status(8), bench.status(9), bench.status(6)


def test_credit_runs_down_with_each_warning_once_and_is_cut_at_nothing(prepaid):
    assert prepaid.holds == holds.CREDIT
    assert add_credit(prepaid, 50) == (2, 0)
    assert prepaid.is_closed
    prepaid.run(300, 900)
    assert prepaid.holds == holds.CREDIT
    assert prepaid.events(LOW_1) == [20]
    assert prepaid.events(LOW_2) == [5]
    assert prepaid.events(EXHAUSTED) == [0, 0]  # the first before anything was ever paid
    assert prepaid.events(ADDED) == [50]
    assert balances(prepaid) == (50, 50, 0)


def test_supply_returns_at_the_reconnect_threshold_not_before(prepaid):
    add_credit(prepaid, 9)
    assert prepaid.holds == holds.CREDIT
    add_credit(prepaid, 1, purchase=b"purchas2")
    assert prepaid.is_closed


def test_credit_does_not_close_the_relay_while_the_operator_holds_it(prepaid):
    prepaid.command(DISCONNECT, {})
    add_credit(prepaid, 100)
    assert prepaid.holds == holds.OPERATOR
    prepaid.press()
    assert not prepaid.is_closed
    prepaid.command(RECONNECT, {})
    assert prepaid.is_closed


def test_friendly_hours_delay_the_cut_but_not_the_charge(make_bench, midnight_s):
    bench = make_bench(midnight_s + 1000)
    bench.install(credit={"mode": ENERGY, "friendly_windows": [[127, 0, 30]]})
    bench.run(780, 900)
    assert bench.holds == 0
    assert bench.status(6) < -150
    bench.run(60)
    assert bench.holds == holds.CREDIT


def test_a_purchase_counts_once_whatever_command_brings_it(prepaid):
    assert add_credit(prepaid, 100) == (2, 0)
    assert add_credit(prepaid, 100) == (3, 7)
    prepaid.cut()
    assert add_credit(prepaid, 100) == (3, 7)
    assert prepaid.status(8) == 100


def test_the_same_command_again_gives_the_same_receipt_and_does_nothing(prepaid):
    assert add_credit(prepaid, 100, identity=b"command1") == (2, 0)
    prepaid.cut()
    assert add_credit(prepaid, 999, purchase=b"another1", identity=b"command1") == (2, 0)
    assert prepaid.status(8) == 100


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({0: b"purchas1", 1: MONEY, 2: 100}, 4),
        ({0: b"purchas1", 1: ENERGY, 2: 0}, 3),
        ({0: b"purchas1", 1: ENERGY, 2: -5}, 3),
        ({0: b"purchas1", 1: ENERGY, 2: 10**9 + 1}, 3),
        ({0: b"short", 1: ENERGY, 2: 5}, 2),
        ({0: b"purchas1", 1: ENERGY}, 2),
    ],
)
def test_credit_that_cannot_be_is_refused_with_its_reason(prepaid, arguments, reason):
    assert prepaid.command(CREDIT, arguments) == (3, reason)
    assert balances(prepaid) == (0, 0, 0)


def test_a_register_that_would_overflow_refuses(prepaid):
    assert add_credit(prepaid, 10**9) == (2, 0)
    assert add_credit(prepaid, 10**9, purchase=b"purchas2") == (3, 3)


def test_a_store_that_fails_refuses_the_credit_whole(prepaid):
    prepaid.store.is_broken = True
    assert add_credit(prepaid, 100, identity=b"command1") == (3, 9)
    assert balances(prepaid)[0] == 0
    prepaid.store.is_broken = False
    assert add_credit(prepaid, 100, identity=b"command1") == (2, 0)


@pytest.mark.parametrize("write", range(8))
def test_a_power_cut_at_any_write_applies_credit_once_or_not_at_all(prepaid, power_cut, write):
    prepaid.store.cut_at = write
    try:
        outcome = add_credit(prepaid, 100, identity=b"command1")
    except power_cut:
        outcome = None
    prepaid.cut(3)
    assert prepaid.status(8) in ((100,) if outcome else (0, 100))
    add_credit(prepaid, 100, identity=b"command1")
    assert prepaid.status(8) == 100


def charged(bench):
    return bench.status(9)


def bill(bench, tariff, first, day, days=31, since=(0, 0, 0, 0)):
    last = bench.readings()[-1]
    rate_wh = [now - then for now, then in zip(last[4:8], since, strict=True)]
    return rating.total_paise(rating.from_names(tariff), rate_wh, 1000, 1, day - first + 1, days)


def test_charges_of_a_month_equal_its_bill_across_rates_and_power_cuts(money, tariff):
    for hour in range(24):
        money.run(1800, 300 + hour * 20)
        if hour % 5 == 0:
            money.cut(40)
        money.run(1760)
    money.run(120)
    reading = money.readings()[-1]
    assert reading[5] > 0
    assert reading[15] == bill(money, tariff, 3, 3 + (reading[1] - money.readings()[0][1] > DAY_S))
    assert sum(reading[4:8]) == reading[3]
    assert balances(money)[0] == balances(money)[1] + balances(money)[2]


def skip_to(bench, day):
    """Let days pass without power until a day of May 2026, a little after midnight."""
    from firmware.core.calendar import LocalTime

    local = LocalTime()
    local.refresh(bench.now_s, 330)
    seconds = (day - local.day) * DAY_S - local.minute * 60
    bench.cut(seconds)
    bench.run(15, 0)


def test_a_month_that_ends_in_an_outage_is_charged_whole_and_the_next_begins(money, tariff):
    money.run(4000, 900)
    before_wh = [money.status(5), 0, 0, 0]
    skip_to(money, 33)  # 2 June
    record = rating.from_names(tariff)
    may = rating.total_paise(record, before_wh, 1000, 1, 29, 31)
    june = rating.total_paise(record, [0, 0, 0, 0], 1000, 1, 2, 30)
    assert charged(money) == may + june


def test_an_account_opened_earlier_in_the_month_pays_from_that_day(make_bench, tariff, midnight_s):
    bench = make_bench(midnight_s + 12 * 3600)
    opened_s = midnight_s - DAY_S + 60
    bench.install(credit={"mode": MONEY, "opened_s": opened_s}, tariff=tariff)
    bench.run(60)
    assert charged(bench) == rating.total_paise(
        rating.from_names(tariff), [0, 0, 0, 0], 1000, 1, 2, 31
    )


def test_a_new_tariff_inside_a_month_charges_nothing_twice_and_loses_nothing(money, tariff):
    record = rating.from_names(tariff)
    money.run(4000, 900)
    first_wh = money.status(5)
    before = charged(money)
    assert before == rating.total_paise(record, [first_wh, 0, 0, 0], 1000, 1, 1, 31)
    dearer = dict(tariff, code="T2", tables=[[None, True, [[None, 900]]]])
    money.install(2, credit={"mode": MONEY}, tariff=dearer)
    money.run(5, 0)
    assert charged(money) == before
    money.run(4000, 900)
    second_wh = money.status(5) - first_wh
    new = rating.total_paise(rating.from_names(dearer), [second_wh, 0, 0, 0], 1000, 1, 0, 31)
    assert charged(money) == before + new
    skip_to(money, 4)
    fixed = rating.total_paise(rating.from_names(dearer), [second_wh, 0, 0, 0], 1000, 1, 1, 31)
    assert charged(money) == before + fixed


def test_a_new_package_with_the_same_tariff_goes_on_with_the_month(money, tariff):
    money.run(4000, 900)
    money.install(2, load={"limit_w": 2000}, credit={"mode": MONEY}, tariff=tariff)
    money.run(4000, 900)
    record = rating.from_names(tariff)
    assert charged(money) == rating.total_paise(record, [money.status(5), 0, 0, 0], 1000, 1, 1, 31)


def test_an_unset_clock_charges_energy_but_no_day(money, tariff):
    money.run(400, 900)
    money.cut(3 * DAY_S, clock_state=UNSET)
    money.run(400, 900)
    record = rating.from_names(tariff)
    assert charged(money) == rating.total_paise(record, [money.status(5), 0, 0, 0], 1000, 1, 1, 31)


def test_warnings_begin_anew_when_the_package_turns_to_prepaid(bench):
    """A postpaid board that is given energy credit warns and cuts as any other."""
    bench.install(2, credit={"mode": ENERGY})
    assert bench.events(EXHAUSTED) == [0]
    add_credit(bench, 10)
    bench.install(3)
    assert (bench.holds, bench.status(6)) == (0, 0)
    bench.install(4, credit={"mode": ENERGY, "low_1": 20})
    assert bench.events(LOW_1) == [10]


@pytest.mark.parametrize(
    ("at_s", "outage_s", "old_days"),
    [
        pytest.param(DAY_S, 0, 1, id="at midnight: the day is the new terms'"),
        pytest.param(DAY_S + 1, 0, 2, id="a second later: the day is the old terms'"),
        pytest.param(DAY_S + 63_420, 0, 2, id="at 17:37"),
        pytest.param(DAY_S - 7200, DAY_S // 2, 2, id="due in an outage that ends on the next day"),
    ],
)
def test_the_day_of_a_change_is_charged_to_the_old_terms_unless_it_begins_with_it(
    make_bench, build_programme, midnight_s, at_s, outage_s, old_days
):
    """As bills count it: Rs 31 a kW and month are 100 paise a day, then 200."""
    tariff = {"code": "T1", "tables": [[None, True, [[None, 300]]]], "fixed_per_kw_paise": 3100}
    dearer = {**tariff, "code": "T2", "fixed_per_kw_paise": 6200}
    bench = make_bench(midnight_s + DAY_S - 4 * 3600)
    bench.install(credit={"mode": MONEY}, tariff=tariff)
    add_credit(bench, 100_000, MONEY, b"purchase")
    record = build_programme(
        2, activation_s=midnight_s + at_s, credit={"mode": MONEY}, tariff=dearer
    )
    assert bench.command(3, {0: programme.encode(record)}) == (2, 0)
    bench.cut(outage_s)
    bench.run(midnight_s + 2 * DAY_S - 60 - bench.now_s)
    assert bench.status(10) == 2
    assert bench.status(9) == 100 * old_days + 200 * (2 - old_days)


def test_energy_after_the_months_end_stays_in_the_new_month_over_a_power_cut(make_bench, tariff):
    """The reading of midnight is sent already: what flows after it must be rated after it."""
    bench = make_bench(START_S + 29 * DAY_S - 100)  # 31 May, 23:58:20
    bench.install(credit={"mode": MONEY}, tariff=tariff)
    add_credit(bench, 100_000, MONEY)
    bench.run(97, 0)
    bench.run(20, 900)
    flowed_wh = bench.status(5) - bench.readings()[-1][3]
    bench.cut(0)
    bench.run(1)
    assert flowed_wh > 0
    assert bench.status(5) - bench.readings()[-1][3] >= flowed_wh
    assert sum(bench.board._values[ledger.MONTH_RATE_WH : ledger.MONTH_RATE_WH + 4]) == (
        bench.status(5) - bench.readings()[-1][3]
    )


def test_energy_in_a_dearer_hour_stays_dear_over_a_power_cut(make_bench, tariff):
    bench = make_bench(START_S + 18 * 3600 - 20)
    tariff = {**tariff, "rate_bands": [[127, 1081, 1320, 1]]}  # between two readings
    bench.install(credit={"mode": MONEY}, tariff=tariff)
    add_credit(bench, 100_000, MONEY)
    bench.run(29, 0)
    bench.run(50, 900)
    before_wh = bench.status(5)
    bench.run(20)
    bench.cut(0)
    bench.run(1)
    dear_wh = bench.status(5) - before_wh
    assert dear_wh > 0
    assert bench.board._values[ledger.RATE_WH + 1] == dear_wh
