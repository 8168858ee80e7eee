"""The power fails at every write of a board's life, and nothing that was acknowledged is lost."""

import pytest

from simulator import cuts

# A cut on littlefs takes 30 ms, most of it to read the rings; on the partition one takes 3 ms.
EVERY = {"files": 40, "files+fram": 60, "partition": 2, "partition+fram": 12}


@pytest.mark.parametrize("store", cuts.STORES)
def test_no_power_cut_at_any_write_takes_back_what_a_board_has_said(store: str) -> None:
    """The story's first part, torn in three ways; the whole of it: `python -m simulator.cuts`."""
    facts = cuts.run([store], short=True, every=EVERY[store], processes=1)
    assert facts["stores"][store]["violations"] == []
    assert facts["cuts"] > 30
