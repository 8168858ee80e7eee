"""Every metering driver keeps the same promises, each in front of the model of its chip."""

from pathlib import Path

from tests.micropython import run_micropython

SCRIPT = Path(__file__).with_name("chip_metering.py")


def test_every_driver_keeps_every_promise_of_the_suite() -> None:
    """Values, counters, noise, silence, restarts, detection, bounds and no allocation; on all."""
    printed = run_micropython(SCRIPT, heap="2M").split()
    promised = [line[4:].split("(")[0] for line in SCRIPT.read_text().splitlines()
                if line.startswith("def check_")]  # fmt: skip
    assert sorted(printed) == sorted(promised)
    assert len(printed) >= 15
