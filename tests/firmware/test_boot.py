"""Before and after the firmware, the relay is on its safe side."""

from pathlib import Path

from tests.micropython import run_micropython


def test_a_relay_that_nobody_can_judge_is_open() -> None:
    """The ledger unreadable in any way, its bus missing, or the firmware dead."""
    printed = run_micropython(Path(__file__).with_name("chip_boot.py"))
    assert printed.splitlines()[-1] == "opened"
