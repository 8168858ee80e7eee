"""The store keeps what it said it kept, whatever write the power fails at."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = {
    "check_a_record_that_cannot_be_read_counts_as_not_held",
    "check_a_ledger_slot_that_cannot_be_read_does_not_hide_the_other",
    "check_power_cut_at_every_write",
    "check_ring_is_bounded",
    "check_what_is_not_whole_is_left_out",
}


def test_a_power_cut_at_any_write_loses_nothing_that_was_acknowledged() -> None:
    """On a real littlefs: ledger, programme, readings and events, whole and torn writes."""
    printed = run_micropython(Path(__file__).with_name("chip_store.py"), heap="128m")
    assert set(printed.split()) == CHECKS
