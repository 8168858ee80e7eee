"""What the board is told from outside, by whoever can reach its broker."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = {
    "check_a_message_of_nothing_but_lists_is_refused_and_the_next_is_taken",
    "check_an_acknowledgement_counts_though_the_flash_is_full",
}


def test_no_message_and_no_full_flash_ends_the_boards_session() -> None:
    """An exception would: the broker brings the message again, for ever."""
    printed = run_micropython(Path(__file__).with_name("chip_downlink.py"))
    assert set(printed.split()) >= CHECKS
