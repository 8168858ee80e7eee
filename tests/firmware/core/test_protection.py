"""Protection that outlives power cuts: timers, retries, limits in force, cover, confirmation."""

import pytest

from firmware.core import holds, inputs, ledger
from firmware.core.clock import SYNCED, UNSET

DISCONNECT, RECONNECT, CREDIT, EMERGENCY, CLEAR_TAMPER, SET_SOURCE = 1, 2, 4, 5, 6, 14
LIMIT_SET, COVER_OPENED, TRIPPED, REFUSED = 158, 251, 1001, 1004
EMERGENCY_LIMIT, RETRIED, SOURCE, TAMPER_CLEARED, PHASE = 1024, 1025, 1026, 1027, 1037


@pytest.mark.parametrize("clock_state", [UNSET, SYNCED])
@pytest.mark.parametrize("on_s", [5, 9, 20, 50, 59])
def test_power_cycles_do_not_evade_a_band_of_a_minute(bench, on_s, clock_state):
    """Under 60 s at a time and 1 s off: the timer goes on where it stood, but for a little."""
    bench.power_w = 1100
    overload_s = 0
    while not bench.codes().count(TRIPPED):
        bench.run(on_s)
        overload_s += on_s
        assert overload_s <= 240
        if not bench.codes().count(TRIPPED):
            bench.cut(1, clock_state=clock_state)
    assert bench.holds & holds.OVERLOAD
    assert overload_s <= 180


@pytest.mark.parametrize("on_s", [4, 7])
def test_power_cycles_do_not_evade_a_band_of_ten_seconds(bench, on_s):
    bench.power_w = 1300
    for _ in range(6):
        bench.run(on_s)
        bench.cut(1, clock_state=UNSET)
    assert bench.codes().count(TRIPPED)


def test_an_overload_that_comes_and_goes_all_day_costs_few_ledger_writes(bench):
    """At most one in ten seconds, beside those that 930 Wh cost in any case."""
    before = bench.board._values[ledger.SEQUENCE]
    for _ in range(360):
        bench.run(4, 1100)
        bench.run(6, 900)
    written = bench.board._values[ledger.SEQUENCE] - before
    assert bench.codes().count(TRIPPED) == 0
    assert written <= 3600 // 10 + 93 + 4


def test_known_time_away_cools_a_band_down(bench):
    bench.run(50, 1100)
    bench.cut(70)
    bench.run(20)
    assert bench.holds == 0
    bench.run(45)
    assert bench.holds == holds.OVERLOAD


def test_a_trip_is_retried_by_itself_and_only_good_running_gives_retries_back(bench):
    bench.install(2, load={"retries_max": 2, "retry_interval_s": 30, "trips_max": 15})
    bench.run(1, 2500)
    bench.run(29)
    assert bench.holds == holds.OVERLOAD
    bench.run(1)
    assert bench.is_closed
    bench.run(1)
    bench.cut(1, clock_state=UNSET)
    bench.run(31)
    assert bench.events(RETRIED) == [1, 2]
    bench.run(1)
    bench.cut(1)
    bench.run(600)
    assert (bench.holds, bench.events(RETRIED)) == (holds.OVERLOAD, [1, 2])
    bench.power_w = 100
    bench.press()
    bench.run(59)
    bench.run(1, 2500)
    bench.run(60)
    assert bench.events(RETRIED) == [1, 2]
    bench.power_w = 100
    bench.press()
    bench.run(62)
    bench.run(1, 2500)
    bench.run(31)
    assert bench.events(RETRIED) == [1, 2, 1]


def test_an_emergency_limit_lowers_until_its_deadline_and_outlives_a_cut(bench):
    until_s = bench.now_s + 3600
    assert bench.command(EMERGENCY, {0: 200, 1: until_s}) == (2, 0)
    bench.run(5, 500)
    assert (bench.holds, bench.status(13)) == (holds.OVERLOAD, 200)
    bench.cut(60)
    bench.run(1)
    assert bench.status(13) == 200
    bench.run(until_s - bench.now_s)
    assert bench.status(13) == 1000
    assert bench.events(EMERGENCY_LIMIT) == [200, 0]
    assert bench.events(LIMIT_SET)[-2:] == [200, 1000]


def test_a_limit_commanded_is_in_force_with_the_receipt(bench):
    """What is told applied is applied: no status of that moment tells the limit of before."""
    bench.install(2, second_limit=[400, []])
    for limit_w in (200, 100, 300):
        assert bench.command(EMERGENCY, {0: limit_w, 1: bench.now_s + 100}) == (2, 0)
        assert bench.status(13) == limit_w
    bench.command(EMERGENCY, {0: 0, 1: 0})
    assert bench.status(13) == 1000
    bench.command(SET_SOURCE, {0: 1, 1: 0})
    assert bench.status(13) == 400


def test_an_emergency_limit_never_raises_and_can_be_ended(bench):
    bench.command(EMERGENCY, {0: 5000, 1: bench.now_s + 100})
    bench.run(1)
    assert bench.status(13) == 1000
    bench.command(EMERGENCY, {0: 300, 1: bench.now_s + 100})
    bench.run(1)
    assert bench.status(13) == 300
    bench.command(EMERGENCY, {0: 0, 1: 0})
    bench.run(1)
    assert bench.status(13) == 1000
    assert bench.command(EMERGENCY, {0: 300, 1: bench.now_s - 1}) == (3, 3)


def test_the_second_limit_holds_on_the_generator_by_line_and_by_command(bench):
    bench.install(2, second_limit=[200, []])
    bench.board.inputs = inputs.GENERATOR
    bench.run(1)
    assert (bench.status(13), bench.status(27)) == (200, 1)
    bench.board.inputs = 0
    bench.run(1)
    assert bench.status(13) == 1000
    bench.command(SET_SOURCE, {0: 1, 1: bench.now_s + 100})
    bench.cut(10)
    bench.run(1)
    assert (bench.status(13), bench.status(27)) == (200, 1)
    bench.run(100)
    assert bench.status(13) == 1000
    assert bench.events(SOURCE)[:3] == [1, 0, 1]
    assert bench.events(SOURCE)[-1] == 0


def test_the_second_limit_holds_in_its_hours(make_bench, midnight_s):
    bench = make_bench(midnight_s + 18 * 3600 - 60)
    bench.install(second_limit=[200, [[127, 1080, 1320]]])
    assert bench.status(13) == 1000
    bench.run(120)
    assert bench.status(13) == 200


def three_phases(bench, *phases_w):
    """Tell the load of three phases; the meter sums them."""
    sample = bench.sample
    sample.phases = 3
    for phase, power_w in enumerate(phases_w):
        sample.phase_power_dw[phase] = power_w * 10
    bench.power_w = sum(phases_w)


def test_a_phase_over_its_limit_trips_by_the_same_bands(bench):
    bench.install(2, load={"phase_limit_w": 400})
    three_phases(bench, 100, 440, 100)
    bench.run(59)
    assert bench.holds == 0
    bench.run(1)
    assert (bench.holds, bench.events(PHASE), bench.events(TRIPPED)) == (8, [2], [640])


def test_unbalance_of_phases_trips_after_the_seconds_of_the_first_band(bench):
    bench.install(2, load={"unbalance_pct": 30})
    three_phases(bench, 350, 40, 100)
    bench.run(59)
    assert bench.holds == 0
    bench.run(1)
    assert (bench.holds, bench.events(PHASE)) == (holds.OVERLOAD, [0])


def test_phases_within_all_limits_never_trip(bench):
    bench.install(2, load={"phase_limit_w": 400, "unbalance_pct": 30})
    three_phases(bench, 350, 60, 350)
    bench.run(300)
    assert bench.holds == 0


def test_a_load_that_is_over_goes_on_being_over_while_nothing_is_measured(bench):
    """Every second frame lost: the band of 60 s still ends after 60 s, not after 120."""
    bench.power_w = 1100
    for second in range(60):
        bench.sample.valid = second % 2 == 0
        bench.run(1)
    assert bench.holds == holds.OVERLOAD


def test_an_opened_cover_is_told_counted_and_holds_where_the_package_says_so(bench):
    """UP-3: the meter stands outside the consumer's building."""
    bench.install(2, tamper_holds=True)
    bench.board.inputs = inputs.COVER_OPEN
    bench.run(3)
    assert (bench.holds, bench.events(COVER_OPENED), bench.status(35)) == (holds.TAMPER, [0], 1)
    bench.board.inputs = 0
    bench.run(15)
    bench.cut(60)
    bench.run(1)
    bench.press()
    assert bench.holds == holds.TAMPER
    assert bench.command(CLEAR_TAMPER, {}) == (2, 0)
    assert bench.is_closed
    assert len(bench.events(TAMPER_CLEARED)) == 1


def test_a_cover_opened_while_the_power_was_off_is_told_at_the_start(bench):
    bench.cut(600)
    bench.board.inputs = inputs.COVER_OPEN
    bench.run(1)
    assert (bench.holds, bench.events(COVER_OPENED)) == (0, [0])
    bench.cut(600)
    bench.board.inputs = inputs.COVER_OPEN
    bench.run(1)
    assert bench.events(COVER_OPENED) == [0]


def test_a_cover_switch_that_chatters_opens_the_cover_once(bench):
    for second in range(60):
        bench.board.inputs = inputs.COVER_OPEN if second % 3 else 0
        bench.run(1)
    assert bench.status(35) == 1


def test_a_reconnection_waits_for_a_person_where_the_package_says_so(bench):
    bench.install(2, load={"confirm": 4})
    bench.command(DISCONNECT, {})
    bench.press()
    assert bench.events(REFUSED) == [holds.OPERATOR]
    bench.command(RECONNECT, {})
    assert bench.holds == holds.CONFIRM
    bench.cut(100)
    bench.run(1)
    assert bench.holds == holds.CONFIRM
    bench.press()
    assert bench.is_closed


def test_credit_and_a_long_outage_wait_for_a_person_where_the_package_says_so(bench):
    bench.install(2, load={"confirm": 3}, credit={"mode": 1})
    bench.run(1)
    assert bench.holds == holds.CREDIT
    bench.command(CREDIT, {0: b"purchase", 1: 1, 2: 1000})
    assert bench.holds == holds.CONFIRM
    bench.press()
    bench.cut(86_000)
    bench.run(1)
    assert bench.is_closed
    bench.cut(90_000)
    bench.run(1)
    assert bench.holds == holds.CONFIRM


def test_a_dip_that_the_board_lives_through_is_told_as_an_outage_of_its_own(bench):
    bench.board.inputs = inputs.POWER_FAILING
    bench.run(2)
    bench.board.inputs = 0
    bench.run(20)
    assert bench.codes().count(101) == bench.codes().count(102) == 1
    bench.cut(30)
    assert bench.codes().count(101) == 2
