"""The keypad tells each key once, refuses ghosts, and costs nothing while nobody types."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = {
    "check_a_bounce_is_no_key_and_a_bouncing_key_is_one",
    "check_a_jammed_key_is_looked_at_seldom",
    "check_a_scan_allocates_nothing",
    "check_an_idle_keypad_is_not_scanned",
    "check_every_key_is_told_once_however_long_it_is_held",
    "check_several_keys_at_once_count_as_none_until_all_are_up",
}


def test_the_keypad_keeps_its_promises_on_the_chips_interpreter() -> None:
    printed = run_micropython(Path(__file__).with_name("chip_keypad.py"))
    assert set(printed.split()) == CHECKS
