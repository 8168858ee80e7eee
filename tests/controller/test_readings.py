"""The measured record: what is missing, how much was used, and the load over a week."""

import pytest

from controller.headend import ingest
from controller.readings import queries, rules

NOW_S = 200_000_000
INTERVAL_S = 900

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize(
    ("through", "stored", "expected"),
    [(0, {1, 2, 3}, 3), (0, {2, 3}, 0), (5, {7}, 5), (5, {6, 8}, 6), (5, set(), 5)],
)
def test_all_is_held_up_to_the_first_hole(through, stored, expected):
    assert rules.advance(through, stored) == expected


@pytest.mark.parametrize(
    ("after", "before", "stored", "expected"),
    [
        (0, 5, set(), [(1, 4)]),
        (0, 5, {1, 2, 3, 4}, []),
        (0, 6, {3}, [(1, 2), (4, 5)]),
        (2, 3, set(), []),
        (2, 9, {1, 5, 12}, [(3, 4), (6, 8)]),
    ],
)
def test_missing_sequences_come_as_ranges(after, before, stored, expected):
    assert rules.missing(after, before, stored) == expected


@pytest.mark.parametrize(
    ("energy_wh", "seconds", "power_w"),
    [(100, 900, 400), (1, 7200, 1), (1, 7201, 0), (0, 900, 0), (5, 0, 0)],
)
def test_mean_power_is_rounded_half_up(energy_wh, seconds, power_w):
    assert rules.mean_power_w(energy_wh, seconds) == power_w


def test_the_load_profile_comes_from_neighbouring_registers_with_a_hole_where_one_lacks(board):
    ingest.handle([board.readings(1, 2, 3, 5, 6)])
    profile = queries.load_profile("BHK01", until_s=NOW_S + 7 * 86_400)
    ends = [(interval.end_s - NOW_S) // INTERVAL_S for interval in profile]
    assert ends == [2, 3, 6]
    assert {interval.power_w for interval in profile} == {400}


def test_the_load_profile_holds_seven_days_and_no_more(board):
    for first in range(1, 700, 24):
        ingest.handle([board.readings(*range(first, first + 24))])
    until_s = NOW_S + 696 * INTERVAL_S
    assert len(queries.load_profile("BHK01", until_s=until_s)) == 671


def test_energy_between_two_moments_is_the_difference_of_the_registers_at_them(board):
    ingest.handle([board.readings(*range(1, 11))])
    moments = [NOW_S + n * INTERVAL_S for n in (0, 2, 7, 100)]
    assert queries.registered_between("BHK01", moments[1], moments[2]) == 500
    assert queries.registered_between("BHK01", moments[1], moments[2] + 899) == 500
    assert queries.registered_between("BHK01", moments[0], moments[3]) == 1_000
    assert queries.registered_between("NOBODY", moments[0], moments[3]) == 0


def test_last_and_missing_sequences_tell_what_is_still_to_come(board):
    ingest.handle([board.readings(2, 3), board.readings(6)])
    assert queries.last_sequence("BHK01") == 6
    assert queries.missing_sequences("BHK01") == [(1, 1), (4, 5)]
    assert (queries.last_sequence("NOBODY"), queries.missing_sequences("NOBODY")) == (0, [])


def test_the_latest_events_come_first(board):
    ingest.handle([board.events(1, 2, 3)])
    assert [event.sequence for event in queries.latest_events("BHK01", 2)] == [3, 2]
