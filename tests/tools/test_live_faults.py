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


def type_in(prompt, *lines):
    for line in lines:
        prompt._obey(line.split())
        prompt._tend()


def test_a_fault_typed_in_begins_at_once_and_ends_when_told(house):
    type_in(_Prompt([house], []), "fault chip_noise=30", "fault chip_noise off")
    assert house.acts == [
        {"chip": "noise_pct", "value": 30},
        {"chip": "noise_pct", "value": 0},
    ]


def test_faults_of_the_command_line_and_later_ones_wait_for_their_time(house):
    prompt = _Prompt([house], parse("relay_weld@1m/30s"))
    type_in(prompt, "fault sag@30")
    assert house.acts == []
    house.now_s += 95
    type_in(prompt, "faults")
    assert house.acts == [{"sag": True}, {"weld": True}, {"weld": False}]


def test_a_fault_that_is_not_there_is_answered_with_those_that_are(house, capsys):
    type_in(_Prompt([house], []), "fault lightning", "fault broker_lost", "fault")
    told = capsys.readouterr().out
    assert "There is no fault 'lightning'" in told
    assert "broker_lost needs a broker that can be stopped" in told
    assert "is not complete" in told
    with pytest.raises(FaultError):
        _Prompt([house], parse("far_clock=60"))
