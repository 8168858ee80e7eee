"""A board that loses its TLS connection again and again: it comes back, and keeps nothing."""

import pytest

from tests.firmware.net.test_tls import has_tls
from tools.bench.reconnect import measure

CYCLES = 60


@pytest.mark.skipif(not has_tls(), reason="this MicroPython has no tls module")
def test_reconnects_over_tls_leave_no_memory_behind_in_the_heap_of_a_chip():
    """`python -m tools.bench.reconnect` does a thousand."""
    facts = measure(CYCLES)
    assert facts["failures"] == 0
    assert facts["heap_budget_bytes"] <= 64 * 1024
    assert facts["heap_growth_bytes"] <= 256  # the state of a session may differ by so much
    assert facts["descriptors"][-1] == facts["descriptors"][0]
