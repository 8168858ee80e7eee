"""What the calendar of a programme says of a minute: special days, seasons, summer time."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.schedule import Schedule
from protocol import windows
from protocol.errors import ProgrammeError
from protocol.limits import EPOCH_UNIX_S
from tests.firmware.core.conftest import TARIFF, make_programme

SPECIAL = 128
ALL = 127


def at(text):
    """Board time of a local time in India, "2026-05-03 18:30"."""
    moment = datetime.datetime.fromisoformat(text + "+05:30")
    return int(moment.timestamp()) - EPOCH_UNIX_S


def make_schedule(**changes):
    schedule = Schedule()
    schedule.configure(make_programme(**changes))
    return schedule


def ask(schedule, text, name="is_open"):
    schedule.refresh(at(text))
    return getattr(schedule, name)


# 2026-05-03 is a Sunday
NIGHTS = {"windows": [[ALL, 1080, 360], [SPECIAL, 600, 720]], "special_days": [504, 20260810]}


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-05-03 11:00", False),
        ("2026-05-03 18:00", True),
        ("2026-05-04 05:59", True),  # the night began on Sunday, which was no special day
        ("2026-05-04 06:00", False),
        ("2026-05-04 10:00", True),
        ("2026-05-04 12:00", False),
        ("2026-05-04 18:00", False),  # special days have their own hours, and no night
        ("2026-05-05 05:59", False),  # for yesterday was special
        ("2026-05-05 10:00", False),
        ("2026-05-05 18:00", True),
        ("2027-05-04 10:00", True),  # every year
        ("2026-08-10 10:00", True),
        ("2027-08-10 10:00", False),  # that year only
        ("2027-08-10 18:00", True),
    ],
)
def test_a_window_belongs_to_the_day_it_starts_and_special_days_have_their_own(when, is_open):
    assert ask(make_schedule(**NIGHTS), when) == is_open


def test_a_list_that_names_no_special_day_takes_it_for_the_weekday_it_is():
    schedule = make_schedule(windows=[[1, 600, 720]], special_days=[504])
    assert ask(schedule, "2026-05-04 11:00")  # a Monday
    assert not ask(schedule, "2026-05-05 11:00")


def test_each_list_knows_special_days_for_itself():
    schedule = make_schedule(
        windows=[[ALL, 0, 1440]],
        credit={"mode": 1, "friendly_windows": [[SPECIAL, 0, 1440], [64, 0, 60]]},
        second_limit=[300, [[ALL, 600, 720]]],
        tariff={**TARIFF, "rate_bands": [[SPECIAL, 0, 1440, 3], [ALL, 600, 720, 1]]},
        special_days=[504],
    )
    schedule.refresh(at("2026-05-04 11:00"))
    assert (schedule.is_open, schedule.is_friendly) == (True, True)
    assert (schedule.is_second_limit, schedule.rate) == (True, 3)
    schedule.refresh(at("2026-05-05 11:00"))
    assert (schedule.is_open, schedule.is_friendly) == (True, False)
    assert (schedule.is_second_limit, schedule.rate) == (True, 1)
    schedule.refresh(at("2026-05-05 13:00"))
    assert (schedule.is_second_limit, schedule.rate) == (False, 0)


SEASONS = {"seasons": [301, 615, 1001], "windows": [[ALL, 1140, 300, 2], [ALL, 1020, 420, 5]]}


@pytest.mark.parametrize(
    ("when", "is_open"),
    [
        ("2026-02-01 17:30", True),  # before the first start the last season goes on
        ("2026-03-01 17:30", True),
        ("2026-06-14 17:30", True),
        ("2026-06-15 06:30", True),  # the night began in the season before
        ("2026-06-15 17:30", False),
        ("2026-06-15 19:30", True),
        ("2026-06-16 06:30", False),
        ("2026-10-01 04:59", True),
        ("2026-10-01 06:30", False),  # and this one in the season of short nights
        ("2026-10-01 17:30", True),
    ],
)
def test_supply_hours_change_with_the_season_in_which_a_night_begins(when, is_open):
    assert ask(make_schedule(**SEASONS), when) == is_open


def test_with_an_unset_clock_nothing_is_known_but_what_the_programme_says_of_that():
    schedule = make_schedule(
        windows=[[ALL, 0, 1440]],
        supply_clock_unset=False,
        credit={"mode": 1, "friendly_windows": [[ALL, 0, 1440]]},
        second_limit=[300, [[ALL, 0, 1440]]],
    )
    schedule.refresh(at("2026-05-04 11:00"), False)
    assert (schedule.is_open, schedule.is_friendly, schedule.is_second_limit) == (
        False,
        False,
        False,
    )
    schedule.refresh(at("2026-05-04 11:00"))
    assert (schedule.is_open, schedule.is_friendly, schedule.is_second_limit) == (
        True,
        True,
        True,
    )


def test_supply_hours_follow_summer_time_at_the_very_minute():
    """Berlin, 29 March 2026: 02:00 becomes 03:00; 25 October: 03:00 becomes 02:00."""
    schedule = make_schedule(
        utc_offset_min=60,
        dst=[60, [3, 5, 6, 120], [10, 5, 6, 180]],
        windows=[[ALL, 180, 200]],
    )
    spring_s = int(datetime.datetime(2026, 3, 29, 1, tzinfo=datetime.UTC).timestamp())
    autumn_s = int(datetime.datetime(2026, 10, 25, 1, tzinfo=datetime.UTC).timestamp())
    states = []
    for change_s, minutes in ((spring_s, (-1, 0, 19, 20)), (autumn_s, (-1, 0, 59, 60, 80))):
        for minute in minutes:
            schedule.refresh(change_s + minute * 60 - EPOCH_UNIX_S)
            states.append((schedule.local.minute, schedule.offset_min, schedule.is_open))
    assert states == [
        (119, 60, False),
        (180, 120, True),
        (199, 120, True),
        (200, 120, False),
        (179, 120, False),
        (120, 60, False),
        (179, 60, False),
        (180, 60, True),
        (200, 60, False),
    ]


WINDOW = st.tuples(st.integers(1, 255), st.integers(0, 1439), st.integers(1, 1440))
LISTS = st.lists(st.tuples(WINDOW, st.integers(1, 15)), max_size=4)
DATES = st.lists(st.integers(1, 28).map(lambda day: 500 + day), max_size=4)


def covered(entry, moment, special_days, knows_special, seasons):
    """Say slowly whether a window covers a moment: walk back to the day on which it began."""
    (mask, start, end), season_mask = entry
    length = end - start if end > start else end - start + 1440
    for days_back in (0, 1):
        day = moment.date() - datetime.timedelta(days=days_back)
        begun = datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(minutes=start)
        key = day.month * 100 + day.day
        index = 7 if knows_special and key in special_days else day.weekday()
        season = 15
        if seasons:
            number = sum(start <= key for start in seasons) - 1
            season = 1 << number % len(seasons)
        if mask >> index & 1 and season_mask & season:
            past = (moment - begun).total_seconds() // 60
            if 0 <= past < length:
                return True
    return False


@given(
    LISTS,
    DATES,
    st.sampled_from([[], [503], [501, 510], [505, 512, 520], [502, 509, 516, 523]]),
    st.integers(0, 31 * 1440 - 1),
)
@settings(max_examples=400)
def test_supply_hours_are_those_that_a_slow_walk_through_days_finds(
    entries, special_days, seasons, minute
):
    schedule = Schedule()
    programme = make_programme(special_days=special_days, seasons=seasons)
    hours = [[*window, season] for window, season in entries]
    programme[5] = hours  # overlapping ones too: here it does not matter
    schedule.configure(programme)
    moment = datetime.datetime.fromisoformat("2026-05-01") + datetime.timedelta(minutes=minute)
    knows_special = windows.names_special(hours)
    is_open = any(
        covered(entry, moment, special_days, knows_special, seasons) for entry in entries
    )
    assert ask(schedule, moment.isoformat(" ", "minutes")) == (is_open or not hours)


@pytest.mark.parametrize(
    ("hours", "fault"),
    [
        ([[SPECIAL, 0, 600], [SPECIAL, 500, 700]], "overlap"),
        ([[SPECIAL, 1080, 360], [SPECIAL, 300, 700]], "overlap"),
        ([[256, 0, 600]], "mask"),
        ([[ALL, 0, 600, 16]], "season mask 16"),
        ([[ALL, 0, 600, 0]], "season mask 0"),
        ([[ALL, 0, 600, 3], [ALL, 500, 700, 2]], "overlap"),
        ([[ALL, 0, 600, 3], [ALL, 500, 700]], "overlap"),
    ],
)
def test_hours_that_cannot_be_meant_are_refused(hours, fault):
    with pytest.raises(ProgrammeError, match=fault):
        windows.validate(hours, "windows", True)


@pytest.mark.parametrize(
    "hours",
    [
        [[ALL, 1320, 360], [SPECIAL, 0, 1440]],  # the night before may run into a holiday
        [[255, 1320, 360]],
        [[ALL, 0, 600, 1], [ALL, 0, 700, 2]],
    ],
)
def test_hours_of_different_days_and_seasons_may_meet(hours):
    windows.validate(hours, "windows", True)


def test_only_supply_hours_have_seasons():
    with pytest.raises(ProgrammeError, match="a window is"):
        windows.validate([[ALL, 0, 600, 1]], "friendly_windows")
