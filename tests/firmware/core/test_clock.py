"""The clock: steps, small differences, doubt, loss; what the calendar makes of each."""

import itertools

import pytest

from firmware.core import holds, ledger
from firmware.core.clock import HELD, SYNCED, UNSET, Clock
from protocol import programme
from tests.firmware.core.conftest import START_S, TARIFF

SET_CLOCK, CREDIT = 7, 4
CLOCK_SET, DOUBTED = 1017, 1036
DAY_S = 86_400
NOON_S = START_S + DAY_S // 2
STEPPED = 128


def run_clock(clock, seconds):
    """Let seconds pass as the application does: by the clock's own time."""
    times = []
    for _ in range(seconds):
        uptime_s = clock.uptime_s + 1
        clock.begin(clock.now_s(uptime_s), uptime_s)
        times.append(clock.time_s)
    return times


@pytest.mark.parametrize("difference_s", [-5, -1, 1, 3, 5])
def test_a_small_difference_is_made_up_second_by_second_and_never_backwards(difference_s):
    clock = Clock()
    clock.set(NOON_S, SYNCED)
    assert clock.adjust(NOON_S + difference_s, SYNCED) == 0
    assert clock.time_s == NOON_S
    times = run_clock(clock, 60)
    assert times == sorted(times)
    assert {after - before for before, after in itertools.pairwise(times)} <= {0, 1, 2}
    assert times[-1] == NOON_S + 60 + difference_s


@pytest.mark.parametrize("difference_s", [-3600, -6, 6, 100_000])
def test_a_large_difference_is_a_step(difference_s):
    clock = Clock()
    clock.set(NOON_S, SYNCED)
    assert clock.adjust(NOON_S + difference_s, SYNCED) == difference_s
    assert clock.time_s == NOON_S + difference_s


def test_a_step_is_told_and_a_small_difference_is_not(bench):
    bench.command(SET_CLOCK, {0: bench.now_s + 4})
    bench.run(5)
    assert bench.events(CLOCK_SET) == []
    bench.command(SET_CLOCK, {0: bench.now_s + 60})
    assert bench.events(CLOCK_SET) == [60]


def test_a_time_without_authentication_does_not_move_a_synced_clock(bench):
    bench.board.set_clock(bench.now_s + 10_000, HELD)
    assert bench.board.now_s == bench.now_s
    assert bench.board.clock.state == SYNCED


@pytest.mark.parametrize(
    ("ahead_s", "believed_s", "doubted"),
    [(0, 0, []), (DAY_S, DAY_S, []), (DAY_S + 1, DAY_S, [DAY_S + 1]), (-50, 0, [-50])],
)
def test_a_clock_that_was_carried_over_is_believed_for_a_day(bench, ahead_s, believed_s, doubted):
    bench.board.persist()
    known_s = bench.now_s
    bench.cut(ahead_s, clock_state=HELD)
    assert bench.board.clock.calendar_s() == known_s + believed_s
    assert bench.events(DOUBTED) == doubted
    assert bench.board.now_s == known_s + max(0, ahead_s)


@pytest.fixture
def paying(make_bench):
    """A money account that pays Rs 100 a day in fixed charges, and 10 paise of its own."""
    bench = make_bench(NOON_S)
    tariff = {**TARIFF, "fixed_per_kw_paise": 310_000, "surcharge_bp": 0, "duty_bp": 0}
    bench.install(credit={"mode": 2, "daily_charge": 10}, tariff=tariff)
    bench.command(CREDIT, {0: b"purchase", 1: 2, 2: 100_000_000})
    bench.run(62)
    assert bench.status(9) == 10_010
    return bench


def test_a_clock_years_ahead_charges_one_day_until_it_is_synced_and_then_what_is_true(paying):
    true_s = paying.now_s + 300
    paying.cut(3 * 365 * DAY_S, clock_state=HELD)
    paying.run(100, 0)
    assert paying.status(9) == 2 * 10_010
    assert len(paying.events(DOUBTED)) == 1
    paying.command(SET_CLOCK, {0: true_s + 2 * DAY_S})
    paying.now_s = true_s + 2 * DAY_S
    paying.run(100, 0)
    assert paying.status(9) == 3 * 10_010


def test_restarts_do_not_add_up_to_more_than_the_time_they_ran(paying):
    """Each start may be a year ahead: a day for what is not known, and no more."""
    for _ in range(10):
        paying.cut(365 * DAY_S, clock_state=HELD)
        paying.run(100, 0)
    assert paying.status(9) == 2 * 10_010


def test_readings_are_dated_by_what_is_believed_and_tell_its_charges(paying):
    """After nine dark days: two midnights' worth at once, the rest when the clock is synced."""
    first = len(paying.readings())
    paying.cut(9 * DAY_S, clock_state=HELD)
    paying.run(100, 900)
    written = paying.readings()[first:]
    assert [row[15] // 10_010 for row in written if row[2] & 64] == [1]
    assert written[-1][1] <= paying.board.clock.calendar_s() < paying.now_s - 7 * DAY_S
    paying.command(SET_CLOCK, {0: paying.now_s})
    paying.run(62)
    midnights = [row for row in paying.readings()[first:] if row[2] & 64]
    assert len(midnights) == 9
    daily_paise = [after[15] - before[15] for before, after in itertools.pairwise(midnights)]
    assert daily_paise[1:] == [10] * 7  # the tariff's own days come at the month's end, or today
    assert paying.status(9) == 10 * 10_010 + 12  # and 40 Wh at Rs 3


def test_days_that_the_board_lives_through_are_known_even_without_a_network(paying):
    paying.cut(60, clock_state=HELD)
    for _ in range(3):
        paying.uptime_s += DAY_S
        paying.now_s += DAY_S
        paying.run(70, 0)
    assert paying.status(9) == 4 * 10_010


def test_a_true_outage_of_many_days_is_charged_once_the_clock_is_synced(paying):
    paying.cut(9 * DAY_S, clock_state=HELD)
    paying.run(100, 0)
    assert paying.status(9) == 2 * 10_010
    paying.command(SET_CLOCK, {0: paying.now_s})
    paying.run(62)
    assert paying.status(9) == 10 * 10_010


def test_a_doubted_clock_does_not_bring_a_programme_into_force_early(bench, build_programme):
    record = build_programme(2, activation_s=bench.now_s + 30 * DAY_S)
    bench.command(3, {0: programme.encode(record)})
    true_s = bench.now_s
    bench.cut(400 * DAY_S, clock_state=HELD)
    bench.run(100)
    assert bench.status(10) == 1
    bench.command(SET_CLOCK, {0: true_s + 30 * DAY_S})
    bench.now_s = true_s + 30 * DAY_S
    bench.run(2)
    assert bench.status(10) == 2


def test_a_command_tells_that_it_is_at_least_so_late(bench):
    true_s = bench.now_s + 40 * DAY_S
    bench.cut(40 * DAY_S, clock_state=HELD)
    body = {0: b"command1", 1: true_s - 60, 2: 0, 3: true_s + 60, 4: 8, 5: {}}
    bench.board.apply(body, bench.now_s, bench.uptime_s)
    assert bench.board.clock.calendar_s() == true_s


def test_a_lost_clock_charges_no_day_and_windows_follow_the_programme(paying):
    paying.cut(5 * DAY_S, clock_state=UNSET)
    paying.run(200, 0)
    assert paying.status(9) == 10_010
    assert paying.board._values[ledger.KNOWN_S] < paying.now_s - 4 * DAY_S


@pytest.mark.parametrize("step_s", [365 * DAY_S, -365 * DAY_S])
def test_a_wild_clock_and_a_power_cycle_end_no_lockout(bench, step_s):
    for _ in range(4):
        bench.run(1, 5000)
        bench.run(11, 0)
        bench.press()
    assert bench.holds & holds.LOCKOUT
    bench.now_s += step_s
    bench.cut(clock_state=HELD)
    bench.run(1500)
    assert bench.holds & holds.LOCKOUT


def ends(bench):
    return [(reading[1], bool(reading[2] & STEPPED)) for reading in bench.readings()]


@pytest.mark.parametrize("back_s", [4000, 7200, 20 * 3600, 40 * DAY_S])
def test_a_clock_set_back_far_goes_on_with_its_readings_at_once_and_says_so(bench, back_s):
    bench.run(2000)
    before = len(bench.readings())
    bench.now_s -= back_s
    bench.command(SET_CLOCK, {0: bench.now_s})
    bench.run(1000)
    written = ends(bench)[before:]
    assert len(written) == 1
    assert written[0][1]
    assert bench.now_s - 900 <= written[0][0] <= bench.now_s
    bench.run(900)
    assert not ends(bench)[-1][1]


def test_after_a_short_step_back_readings_wait_and_none_comes_twice(bench):
    bench.run(2000)
    bench.now_s -= 1500
    bench.command(SET_CLOCK, {0: bench.now_s})
    bench.run(3600)
    times = [end_s for end_s, _ in ends(bench)]
    assert times == sorted(set(times))
    assert {after - before for before, after in itertools.pairwise(times)} == {900}


DST = {"utc_offset_min": 60, "dst": [60, [3, 5, 6, 120], [10, 5, 6, 180]]}
SPRING_S = 196_909_200  # 2026-03-29 01:00 UTC, 02:00 becomes 03:00 in Berlin
AUTUMN_S = 215_053_200  # 2026-10-25 01:00 UTC, 03:00 becomes 02:00


@pytest.mark.parametrize(
    ("change_s", "hours", "before_min"), [(SPRING_S, 23, 60), (AUTUMN_S, 25, 120)]
)
@pytest.mark.parametrize("has_outage", [False, True])
def test_a_local_day_of_23_or_25_hours_has_one_midnight_and_every_boundary_once(
    make_bench, change_s, hours, before_min, has_outage
):
    midnight_s = change_s - (60 + before_min) * 60
    bench = make_bench(midnight_s - 1000)
    bench.install(**DST, interval_s=3600)
    if has_outage:
        bench.run(500)
        bench.cut(hours * 3600 + 900)
        bench.run(600)
    else:
        bench.run(hours * 3600 + 2000)
    last_of_day = [row[1] for row in bench.readings() if row[2] & 64]
    assert last_of_day == [midnight_s, midnight_s + hours * 3600]
    if not has_outage:
        times = [row[1] for row in bench.readings()][1:]  # the first ends the built-in programme
        assert times == [midnight_s + hour * 3600 for hour in range(hours + 1)]


def test_supply_hours_begin_an_hour_earlier_by_the_sun_in_summer(make_bench):
    bench = make_bench(SPRING_S - 130)
    bench.install(**DST, windows=[[127, 180, 240]])
    bench.run(125)
    assert bench.holds == holds.WINDOW
    bench.run(10)
    assert bench.is_closed


def test_a_time_that_was_not_believed_dates_no_reading_after_a_start_without_a_clock(bench):
    bench.run(60)
    true_s = bench.now_s
    bench.now_s += 40 * 86_400
    bench.boot(clock_state=HELD)
    bench.run(70)
    bench.boot(clock_state=UNSET)
    bench.run(70)
    bench.now_s = true_s + 300
    bench.board.set_clock(bench.now_s, SYNCED)
    bench.run(1000)
    ends = [reading[1] for reading in bench.readings()]
    assert max(ends) <= true_s + 86_400 + 300


def test_that_readings_began_anew_is_told_although_the_power_failed_before_the_next(bench):
    bench.run(3700)
    bench.now_s -= 2 * 3600
    bench.board.set_clock(bench.now_s, SYNCED)
    bench.run(70)
    bench.cut(1)
    bench.run(1000)
    flags = [reading[2] & 128 for reading in bench.readings()]
    assert sum(flags) == 128
    assert bench.readings()[flags.index(128)][1] <= bench.now_s
    bench.cut(1)
    bench.run(1000)
    assert sum(reading[2] & 128 for reading in bench.readings()) == 128
