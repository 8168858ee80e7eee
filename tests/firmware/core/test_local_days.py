"""Boards in real zones live through changes of summer time: readings and supply stay true."""

import itertools
import random

import pytest

from firmware.core import holds
from firmware.core.clock import UNSET
from tests.firmware.core.conftest import Bench
from tests.firmware.core.test_zone import DAY_S, ZONES, changes, civil, is_boundary

PLACES = ("Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "America/Havana")
HOURS = [[127, 1430, 100], [127, 170, 200], [64, 600, 1200]]
INTERVAL_S = 3600


def commission(place, now_s):
    offset_min, dst = ZONES[place]
    bench = Bench(now_s)
    bench.install(utc_offset_min=offset_min, dst=dst, windows=HOURS, interval_s=INTERVAL_S)
    return bench


def live(bench, seconds, step_s=60):
    """Minutes instead of seconds, always at the same second of each."""
    for _ in range(seconds // step_s):
        bench.now_s += step_s - 1
        bench.uptime_s += step_s - 1
        bench.second()
        yield


def should_be_on(place, now_s):
    truth = civil(place, now_s)
    minute, weekday = truth.hour * 60 + truth.minute, truth.weekday()
    if minute >= 1430 or minute < 100 or 170 <= minute < 200:
        return True
    return weekday == 6 and 600 <= minute < 1200


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", [0, 1, 12, 23])
def test_every_minute_around_a_change_has_its_supply_and_every_boundary_its_reading(place, number):
    change_s = changes(place)[number]
    bench = commission(place, change_s - DAY_S - 7)
    for _ in live(bench, 2 * DAY_S):
        assert bench.is_closed == should_be_on(place, bench.now_s)
    ends = [row[1] for row in bench.readings()][1:]  # the first ends the built-in programme
    first_s = change_s - DAY_S + 60
    wanted = [at_s for at_s in range(first_s - 60, bench.now_s) if at_s % 1800 == 0]
    assert ends == [at_s for at_s in wanted if is_boundary(place, at_s, INTERVAL_S)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", range(6))
def test_over_outages_each_local_day_has_one_last_reading_and_supply_is_right_at_once(place, seed):
    dice = random.Random(seed)
    change_s = dice.choice(changes(place))
    bench = commission(place, change_s - 2 * DAY_S)
    while bench.now_s < change_s + 2 * DAY_S:
        for _ in live(bench, dice.randrange(60, 20_000)):
            pass
        state = dice.choice([UNSET, 2, 2, 2])
        bench.cut(dice.randrange(1, 30_000), clock_state=state)
        if state == UNSET:
            bench.run(2)
            assert bench.holds & holds.WINDOW == 0  # as this programme wants it
            bench.command(7, {0: bench.now_s})
        bench.run(2)
        assert bench.is_closed == should_be_on(place, bench.now_s)
    rows = bench.readings()
    assert all(before[1] < after[1] for before, after in itertools.pairwise(rows))
    last_of_day = [row[1] for row in rows if row[2] & 64]
    begun = [civil(place, end_s).date() for end_s in last_of_day]
    ended = [civil(place, end_s - 1).date() for end_s in last_of_day]
    assert ended[1:] == begun[:-1]  # every day of the time has one, and one only
    assert all(before < after for before, after in zip(ended, begun, strict=True))
