"""Local time against the zones of the world: offsets, beginnings of days, interval boundaries."""

import datetime
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.calendar import LocalTime, day_number, days_in_month
from firmware.core.zone import Zone
from protocol import dates
from protocol.limits import EPOCH_UNIX_S

DAY_S = 86_400
SATURDAY, SUNDAY = 5, 6
# The rules as a programme gives them: standard offset, then [extra, begin, end].
ZONES = {
    "Asia/Kolkata": (330, None),
    "Europe/Berlin": (60, [60, [3, 5, SUNDAY, 120], [10, 5, SUNDAY, 180]]),
    "Europe/London": (0, [60, [3, 5, SUNDAY, 60], [10, 5, SUNDAY, 120]]),
    "America/New_York": (-300, [60, [3, 2, SUNDAY, 120], [11, 1, SUNDAY, 120]]),
    "America/Santiago": (-240, [60, [9, 1, SATURDAY, 1440], [4, 1, SATURDAY, 1440]]),
    "America/Havana": (-300, [60, [3, 2, SUNDAY, 0], [11, 1, SUNDAY, 60]]),
    "Australia/Sydney": (600, [60, [10, 1, SUNDAY, 120], [4, 1, SUNDAY, 180]]),
    "Australia/Lord_Howe": (630, [30, [10, 1, SUNDAY, 120], [4, 1, SUNDAY, 120]]),
    "Pacific/Chatham": (765, [60, [9, 5, SUNDAY, 165], [4, 1, SUNDAY, 225]]),
}
FIRST_S = 1_704_067_200 - EPOCH_UNIX_S  # 2024-01-01
LAST_S = 2_082_758_400 - EPOCH_UNIX_S  # 2036-01-01


def make_zone(name):
    zone = Zone()
    zone.configure(*ZONES[name])
    return zone


def civil(name, now_s):
    """What the world's own tables say of a second."""
    return datetime.datetime.fromtimestamp(now_s + EPOCH_UNIX_S, zoneinfo.ZoneInfo(name))


def true_offset_min(name, now_s):
    return int(civil(name, now_s).utcoffset().total_seconds()) // 60


def changes(name):
    """Every second from 2024 to 2035 at which the offset changes."""
    found = []
    for day_s in range(FIRST_S, LAST_S, DAY_S):
        low, high = day_s, day_s + DAY_S
        if true_offset_min(name, low) == true_offset_min(name, high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if true_offset_min(name, middle) == true_offset_min(name, low):
                low = middle
            else:
                high = middle
        found.append(high)
    return found


@pytest.mark.parametrize("name", ZONES)
def test_a_programme_may_hold_the_rules_of_every_zone_tried(name):
    dates.check_dst(ZONES[name][1])


@pytest.mark.parametrize("name", ZONES)
def test_both_changes_of_twelve_years_come_at_their_very_second(name):
    found = changes(name)
    assert len(found) == (24 if ZONES[name][1] else 0)
    zone = make_zone(name)
    for change_s in found:
        for now_s in (change_s - 1, change_s, change_s + 1, change_s - 60, change_s + 59):
            assert zone.offset_min_at(now_s) == true_offset_min(name, now_s)


@pytest.mark.parametrize("name", ZONES)
@given(now_s=st.integers(FIRST_S, LAST_S - 1), ask_first_s=st.integers(FIRST_S, LAST_S - 1))
@settings(max_examples=150)
def test_local_time_is_that_of_the_zones_tables_whatever_was_asked_before(
    name, now_s, ask_first_s
):
    zone = make_zone(name)
    zone.offset_min_at(ask_first_s)
    local = LocalTime()
    local.refresh(now_s, zone.offset_min_at(now_s))
    truth = civil(name, now_s)
    assert (local.month // 12, local.month % 12 + 1, local.day) == (
        truth.year,
        truth.month,
        truth.day,
    )
    assert (local.minute, local.weekday) == (truth.hour * 60 + truth.minute, truth.weekday())
    assert local.days == days_in_month(local.month)
    assert day_number(local.month, local.day) == local.day_number


@pytest.mark.parametrize("name", ZONES)
def test_every_local_day_of_twelve_years_begins_exactly_once(name):
    """A day of 23 or 25 hours, too, and one without a midnight, and one with two."""
    zone = make_zone(name)
    start_s = zone.day_start(FIRST_S + DAY_S)
    date = civil(name, start_s).date()
    while start_s < LAST_S - 2 * DAY_S:
        assert civil(name, start_s).date() == date
        assert civil(name, start_s - 1).date() == date - datetime.timedelta(days=1)
        following_s = zone.next_day_start(start_s)
        assert following_s - start_s in (DAY_S, DAY_S - 3600, DAY_S + 3600, 84_600, 88_200)
        for now_s in (start_s, start_s + 7200, start_s + 40_000, following_s - 1):
            assert zone.day_start(now_s) == start_s
        start_s = following_s
        date += datetime.timedelta(days=1)


def is_boundary(name, now_s, interval_s):
    truth = civil(name, now_s)
    seconds = truth.hour * 3600 + truth.minute * 60 + truth.second
    begins_day = civil(name, now_s - 1).date() != truth.date()
    return seconds % interval_s == 0 or begins_day


@pytest.mark.parametrize("interval_s", [60, 900, 3600])
@pytest.mark.parametrize("name", ZONES)
def test_no_boundary_is_doubled_or_left_out_around_a_change(name, interval_s):
    """Minute by minute through the days of every change: the last boundary is the last one."""
    zone = make_zone(name)
    for change_s in changes(name)[::5] or [FIRST_S]:
        begin_s = zone.boundary_before(change_s - DAY_S // 3, interval_s)
        last_s = begin_s
        for now_s in range(begin_s, change_s + DAY_S // 3, 60):
            if is_boundary(name, now_s, interval_s):
                last_s = now_s
            assert zone.boundary_before(now_s, interval_s) == last_s
            assert zone.boundary_before(now_s + 59, interval_s) == last_s
