"""Registers beside the import: maximum demand, reverse energy, and what calibration adds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core import ledger
from firmware.core.clock import UNSET
from firmware.core.energy import Energy
from protocol import bodies

DEMAND_W, DEMAND_S, REVERSE_WH = 24, 25, 26


def test_maximum_demand_is_the_highest_mean_of_an_interval_with_its_time(bench, midnight_s):
    bench.run(900, 100)
    bench.run(900, 700)
    bench.run(900, 300)
    bench.run(60, 0)
    assert bench.status(DEMAND_W) == pytest.approx(700, abs=4)
    assert bench.status(DEMAND_S) == midnight_s + 1800
    bodies.check_status(bench.board.status(bench.now_s))


def test_a_peak_shorter_than_the_interval_counts_by_its_mean(bench):
    bench.run(450, 900)
    bench.run(1500, 0)
    assert bench.status(DEMAND_W) == pytest.approx(450, abs=8)


def test_an_interval_with_a_cut_in_it_is_judged_by_what_flowed_in_it(bench, midnight_s):
    bench.run(300, 900)
    bench.cut(300)
    bench.run(360, 900)
    assert bench.status(DEMAND_W) == pytest.approx(600, abs=8)
    bench.cut(2 * 86_400)
    bench.run(1800, 100)
    assert bench.status(DEMAND_S) == midnight_s + 900


def test_maximum_demand_begins_anew_with_the_local_month(make_bench, midnight_s):
    """From the last hour of May into June; the interval that ends May belongs to May."""
    bench = make_bench(midnight_s + 29 * 86_400 - 3600)
    bench.install()
    bench.run(3500, 800)
    assert bench.status(DEMAND_W) == pytest.approx(800, abs=4)
    bench.run(100 + 60)
    assert DEMAND_W not in bench.board.status(bench.now_s)
    bench.run(1800, 200)
    assert bench.status(DEMAND_W) == pytest.approx(240, abs=8)


def test_without_a_set_clock_no_demand_is_judged(bench):
    bench.cut(100, clock_state=UNSET)
    bench.run(3600, 800)
    assert DEMAND_W not in bench.board.status(bench.now_s)


def test_energy_fed_back_has_a_register_of_its_own_that_never_falls(bench):
    bench.sample.reverse_wh = 5_000
    bench.run(10)
    for reverse_wh, register_wh in ((5_001, 1), (5_003, 3), (7, 3), (9, 5), (90_000, 5)):
        bench.sample.reverse_wh = reverse_wh
        bench.run(1)
        assert bench.board.status(0).get(REVERSE_WH, 0) == register_wh
    bench.cut(10)
    bench.run(1)
    assert bench.status(REVERSE_WH) == 5


@settings(max_examples=60, deadline=None)
@given(st.integers(-100_000, 100_000), st.lists(st.integers(0, 9), max_size=60))
def test_a_calibrated_register_follows_the_chip_by_its_gain_to_the_watt_hour(gain_ppm, steps):
    values = ledger.create()
    energy = Energy(values)
    energy.gain_ppm = gain_ppm
    counter_wh = 0
    energy.count(0, 1)
    for step_wh in steps:
        before_wh = values[ledger.ENERGY_WH]
        counter_wh += step_wh
        energy.wait(3600)
        energy.count(counter_wh, 3600)
        assert values[ledger.ENERGY_WH] >= before_wh
        assert energy.added_wh == values[ledger.ENERGY_WH] - before_wh
    assert values[ledger.ENERGY_WH] == counter_wh * (1_000_000 + gain_ppm) // 1_000_000


def test_a_counter_that_began_anew_with_the_start_is_no_event(bench):
    bench.run(400, 900)
    before_wh = bench.status(5)
    bench.chip_offset_wh = -(bench.consumed_ws // 3600)
    bench.cut(10, counter_is_new=True)
    bench.run(1)
    assert (bench.status(5), bench.events(1018)) == (before_wh, [])
