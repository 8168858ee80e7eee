"""The second in which nothing happens: chip, limiter, relay sense, button and LED."""

import json
from pathlib import Path

from tests.micropython import run_micropython


def test_a_second_in_which_nothing_happens_allocates_nothing() -> None:
    """Proven under `heap_lock` on the chip's interpreter; the printed cost is for people."""
    printed = run_micropython(Path(__file__).with_name("chip_pass.py"))
    assert json.loads(printed)["alloc_bytes_per_pass"] == 0
