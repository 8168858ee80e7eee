"""What the console writes: numbers, times, events and commands in words."""

from pathlib import Path
from typing import Any

import pytest

from controller.console import rules
from controller.console.templatetags import format as writing

THIN = writing.NARROW_SPACE
NOON_S = 216_985_600  # 2026-11-16 15:16:40 in India


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (writing.rupees(0), "₹0.00"),
        (writing.rupees(5), "₹0.05"),
        (writing.rupees(123_450), "₹1,234.50"),
        (writing.rupees(1_234_567_89), "₹12,34,567.89"),
        (writing.rupees(-7), "−₹0.07"),
        (writing.kwh(0), f"0.000{THIN}kWh"),
        (writing.kwh(12_345), f"12.345{THIN}kWh"),
        (writing.kwh(-1), f"−0.001{THIN}kWh"),
        (writing.watts(1_240), f"1,240{THIN}W"),
        (writing.hours(61), f"1{THIN}h 1{THIN}min"),
        (writing.moment(0), "1 Jan 2020, 05:30"),
        (writing.seen(0), "never"),
    ],
)
def test_integers_become_exact_text_in_indian_grouping_and_time(
    written: str, expected: str
) -> None:
    assert written == expected


def test_the_balance_of_a_flat_package_is_its_days() -> None:
    class Paid:
        credit_mode, balance = 3, 12

    assert writing.credit(Paid()) == "12 days"


@pytest.mark.parametrize(
    ("before_s", "expected"), [(60, "15:15"), (86_400, "15 Nov 15:16"), (0, "15:16")]
)
def test_a_recent_time_carries_its_date_only_when_it_is_not_today(
    settings: Any, tmp_path: Path, before_s: int, expected: str
) -> None:
    settings.BIJLI_CLOCK_FILE = tmp_path / "clock"
    settings.BIJLI_CLOCK_FILE.write_text(str(NOON_S), encoding="ascii")
    assert writing.seen(NOON_S - before_s) == expected


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        (101, 0, "Power failed"),
        (102, 5_400, "Power came back: after 90 min 0 s"),
        (102, 0, "Power came back: after an unknown time"),
        (301, 8, "Supply off: overload trip"),
        (1004, 0, "Button pressed, refused: nothing holds it off"),
        (1001, 500, "Overload trip: 500 W"),
        (1009, 61, "Supply hours ended: 01:01"),
        (1013, 2, "Metering fault: implausible"),
        (1019, 11, "Message refused: it was older than one already seen"),
        (1019, 113, "Message refused: not from this controller; its signature was wrong"),
        (1020, 3, "Board started: watchdog"),
        (9999, 7, "Event 9999: 7"),
    ],
)
def test_an_event_is_told_in_words(code: int, value: int, expected: str) -> None:
    assert rules.event_words(code, value) == expected


@pytest.mark.parametrize(
    ("state", "why", "expected"),
    [
        ("queued", "", "queued"),
        ("refused", "value out of range", "refused: value out of range"),
        ("expired", "", "expired, not done"),
    ],
)
def test_a_command_says_what_became_of_it_and_why(state: str, why: str, expected: str) -> None:
    assert rules.command_state(state, why) == expected


@pytest.mark.parametrize(
    ("power_w", "limit_w", "percent"),
    [(0, 100, 0), (50, 100, 50), (300, 100, 100), (-5, 100, 0), (5, 0, 0)],
)
def test_the_load_bar_stays_between_empty_and_full(
    power_w: int, limit_w: int, percent: int
) -> None:
    assert rules.load_percent(power_w, limit_w) == percent
