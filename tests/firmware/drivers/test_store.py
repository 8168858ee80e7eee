"""Every store keeps what it said it kept, whatever write the power fails at."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = (
    "check_a_ledger_that_cannot_be_read_is_not_written_over",
    "check_a_thousand_ledgers_are_kept_one_after_another",
    "check_power_cut_at_every_write",
    "check_records_may_be_left_out_but_never_go_back",
    "check_release_is_kept_and_never_ahead_of_the_ring",
    "check_rings_are_bounded_and_keep_what_they_must",
    "check_what_was_never_written_is_not_there",
    "check_worn_blocks_cost_nothing_that_was_acknowledged",
)
STORES = ("Bench", "PartitionWithFram", "Files", "FilesWithFram")


def test_every_store_keeps_what_it_acknowledged() -> None:
    """One list of checks on files, partition and FRAM; three ways of tearing at every write."""
    printed = run_micropython(Path(__file__).with_name("chip_store.py"), heap="16m")
    assert printed.splitlines() == [f"{check} {store}" for check in CHECKS for store in STORES]


def test_a_store_that_cannot_be_read_never_stops_the_board() -> None:
    """No folder, garbage in it, no partition: told in `trouble`, and the calls raise OSError."""
    printed = run_micropython(Path(__file__).with_name("chip_store_trouble.py"), heap="16m")
    assert "ok" in printed.split()
