"""The keypad's entry line: what is typed, taken back, entered, and forgotten."""

import pytest

from firmware.core.entry import ENTRY_TIMEOUT_S, TOKEN_DIGITS, Entry, group

TOKEN = "12345678901234567890"


def type_in(keys, entry=None):
    entry = entry or Entry()
    entered = [entry.press(key, 0) for key in keys]
    return entry, entered[-1] if entered else None


@pytest.mark.parametrize(
    ("keys", "entered", "left"),
    [
        ("001#", "001", ""),
        ("#", None, ""),
        ("**#", None, ""),
        ("12*3#", "13", ""),
        ("12*", None, "1"),
        (TOKEN + "#", TOKEN, ""),
        (TOKEN + "999", None, TOKEN),
        (TOKEN + "9*#", TOKEN[:-1], ""),
    ],
)
def test_digits_are_collected_taken_back_and_entered(keys, entered, left):
    entry, last = type_in(keys)
    assert (last, entry.digits) == (entered, left)


def test_digits_stand_in_groups_of_four_on_two_lines():
    for count, lines in (
        (1, ("1_", "")),
        (5, ("1234 5_", "")),
        (12, ("1234 5678 9012", "_")),
        (16, ("1234 5678 9012", "3456_")),
        (20, ("1234 5678 9012", "3456 7890")),
    ):
        entry, _ = type_in(TOKEN[:count])
        assert entry.lines() == lines
        assert all(len(line) <= 16 for line in entry.lines())
    assert group("") == ""
    assert len(TOKEN) == TOKEN_DIGITS


def test_an_entry_that_nobody_goes_on_with_is_forgotten():
    entry = Entry()
    entry.press("1", 100)
    assert not entry.expire(100 + ENTRY_TIMEOUT_S - 1)
    entry.press("2", 100 + ENTRY_TIMEOUT_S - 1)
    assert entry.digits == "12"
    entry.press("3", 100 + 2 * ENTRY_TIMEOUT_S)
    assert entry.digits == "3", "the next key begins anew"
