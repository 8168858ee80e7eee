"""The load limiter: bands, leaky timers, trips, waits and lockouts (UP-6, EB-16)."""

import pytest

from firmware.core import holds
from firmware.core.clock import UNSET
from protocol.limits import TRIPS_MAX

TRIPPED, LOCKED_OUT = 1001, 1002
BUTTON_RESET, BUTTON_REFUSED = 1003, 1004


@pytest.mark.parametrize(
    ("load_w", "seconds"),
    [
        (1000, None),
        (1049, None),
        (1050, 60),
        (1249, 60),
        (1250, 10),
        (1499, 10),
        (1500, 3),
        (1999, 3),
        (2000, 1),
        (9000, 1),
    ],
)
def test_each_band_trips_after_its_seconds(bench, load_w, seconds):
    bench.power_w = load_w
    if seconds is None:
        bench.run(600)
        assert bench.codes().count(TRIPPED) == 0
        return
    bench.run(seconds - 1)
    assert bench.holds == 0
    bench.run(1)
    assert bench.holds == holds.OVERLOAD
    assert not bench.is_closed
    assert bench.events(TRIPPED) == [load_w]


def test_an_overload_that_comes_and_goes_trips_too(bench):
    """40 s over, 20 s under: the timer gains 20 s a minute and reaches 60 s in the second."""
    bench.run(40, 1100)
    bench.run(20, 100)
    bench.run(39, 1100)
    assert bench.holds == 0
    bench.run(1)
    assert bench.holds == holds.OVERLOAD


def test_an_overload_that_is_mostly_away_never_trips(bench):
    for _ in range(50):
        bench.run(20, 1100)
        bench.run(40, 100)
    assert bench.codes().count(TRIPPED) == 0


def test_apparent_power_is_limited_where_the_package_says_so(bench):
    bench.install(2, load={"basis": 1})
    bench.sample.power_dw = 5000
    bench.sample.apparent_dva = 20_700
    bench.now_s += 1
    bench.uptime_s += 1
    bench.board.tick(bench.now_s, bench.uptime_s, bench.sample, True)
    assert bench.holds == holds.OVERLOAD


def test_the_button_closes_after_the_wait_and_trips_again_with_the_load_still_on(bench):
    bench.run(1, 2500)
    bench.run(5)
    bench.press()
    assert (bench.holds, bench.events(BUTTON_REFUSED)) == (holds.OVERLOAD, [holds.OVERLOAD])
    bench.run(5)
    bench.press()
    assert bench.holds == 0
    assert bench.is_closed
    bench.run(1)
    assert bench.holds == holds.OVERLOAD
    bench.run(10, 100)
    bench.press()
    bench.run(60)
    assert bench.holds == 0
    assert bench.events(BUTTON_RESET) == [0, 0]


def trip_to_lockout(bench):
    for _ in range(4):
        bench.run(1, 2500)
        bench.run(10)
        bench.press()
    bench.power_w = 100


def test_more_than_three_trips_lock_out_until_the_deadline_and_the_button(bench):
    trip_to_lockout(bench)
    assert bench.holds == holds.OVERLOAD | holds.LOCKOUT
    assert len(bench.events(LOCKED_OUT)) == 1
    until_s = bench.status(14)
    bench.run(until_s - bench.now_s - 1)
    bench.press()
    assert bench.holds & holds.LOCKOUT
    bench.run(1)
    assert bench.holds == holds.OVERLOAD
    bench.press()
    assert bench.holds == 0


def test_the_most_trips_a_programme_may_allow_are_all_remembered(bench):
    """One more than `limits.TRIPS_MAX` locks out: the board must remember them all."""
    load = {"wait_s": 0, "trips_max": TRIPS_MAX, "trips_window_s": 3600}
    bench.install(2, load=load)
    for _ in range(TRIPS_MAX):
        bench.run(1, 2500)
        assert bench.holds == holds.OVERLOAD
        bench.press()
    bench.run(1)
    assert bench.holds == holds.OVERLOAD | holds.LOCKOUT


def test_trips_that_lie_further_apart_than_the_window_do_not_lock_out(bench):
    for _ in range(6):
        bench.run(1, 2500)
        bench.run(10)
        bench.press()
        bench.run(700, 100)
    assert bench.events(LOCKED_OUT) == []


@pytest.mark.parametrize("pause_s", [0, 5, 3600])
def test_a_power_cycle_with_an_unset_clock_never_shortens_a_wait(bench, pause_s):
    bench.run(1, 2500)
    bench.power_w = 0
    for _ in range(3):
        bench.run(6)
        bench.cut(pause_s, clock_state=UNSET)
    bench.run(1)
    bench.press()
    assert bench.holds & holds.OVERLOAD
    bench.run(10)
    bench.press()
    assert bench.holds == 0


def test_a_lockout_outlives_a_power_cut_and_a_known_clock_counts_the_time_away(bench):
    trip_to_lockout(bench)
    bench.run(60)
    bench.cut(600)
    bench.run(1)
    assert bench.holds == holds.OVERLOAD | holds.LOCKOUT
    bench.cut(1200)
    bench.run(1)
    assert bench.holds == holds.OVERLOAD


def test_power_cuts_do_not_clear_the_count_of_trips(bench):
    for _ in range(4):
        bench.run(1, 2500)
        bench.run(11)
        bench.cut(1, clock_state=UNSET)
        bench.run(11)
        bench.press()
    assert len(bench.events(LOCKED_OUT)) == 1


def test_a_clock_step_does_not_end_a_wait(bench):
    trip_to_lockout(bench)
    bench.command(7, {0: bench.now_s + 90_000})
    bench.now_s += 90_000
    bench.run(2)
    assert bench.holds & holds.LOCKOUT
