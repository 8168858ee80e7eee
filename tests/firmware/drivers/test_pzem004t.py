"""The PZEM-004T's driver sends and reads the octets that the maker's manual shows."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = {
    "check_address",
    "check_an_alarm_of_the_chip_changes_nothing",
    "check_direction_pin_is_high_while_sending",
    "check_each_sample_object_is_filled",
    "check_golden",
    "check_request",
    "check_stale_answer_is_dropped",
}


def test_the_driver_speaks_as_the_makers_manual_shows() -> None:
    """Golden octets both ways, an alarm, a stale answer, the direction of an RS-485 line."""
    printed = run_micropython(Path(__file__).with_name("chip_pzem004t.py"))
    assert set(printed.split()) == CHECKS
