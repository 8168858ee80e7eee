"""Runs inside MicroPython: the minute path with the heap locked, through both changes of the year.

Prints "minutes N" and, for each change of summer time, "change" with the offset on either side. A
minute is what the calendar, the account and the clock do in it; an allocation would end it.
"""

import gc
import time

import micropython

from firmware.core import ledger
from firmware.core.account import Account
from firmware.core.clock import SYNCED, Clock
from firmware.core.programmes import BUILT_IN
from firmware.core.schedule import Schedule
from protocol import programme as wire
from protocol import rating

SPRING_S = 196_909_200  # 2026-03-29 01:00 UTC
AUTUMN_S = 215_053_200
TARIFF = rating.from_names(
    {
        "code": "T1",
        "tables": [[None, True, [[1, 300], [None, 600]]]],
        "rate_adder_paise": [50, 100, -20],
        "rate_bands": [[127, 720, 760, 1], [128, 0, 1440, 2]],
    }
)


def make_programme(mode):
    credit = dict(BUILT_IN[wire.CREDIT])
    credit.update(
        {
            wire.CREDIT_MODE: mode,
            wire.CREDIT_FRIENDLY_WINDOWS: [[128, 0, 1440], [127, 1320, 300]],
            wire.CREDIT_EMERGENCY: 100,
            wire.CREDIT_LIFELINE_ADVANCE: 50,
            wire.CREDIT_DEBT_TOTAL: 1000,
            wire.CREDIT_DEBT_PER_DAY: 10,
            wire.CREDIT_DAILY_CHARGE: 5,
            wire.CREDIT_RECHARGE_DAYS: 120,
        }
    )
    programme = dict(BUILT_IN)
    programme.update(
        {
            wire.CREDIT: credit,
            wire.TARIFF: TARIFF,
            wire.UTC_OFFSET_MIN: 60,
            wire.DST: [60, [3, 5, 6, 120], [10, 5, 6, 180]],
            wire.SPECIAL_DAYS: [328, 20261025],
            wire.SEASONS: [301, 1001],
            wire.WINDOWS: [[127, 1080, 360, 1], [127, 1020, 420, 2], [128, 600, 720]],
            wire.SECOND_LIMIT: [300, [[127, 1080, 1320]]],
        }
    )
    return programme


class House:
    """Clock, calendar and account, as a board joins them."""

    def __init__(self, mode, now_s):
        self.values = ledger.create()
        self.clock = Clock()
        self.clock.set(now_s, SYNCED)
        self.schedule = Schedule()
        programme = make_programme(mode)
        self.schedule.configure(programme)
        self.account = Account(self.values, self.clock, self.schedule.zone)
        self.account.configure(programme[wire.CREDIT], TARIFF, 0, 1)
        self.account.load()
        self.values[ledger.CREDITED_WH] = self.values[ledger.CREDITED_PAISE] = 1_000_000
        self.minute()

    def minute(self):
        clock = self.clock
        uptime_s = clock.uptime_s + 60
        clock.begin(clock.now_s(uptime_s), uptime_s)
        clock.calendar_s()
        self.schedule.refresh(clock.time_s)
        self.schedule.zone.boundary_before(clock.time_s, 900)
        self.schedule.zone.day_start(clock.time_s)
        self.account.follow()
        self.account.charge(1)
        self.account.low_level()
        self.account.is_replenished()


def live(house):
    for _ in range(200):
        house.minute()


minutes = 0
for mode in (wire.MODE_ENERGY, wire.MODE_MONEY, wire.MODE_FLAT):
    for change_s in (SPRING_S, AUTUMN_S):
        house = House(mode, change_s - 100 * 60 - 30)
        before_min = house.schedule.offset_min
        house.account.notices.clear()
        micropython.heap_lock()
        live(house)
        micropython.heap_unlock()
        minutes += 200
        print("change", before_min, house.schedule.offset_min)
print("minutes", minutes)

gc.collect()
begun_us = time.ticks_us()
for _ in range(2000):
    house.minute()
print("minute", time.ticks_diff(time.ticks_us(), begun_us) // 2000, "us")
