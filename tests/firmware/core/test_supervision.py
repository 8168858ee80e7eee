"""Crashes, the safe mode and its end; power cuts change nothing about either."""

import pytest

from firmware.core import ledger
from firmware.core import supervision as supervision_module
from firmware.core.clock import Clock
from firmware.core.supervision import (
    CAUSE_CRASH,
    CAUSE_POWER_ON,
    CAUSE_RESET,
    CAUSE_WATCHDOG,
    GOOD_RUN_S,
    SAFE_FIRST_S,
    SAFE_LONGEST_S,
    Supervision,
)
from protocol import messages


class Recorder:
    def __init__(self):
        self.events = []

    def record_event(self, code, value):
        self.events.append((code, value))


class Desk:
    """One ledger over many starts of a board."""

    def __init__(self):
        self.values = ledger.create()
        self.recorder = Recorder()
        self.start()

    def start(self, cause=CAUSE_POWER_ON, times=1, counted=0):
        for _ in range(times):
            self.clock = Clock()
            self.supervision = Supervision(self.values, self.clock, self.recorder)
            self.supervision.begin(cause, counted)

    def run(self, seconds, step_s=60):
        """Live on; return whether the safe mode ended meanwhile."""
        ended = False
        for _ in range(seconds // step_s):
            self.clock.uptime_s += step_s
            ended |= self.supervision.follow()
        return ended


@pytest.fixture
def desk():
    return Desk()


@pytest.mark.parametrize("cycles", [7, 70])
def test_any_number_of_quick_power_cycles_changes_nothing(desk, cycles):
    before = bytes(desk.values)
    desk.start(CAUSE_POWER_ON, cycles)
    desk.start(CAUSE_RESET, cycles)
    desk.start(CAUSE_POWER_ON)
    assert bytes(desk.values) == before
    assert not desk.supervision.is_safe
    assert desk.recorder.events == []


def test_the_fourth_crash_in_a_row_begins_the_safe_mode_and_an_event_tells(desk):
    desk.start(CAUSE_WATCHDOG, 3)
    assert not desk.supervision.is_safe
    desk.start(CAUSE_CRASH)
    assert desk.supervision.is_safe
    assert desk.recorder.events == [(messages.EVENT_SAFE_MODE, 1)]
    assert desk.values[ledger.CRASHES] == desk.values[ledger.CRASHES_RECENT] == 4
    assert desk.values[ledger.WATCHDOG_RESETS] == 3
    assert desk.values[ledger.RESET_CAUSE] == CAUSE_CRASH


def test_power_cycles_between_crashes_neither_count_nor_forgive(desk):
    for _ in range(4):
        desk.start(CAUSE_POWER_ON, 5)
        desk.run(GOOD_RUN_S - 60)
        assert not desk.supervision.is_safe
        desk.start(CAUSE_WATCHDOG)
    assert desk.supervision.is_safe


def test_a_quarter_of_an_hour_of_good_running_forgives_crashes(desk):
    for _ in range(10):
        desk.start(CAUSE_WATCHDOG)
        desk.run(GOOD_RUN_S)
        assert not desk.supervision.is_safe
    assert desk.values[ledger.CRASHES] == 10
    assert desk.values[ledger.CRASHES_RECENT] == 0


def test_safe_mode_ends_after_an_hour_and_after_good_running_all_is_forgiven(desk):
    desk.start(CAUSE_WATCHDOG, 4)
    assert not desk.run(SAFE_FIRST_S - 60)
    assert desk.supervision.is_safe
    assert desk.run(60)
    assert not desk.supervision.is_safe
    assert desk.recorder.events[-1] == (messages.EVENT_SAFE_MODE, 0)
    assert desk.supervision.crashes_in_a_row == 4
    desk.run(GOOD_RUN_S)
    assert desk.supervision.crashes_in_a_row == 0


def test_a_try_with_everything_that_crashes_is_followed_by_a_longer_safe_mode(desk):
    desk.start(CAUSE_WATCHDOG, 4)
    longest_s = 0
    for tries in range(8):
        safe_s = min(SAFE_FIRST_S << min(tries, 5), SAFE_LONGEST_S)
        assert not desk.run(safe_s - 60)
        assert desk.run(60), tries
        longest_s = max(longest_s, safe_s)
        desk.start(CAUSE_WATCHDOG)
        assert desk.supervision.is_safe
    assert longest_s == SAFE_LONGEST_S


def test_power_cuts_do_not_begin_the_hour_of_safe_mode_anew(desk):
    """A village with supply for ten minutes at a time must get its board back."""
    desk.start(CAUSE_WATCHDOG, 4)
    for cut in range(6):
        assert desk.supervision.is_safe, cut
        ended = desk.run(600)
        assert ended == (cut == 5)
        desk.start(CAUSE_POWER_ON)
    assert not desk.supervision.is_safe


def test_crashes_before_a_ledger_could_be_read_count_too(desk):
    desk.start(CAUSE_CRASH, counted=4)
    assert desk.supervision.is_safe


def test_restarts_are_all_counted_and_told_once_a_minute_a_task(desk):
    for _ in range(120):
        desk.clock.uptime_s += 1
        desk.supervision.count_restart(3)
        desk.supervision.count_restart(5)
    assert desk.values[ledger.TASK_RESTARTS] == 240
    told = [value for code, value in desk.recorder.events]
    assert sorted(told) == [3, 3, 5, 5]
    assert supervision_module.RESTARTS_PER_EVENT_S == 60
