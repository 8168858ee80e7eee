"""The measured record: up to where it is whole, what is missing, and the latest events."""

import pytest

from controller.headend import ingest
from controller.readings import queries, rules

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


def test_missing_sequences_tell_what_is_still_to_come(board):
    ingest.handle([board.readings(2, 3), board.readings(6)])
    assert queries.missing_sequences("BHK01") == [(1, 1), (4, 5)]
    assert queries.missing_sequences("NOBODY") == []


def test_the_latest_events_come_first(board):
    ingest.handle([board.events(1, 2, 3)])
    assert [event.sequence for event in queries.latest_events("BHK01", 2)] == [3, 2]
