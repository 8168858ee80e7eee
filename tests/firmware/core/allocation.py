"""Runs inside MicroPython: ticks of a money account with the heap locked, then their time.

Prints "ticks N", "energy N Wh", "charged N paise" and "tick N us". An allocation while the heap is
locked raises MemoryError. Writing the ledger, an event or a reading is a change, not a tick: the
store below unlocks the heap for them, as the board calls it only then.
"""

import gc
import time

import micropython

from firmware.core import inputs
from firmware.core.agenda import Agenda
from firmware.core.board import Board
from firmware.core.energy import Sample
from protocol import programme, rating

START_S = 200_000_000
LOCKED_TICKS = 4_000
TIMED_TICKS = 10_000

TARIFF = rating.from_names(
    {
        "code": "T1",
        "tables": [[None, True, [[1, 300], [2, 450], [None, 600]]]],
        "fixed_per_kw_paise": 5000,
        "surcharge_bp": 800,
        "duty_bp": 500,
        "rate_adder_paise": [50, 100, -20],
        "rate_bands": [[127, 720, 760, 1]],
    }
)


class Forgetful:
    """A store without memory."""

    programme = None

    def load_ledger(self):
        return None

    def load_programme(self, slot):
        return self.programme

    def save_programme(self, slot, record):
        self.programme = record

    def save_ledger(self, record):
        pass

    append_reading = append_event = save_ledger

    def readings_range(self):
        return 0, 0

    events_range = readings_range


class UnlockedWrites(Board):
    """A board whose ledger writes and minutes may use the heap; the rest of a tick may not."""

    is_proving = False

    def __init__(self, store):
        super().__init__(store)
        self._agenda = UnlockedMinutes(self, self._values)

    def persist(self):
        if not self.is_proving:
            return super().persist()
        micropython.heap_unlock()
        done = super().persist()
        micropython.heap_lock()
        return done


class UnlockedMinutes(Agenda):
    """What a minute begins may use the heap too."""

    def _begin_minute(self):
        if not board.is_proving:
            return super()._begin_minute()
        board.is_proving = False
        micropython.heap_unlock()
        super()._begin_minute()
        micropython.heap_lock()
        board.is_proving = True
        return None


def commission(board):
    record = programme.from_names(
        {
            "version": 1,
            "package_id": "X",
            "activation_s": 0,
            "utc_offset_min": 330,
            "load": {
                "limit_w": 3000,
                "basis": 1,
                "phase_limit_w": 1500,
                "unbalance_pct": 60,
                "retries_max": 3,
            },
            "second_limit": [2900, [[127, 0, 720]]],
            "windows": [[127, 0, 1440]],
            "supply_clock_unset": True,
            "credit": {
                "mode": 2,
                "low_1": 5000,
                "low_2": 1000,
                "reconnect": 100,
                "friendly_windows": [[127, 60, 120]],
                "sanctioned_load_w": 1000,
                "phases": 1,
                "opened_s": 0,
            },
            "tariff": rating.to_names(TARIFF),
            "interval_s": 900,
            "start_delay_s": 0,
            "language": 0,
        }
    )
    apply(board, 3, {0: programme.encode(record)}, b"command1")
    live(board, 1, 2)
    apply(board, 4, {0: b"purchase", 1: 2, 2: 500_000_000}, b"command2")


def apply(board, name, arguments, identity):
    body = {0: identity, 1: 0, 2: 0, 3: START_S * 2, 4: name, 5: arguments}
    board.apply(body, START_S + board.uptime_s, board.uptime_s)
    assert board.receipt_stage == 2, board.receipt_reason


def live(board, first, end):
    """Seconds under a load that wanders and now and then goes over the limit for a moment."""
    for uptime_s in range(first, end):
        sample.power_dw = 31_000 if uptime_s % 50 == 0 else 12_000 + uptime_s * 37 % 9_000
        sample.apparent_dva = sample.power_dw + 500
        sample.current_ma = sample.power_dw * 100 // 230
        sample.reverse_wh = uptime_s // 40
        for phase in range(3):
            sample.phase_power_dw[phase] = sample.power_dw // 3 + phase * 100
            sample.phase_apparent_dva[phase] = sample.apparent_dva // 3 + phase * 100
        sample.valid = uptime_s % 31 != 0
        board.inputs = inputs.GENERATOR if uptime_s > 90 else 0
        sample.voltage_dv = 2250 + uptime_s % 100
        if uptime_s % 3 == 0:
            sample.energy_wh += 1
        board.tick(START_S + uptime_s, uptime_s, sample, True)


sample = Sample()
sample.valid = True
sample.frequency_dhz = 500
sample.phases = 3
board = UnlockedWrites(Forgetful())
board.energy.gain_ppm = 2_500
board.start(START_S, 2, 0, 0)
commission(board)
live(board, 2, 100)

board.is_proving = True
micropython.heap_lock()
live(board, 100, 100 + LOCKED_TICKS)
micropython.heap_unlock()
board.is_proving = False
status = board.status(0)
print("ticks", LOCKED_TICKS)
print("energy", status[5], "Wh")
print("charged", status[9], "paise")

gc.collect()
begun_us = time.ticks_us()
live(board, 100 + LOCKED_TICKS, 100 + LOCKED_TICKS + TIMED_TICKS)
print("tick", time.ticks_diff(time.ticks_us(), begun_us) // TIMED_TICKS, "us")
