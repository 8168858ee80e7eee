"""The button resets, confirms, turns pages, takes emergency credit, or is stuck."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = {
    "check_a_key_clicks_and_is_shown_at_once",
    "check_a_press_does_what_stands_asks_for",
    "check_a_token_is_acted_on_at_once_and_heard",
}


def test_what_a_press_and_a_key_do() -> None:
    printed = run_micropython(Path(__file__).with_name("chip_front.py"))
    assert set(printed.split()) == CHECKS
