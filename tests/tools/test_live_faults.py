"""Faults at the live prompt of `bijli sim`: they begin, end, wait for their time, and are told."""

import pytest

from simulator.faults import FaultError, parse
from tools.live import _Prompt

START_S = 200_000_000


class FakeHouse:
    """Notes what is done to it."""

    meter = "SIM0001"
    dark = False

    def __init__(self):
        self.now_s = START_S
        self.acts = []

    def act(self, **action):
        self.acts.append(action)

    def observe(self):
        return {"t_s": self.now_s}

    def tend(self):
        pass


@pytest.fixture
def house():
    return FakeHouse()


class FakeProxy:
    """Notes how the way to the broker is spoilt."""

    def __init__(self):
        self.modes = []

    def set(self, *mode):
        self.modes.append(mode)


def prompt_of(house, *specs, proxy=None):
    told = [event for spec in specs for event in parse(spec)]
    return _Prompt([house], told, [proxy or FakeProxy()])


def type_in(prompt, *lines):
    for line in lines:
        prompt._obey(line.split())
        prompt._tend()


def test_a_fault_typed_in_begins_at_once_and_ends_when_told(house):
    type_in(prompt_of(house), "fault chip_noise=30", "fault chip_noise off")
    assert house.acts == [
        {"chip": "noise_pct", "value": 30},
        {"chip": "noise_pct", "value": 0},
    ]


def test_faults_of_the_command_line_and_later_ones_wait_for_their_time(house):
    prompt = prompt_of(house, "relay_weld@1m/30s")
    type_in(prompt, "fault sag@30")
    assert house.acts == []
    house.now_s += 95
    type_in(prompt, "faults")
    assert house.acts == [{"sag": True}, {"weld": True}, {"weld": False}]


def test_a_fault_that_is_not_there_is_answered_with_those_that_are(house, capsys):
    type_in(prompt_of(house), "fault lightning", "fault far_clock", "fault")
    told = capsys.readouterr().out
    assert "There is no fault 'lightning'" in told
    assert "far_clock needs a far end whose clock can be set wrong" in told
    assert "is not complete" in told
    with pytest.raises(FaultError):
        prompt_of(house, "far_clock=60")


def test_the_way_to_the_broker_can_be_spoilt(house):
    proxy = FakeProxy()
    prompt = prompt_of(house, proxy=proxy)
    type_in(prompt, "fault broker_late=500", "fault broker_late off", "fault broker_stall")
    type_in(prompt, "fault broker_lost", "fault broker_lost off")
    assert proxy.modes == [("late", 500), ("pass", 0), ("stall", 0), ("reset",), ("pass",)]
    assert house.acts == []
