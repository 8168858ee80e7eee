"""The once-a-second path allocates nothing, proven on the interpreter that plays the chip."""

import os
import subprocess
from pathlib import Path

from simulator import interpreter
from tests.micropython import run_micropython

ROOT = Path(__file__).resolve().parents[3]
PROBE = Path(__file__).with_name("allocation.py")


def test_a_tick_allocates_nothing_even_when_a_watt_hour_is_charged_in_money():
    """4,000 seconds with the heap locked: an allocation would end the probe with MemoryError."""
    environment = dict(os.environ, MICROPYPATH=f"{ROOT}:.frozen")
    run = subprocess.run(
        [*interpreter.find().argv, "-X", "heapsize=400k", str(PROBE)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    facts = dict(line.split()[:2] for line in run.stdout.splitlines())
    assert facts["ticks"] == "4000"
    assert int(facts["energy"]) > 1300
    assert int(facts["charged"]) > 500


def test_a_minute_of_calendar_and_account_allocates_nothing_through_both_changes_of_the_year():
    printed = run_micropython(Path(__file__).with_name("chip_calendar.py"))
    lines = printed.splitlines()
    assert lines[:-1] == ["change 60 120", "change 120 60"] * 3 + ["minutes 1200"]
