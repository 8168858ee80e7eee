"""Crashes, restarts of tasks, and the safe mode: what the ledger remembers of the firmware itself.

A crash is a start after the watchdog or a panic. Four in a row, without a quarter of an hour of
good running between them, begin the safe mode: the caller then runs what meters and limits, and
nothing else. It ends by itself after an hour, for one try with everything; if that crashes, after
two hours, four, … a day. Power cuts neither count nor shorten nor lengthen anything.
This module must not know what tasks do, nor how a chip tells why it started.
"""

from array import array

from firmware.core.ledger import (
    CRASHES,
    CRASHES_RECENT,
    RESET_CAUSE,
    SAFE_S,
    TASK_RESTARTS,
    VALUE_MAX,
    WATCHDOG_RESETS,
)
from protocol import messages

# Why the board started: the numbers of the hello message (docs/wire.md).
CAUSE_UNKNOWN = 0
CAUSE_POWER_ON = 1
CAUSE_RESET = 2  # somebody's button or command
CAUSE_WATCHDOG = 3
CAUSE_CRASH = 4
CRASHES_ARE = (CAUSE_WATCHDOG, CAUSE_CRASH)

SAFE_AFTER_CRASHES = 4
GOOD_RUN_S = 900
SAFE_FIRST_S = 3600
SAFE_LONGEST_S = 86400
RESTARTS_PER_EVENT_S = 60
TASKS_MAX = 16


class Supervision:
    """`values` is the ledger; `begin` once after it was loaded, `follow` about once a minute."""

    def __init__(self, values, clock, recorder):
        self._values = values
        self._clock = clock
        self._recorder = recorder
        self._told_until_s = array("i", bytes(4 * TASKS_MAX))  # by task, uptime
        self._followed_s = 0
        self._began_s = 0  # uptime at which everything began to run
        self.is_safe = False

    def begin(self, cause, crashes_in_a_row=0):
        """Take note of why the board started; `is_safe` then tells how it is to run.

        `crashes_in_a_row` is what was counted where no ledger could be read (NVS).
        """
        values = self._values
        self._followed_s = self._began_s = self._clock.uptime_s
        values[RESET_CAUSE] = cause
        if cause == CAUSE_WATCHDOG:
            self._count(WATCHDOG_RESETS)
        if cause in CRASHES_ARE:
            self._count(CRASHES)
            self._count(CRASHES_RECENT)
            values[SAFE_S] = 0
        values[CRASHES_RECENT] = max(values[CRASHES_RECENT], crashes_in_a_row)
        if values[CRASHES_RECENT] >= SAFE_AFTER_CRASHES and values[SAFE_S] < self._safe_for_s():
            self.is_safe = True
            self._recorder.record_event(messages.EVENT_SAFE_MODE, 1)

    def follow(self):
        """Let time pass; return True when the safe mode has just ended.

        It is the caller's to start everything else then.
        """
        values = self._values
        uptime_s = self._clock.uptime_s
        passed_s = uptime_s - self._followed_s
        self._followed_s = uptime_s
        if not self.is_safe:
            if values[CRASHES_RECENT] and uptime_s - self._began_s >= GOOD_RUN_S:
                values[CRASHES_RECENT] = values[SAFE_S] = 0
            return False
        values[SAFE_S] += passed_s
        if values[SAFE_S] < self._safe_for_s():
            return False
        self.is_safe = False
        self._began_s = uptime_s
        self._recorder.record_event(messages.EVENT_SAFE_MODE, 0)
        return True

    def count_restart(self, task):
        """Count a task that died and is started again; `task` is its number (1 to 15)."""
        self._count(TASK_RESTARTS)
        uptime_s = self._clock.uptime_s
        if uptime_s >= self._told_until_s[task]:
            self._told_until_s[task] = uptime_s + RESTARTS_PER_EVENT_S
            self._recorder.record_event(messages.EVENT_TASK_RESTARTED, task)

    @property
    def crashes_in_a_row(self):
        """Crashes without GOOD_RUN_S of running between them."""
        return self._values[CRASHES_RECENT]

    def _safe_for_s(self):
        doublings = min(self._values[CRASHES_RECENT] - SAFE_AFTER_CRASHES, 5)
        return min(SAFE_FIRST_S << doublings, SAFE_LONGEST_S)

    def _count(self, index):
        if self._values[index] < VALUE_MAX:
            self._values[index] += 1
