"""The catalogue of faults: how it is written, what it refuses, one seed is one schedule."""

import pytest

from simulator import faults
from simulator.faults import FAULTS, ONLY_BY_HAND, FaultError, Schedule, parse

DAY_S = 86_400


@pytest.mark.parametrize(
    ("spec", "begins", "ends"),
    [
        ("chip_silent", (0, {"chip": "silent", "value": 1}), None),
        ("chip_noise=30@10m", (600, {"chip": "noise_pct", "value": 30}), None),
        (
            "relay_weld@90/2h",
            (90, {"weld": True}),
            (7_290, {"weld": False}),
        ),
        ("power_cut=60@1d", (DAY_S, {"mains": False, "off_s": 60}), None),
        ("rtc_jump=-3600@5s/1m", (5, {"rtc_jump_s": -3600}), None),
        ("brown_out", (0, {"brown_out": 10}), None),
    ],
)
def test_a_fault_is_written_as_name_value_time_and_duration(spec, begins, ends):
    told = [(event.at_s, event.action) for event in parse(spec)]
    assert told == [begin_or_end for begin_or_end in (begins, ends) if begin_or_end]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("lightning", "There is no fault 'lightning'; there are:\n  power_cut=N"),
        ("chip_noise=101", "chip_noise=101: of a hundred, 1 to 100"),
        ("sag=2", "sag takes no value"),
        ("chip silent", "is not NAME"),
        ("chip_silent@soon", "is not NAME"),
        ("", "is not NAME"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_what_there_is(spec, says):
    with pytest.raises(FaultError) as refusal:
        parse(spec)
    assert says in str(refusal.value)


def test_one_seed_is_one_schedule_and_another_seed_another():
    assert Schedule.random(5, 7 * DAY_S) == Schedule.random(5, 7 * DAY_S)
    assert Schedule.random(5, 7 * DAY_S) != Schedule.random(6, 7 * DAY_S)


def test_a_schedule_of_weeks_has_every_fault_several_at_once_and_never_the_same_twice():
    told = Schedule.random(1, 60 * DAY_S, mean_gap_s=1800)
    assert {event.fault for event in told} == set(FAULTS) - set(ONLY_BY_HAND)
    assert [event.at_s for event in told] == sorted(event.at_s for event in told)
    standing: set[str] = set()
    most = 0
    for event in told:
        if event.begins and FAULTS[event.fault].end:
            assert event.fault not in standing
            standing.add(event.fault)
        standing -= set() if event.begins else {event.fault}
        most = max(most, len(standing))
    assert most >= 3


def test_every_value_by_chance_is_one_that_may_be_written():
    for event in Schedule.random(9, 90 * DAY_S, mean_gap_s=900):
        parameter = FAULTS[event.fault].parameter
        assert parameter is None or parameter.low <= event.value <= parameter.high


def test_kinds_and_names_choose_from_the_catalogue():
    told = Schedule.random(1, 30 * DAY_S, kinds=(faults.CHIP, "sag"), without=("chip_echo",))
    chosen = {event.fault for event in told}
    assert "sag" in chosen
    assert "chip_echo" not in chosen
    assert {FAULTS[name].kind for name in chosen - {"sag"}} == {faults.CHIP}
    with pytest.raises(FaultError, match="no fault 'weather'"):
        Schedule.random(1, DAY_S, kinds=("weather",))
