"""Replay: no counter is accepted twice, whatever order messages arrive in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ReplayError
from protocol.replay import Window


@given(st.lists(st.integers(1, 200)))
def test_the_window_agrees_with_a_set_of_all_that_was_accepted(arrivals):
    window, seen = Window(), set()
    for counter in arrivals:
        if counter <= max(seen, default=0) - 64:
            with pytest.raises(ReplayError):
                window.accept(counter)
            continue
        assert window.accept(counter) is (counter not in seen)
        seen.add(counter)


@given(st.lists(st.integers(1, 2**30 - 1)))
def test_the_window_can_be_stored_in_signed_64_bit_columns_and_taken_up_again(arrivals):
    kept, stored = Window(), (0, 0)
    for counter in arrivals:
        again = Window(*stored)
        outcomes = []
        for window in (kept, again):
            try:
                outcomes.append(window.accept(counter))
            except ReplayError:
                outcomes.append(None)
        assert outcomes[0] is outcomes[1]
        stored = (again.highest, again.bitmap)
        assert 0 <= again.bitmap < 2**63
