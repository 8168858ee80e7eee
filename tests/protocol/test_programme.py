"""The programme: its readable form, its errors that say what to do, and its windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import programme, windows
from protocol.errors import ProgrammeError, ProtocolError
from tests.micropython import run_micropython
from tests.protocol import example


def test_the_readable_form_comes_back_complete_with_the_defaults():
    names = programme.to_names(programme.from_names(example.programme_names()))
    assert names["load"]["bands"] == [[105, 60], [125, 10], [150, 3], [200, 0]]
    assert programme.to_names(programme.from_names(names)) == names


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"load": {"limit_w": 0}}, "limit_w must be an integer from 1 to 100000"),
        ({"load": {"limit_w": 500, "trips_max": 16}}, "trips_max must be .* 1 to 15"),
        ({"load": {}}, "limit_w .* is missing"),
        ({"load": {"limit": 500}}, "unknown name 'limit'; use limit_w"),
        ({"load": 500}, "load: give a map"),
        ({"colour": 1}, "unknown name 'colour'"),
        ({"windows": [[1, 0, 10], [1, 5, 20]]}, "two windows overlap; join them or move one"),
        ({"package_id": "पैकेज"}, "printable ASCII"),
        ({"interval_s": 61}, "give one of"),
        ({"tariff": {"code": "X", "price": 1}}, "unknown name 'price'"),
    ],
)
def test_a_programme_that_no_board_may_run_says_what_to_do(change, says):
    with pytest.raises(ProgrammeError, match=says):
        programme.encode(programme.from_names(example.programme_names() | change))


def test_a_programme_larger_than_a_board_keeps_is_refused():
    many = [[1 << day, minute, minute + 1] for day in (0, 1) for minute in range(1000, 1016, 2)]
    slabs = [[upper * 1000, 999_999] for upper in range(1, 12)] + [[None, 999_999]]
    tables = [[50_000 + n, True, slabs] for n in range(5)] + [[None, True, slabs]]
    names = example.programme_names()
    names["credit"]["friendly_windows"] = many
    names |= {"windows": many, "tariff": {"code": "LARGE", "tables": tables}}
    with pytest.raises(ProgrammeError, match="at most 1024: give fewer"):
        programme.encode(programme.from_names(names))


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_changed_byte_gives_a_refusal_or_another_valid_programme(position, octet):
    data = bytearray(programme.encode(programme.from_names(example.programme_names())))
    data[position % len(data)] = octet
    try:
        record = programme.decode(bytes(data))
    except ProtocolError:
        return
    assert programme.encode(record) == bytes(data)


WINDOWS = st.tuples(st.integers(1, 127), st.integers(0, 1439), st.integers(1, 1440))


def minutes_of(window):
    """Every minute of the week, counted from Monday, that a window covers."""
    mask, start, end = window
    length = end - start if end > start else end - start + 1440
    starts = [day * 1440 + start for day in range(7) if mask >> day & 1]
    return [(start + offset) % 10_080 for start in starts for offset in range(length)]


@given(st.lists(WINDOWS, max_size=4))
def test_windows_overlap_exactly_when_they_share_a_minute(weekly):
    minutes = [minute for window in weekly for minute in minutes_of(window)]
    assert windows.overlap(weekly) is (len(minutes) != len(set(minutes)))


@given(st.lists(WINDOWS, max_size=3), st.integers(0, 6), st.integers(0, 1439))
def test_a_minute_is_inside_exactly_when_a_window_covers_it(weekly, weekday, minute):
    covered = any(weekday * 1440 + minute in minutes_of(window) for window in weekly)
    assert windows.inside(weekly, weekday, minute) is covered


def test_asking_for_a_minute_allocates_nothing_on_the_board():
    printed = run_micropython("""
import micropython
from protocol import windows
weekly = [[31, 1020, 120], [96, 960, 180]]
windows.inside(weekly, 0, 0)
micropython.heap_lock()
for minute in range(1440):
    windows.inside(weekly, minute % 7, minute)
micropython.heap_unlock()
print("done")
""")
    assert printed == "done\n"
