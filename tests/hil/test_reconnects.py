"""A board that loses its TLS connection again and again: it comes back, and keeps nothing."""

import pytest

from tests.firmware.net.test_tls import has_tls
from tools.bench.reconnect import growth, measure

CYCLES = 60


@pytest.mark.skipif(not has_tls(), reason="this MicroPython has no tls module")
def test_reconnects_over_tls_leave_no_memory_behind_in_the_heap_of_a_chip():
    """`python -m tools.bench.reconnect` does a thousand."""
    facts = measure(CYCLES)
    assert facts["failures"] == 0
    assert facts["heap_budget_bytes"] <= 64 * 1024
    assert facts["heap_growth_bytes"] == 0
    assert facts["descriptors"][-1] == facts["descriptors"][0]


def test_a_leak_of_one_heap_block_in_the_whole_run_is_growth():
    assert growth([29056] * 9 + [29072]) == 16
    assert growth([29056, 29056, 28832, 29056]) == 0
    assert growth([29136, 29056, 28832, 28816]) == 0
