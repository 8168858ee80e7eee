"""Energy registers: the chip's differences, judged; nothing lost or invented over power cuts."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core import holds
from protocol import bodies
from tests.firmware.core.conftest import Bench, PowerCut

FAULT, RECOVERED, REBASED = 1013, 1014, 1018


@pytest.mark.parametrize("seconds", [1, 37, 59, 61, 600])
def test_energy_of_before_a_cut_is_recovered_from_the_chip(bench, seconds):
    bench.run(seconds, 990)
    bench.cut(100)
    bench.run(1)
    assert bench.status(5) == bench.consumed_ws // 3600
    assert bench.events(FAULT) == []


def test_a_chip_that_was_reset_gives_a_new_baseline_and_no_energy(bench):
    bench.run(400, 900)
    before_wh = bench.status(5)
    bench.chip_offset_wh = -before_wh
    bench.run(2, 0)
    assert bench.status(5) == before_wh
    assert bench.events(REBASED) == [before_wh]
    bench.run(400, 900)
    assert bench.status(5) == bench.consumed_ws // 3600


def test_one_bad_frame_with_a_jump_changes_nothing(bench):
    bench.run(400, 900)
    bench.chip_offset_wh = 5_000
    bench.run(1)
    assert bench.status(21) == 2
    bench.chip_offset_wh = 0
    bench.run(1)
    assert bench.status(21) == 0
    assert bench.status(5) == bench.consumed_ws // 3600
    assert (bench.events(FAULT), bench.codes().count(RECOVERED)) == ([2], 1)


def test_a_lasting_jump_is_a_fault_at_once_a_hold_later_and_then_a_new_baseline(bench):
    bench.run(400, 900)
    bench.chip_offset_wh = 5_000
    bench.run(1)
    assert bench.events(FAULT) == [2]
    bench.run(30)
    assert bench.holds == holds.FAULT
    bench.run(40)
    assert bench.holds == 0
    assert len(bench.events(REBASED)) == 1
    bench.run(400)
    assert abs(bench.status(5) - bench.consumed_ws // 3600) <= 1


@pytest.mark.parametrize(("field", "cause"), [("silent", 1), ("zero", 3)])
def test_metering_that_cannot_be_believed_holds_supply_until_it_is_good(bench, field, cause):
    if field == "silent":
        bench.sample.valid = False
    else:
        bench.sample.voltage_dv = bench.sample.frequency_dhz = 0
    bench.run(5, 0)
    assert bench.events(FAULT) == [cause]
    assert bench.holds == 0
    bench.run(35)
    assert bench.holds == holds.FAULT
    assert not bench.is_closed
    bench.sample.valid = True
    bench.sample.voltage_dv, bench.sample.frequency_dhz = 2310, 500  # not what it was before
    bench.run(2)
    assert bench.holds == holds.FAULT
    bench.run(1)
    assert bench.holds == 0
    assert bench.codes().count(RECOVERED) == 1


def zeros(bench, seconds):
    """The chip answers without having measured."""
    measured = bench.sample.voltage_dv, bench.sample.frequency_dhz
    bench.sample.voltage_dv = bench.sample.frequency_dhz = 0
    bench.run(seconds, 0)
    bench.sample.voltage_dv, bench.sample.frequency_dhz = measured


@pytest.mark.parametrize(("seconds", "causes"), [(2, []), (4, []), (5, [3]), (20, [3])])
def test_a_chip_that_shows_zeros_after_power_on_has_some_seconds_to_begin(bench, seconds, causes):
    """As long as one may be silent (`silent_s`), but only before a start's first measurement."""
    bench.cut(10)
    zeros(bench, seconds)
    bench.run(3)
    assert bench.events(FAULT) == causes
    assert bench.codes().count(RECOVERED) == len(causes)
    zeros(bench, 1)
    assert bench.events(FAULT) == [*causes, 3]


def test_zeros_after_power_on_are_no_measurement_and_end_in_the_fault_hold(bench):
    """They recover no energy and count no supply; nothing is taken for "under the limit"."""
    bench.run(600, 900)
    bench.cut(10)
    recovered_wh = bench.status(5)
    zeros(bench, 29)
    assert (bench.status(5), bench.holds) == (recovered_wh, 0)
    zeros(bench, 1)
    assert bench.holds == holds.FAULT


def test_a_silent_chip_does_not_let_an_overload_cool_down(bench):
    bench.run(59, 1100)
    bench.sample.valid = False
    bench.run(20)
    bench.sample.valid = True
    bench.run(1)
    assert bench.holds == holds.OVERLOAD


stories = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.integers(1, 200), st.integers(0, 1000)),
        st.tuples(st.just("cut"), st.integers(0, 5000), st.integers(0, 2)),
        st.tuples(st.just("cut in a write"), st.integers(0, 5), st.integers(1, 900)),
        st.tuples(st.just("credit"), st.integers(1, 500), st.just(0)),
        st.tuples(st.just("press"), st.just(0), st.just(0)),
    ),
    max_size=12,
)


def act(bench, kind, first, second):
    if kind == "run":
        bench.run(first, second)
    elif kind == "cut":
        bench.cut(first, clock_state=second)
    elif kind == "cut in a write":
        bench.store.cut_at = first
        with contextlib.suppress(PowerCut):
            bench.run(120, second)
        bench.cut(1)
    elif kind == "credit":
        purchase = b"%08d" % (bench.identity + 500)
        bench.command(4, {0: purchase, 1: 1, 2: first})
    else:
        bench.press()
    bench.run(1)


@settings(max_examples=40, deadline=None)
@given(stories)
def test_registers_never_fall_and_credit_equals_charges_and_balance(story):
    """Whatever happens: registers equal what flowed, rates sum to the total, no paisa appears."""
    bench = Bench()
    bench.install(credit={"mode": 1})
    bench.command(4, {0: b"opening0", 1: 1, 2: 10_000})
    bench.run(1)
    energy_wh = credited = 0
    for step in story:
        act(bench, *step)
        status = bench.board.status(bench.now_s)
        assert status[5] >= energy_wh
        assert status[5] == bench.consumed_ws // 3600
        assert status[8] >= credited
        assert status[8] == status[9] + status[6]
        energy_wh, credited = status[5], status[8]
    for reading in bench.readings():
        assert sum(reading[4:8]) == reading[3] <= energy_wh


@pytest.mark.parametrize(
    ("field", "value"),
    [("voltage_dv", 10_010), ("power_dw", 2_000_010), ("current_ma", 200_001)],
)
def test_a_frame_that_no_house_can_have_is_implausible_and_in_no_reading(bench, field, value):
    """Its checksum is right all the same; the controller refuses a reading that holds it."""
    bench.run(10, 0)
    setattr(bench.sample, field, value)
    bench.now_s, bench.uptime_s = bench.now_s + 1, bench.uptime_s + 1
    bench.drive(bench.board.tick(bench.now_s, bench.uptime_s, bench.sample, True))
    assert bench.events(FAULT) == [2]
    bench.sample.voltage_dv = 2300
    bench.run(900, 500)
    assert bench.events(1001) == []
    bodies.check_readings({0: bench.readings()})


def test_a_counter_that_is_zero_for_one_frame_after_a_silence_invents_no_energy(bench):
    bench.run(400, 900)
    bench.chip_offset_wh = 5_000 - bench.consumed_ws // 3600
    bench.run(100, 0)
    bench.sample.valid = False
    bench.run(1200, 0)
    bench.sample.valid = True
    before_wh = bench.status(5)
    bench.chip_offset_wh -= 5_000
    bench.run(1)
    bench.chip_offset_wh += 5_000
    bench.run(1)
    assert bench.status(5) == before_wh


def test_a_chip_that_is_reset_just_before_a_cut_takes_back_no_energy(bench):
    bench.run(100, 900)
    bench.run(25)
    before_wh = bench.status(5)
    bench.chip_offset_wh = -(bench.consumed_ws // 3600)
    bench.run(1)
    bench.cut(10)
    bench.run(1)
    assert bench.status(5) >= before_wh
