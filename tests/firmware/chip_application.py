"""Runs inside MicroPython: the application on hardware that dies, hangs or stays silent.

Time is the watchdog's and asyncio's own, moved by hand: nothing here waits.
"""

import asyncio

from firmware import application as application_module
from firmware import supervisor as supervisor_module
from firmware.application import Application
from firmware.core.actions import OPEN_RELAY, SHOW
from firmware.core.energy import Sample


class Over(BaseException):
    pass


class Supervision:
    crashes_in_a_row = 0

    def __init__(self):
        self.restarts = []
        self.safe_until = -1
        self.minutes = 0

    def count_restart(self, task):
        self.restarts.append(supervisor_module.TASKS[task])

    def follow(self):
        self.minutes += 1
        return self.minutes == self.safe_until


class Clock:
    def now_s(self, uptime_s):
        return uptime_s


class Board:
    def __init__(self):
        self.supervision = Supervision()
        self.clock = Clock()
        self.uptime_s = 0
        self.now_s = 0
        self.inputs = None
        self.ticks = []
        self.valid = []
        self.dies_at = ()  # calls of tick
        self.calls = 0
        self.wanted = 0
        self.persisted = 0

    def tick(self, _now_s, uptime_s, sample, _live):
        self.calls += 1
        if self.calls in self.dies_at:
            raise ValueError("the core dies")
        self.uptime_s = uptime_s
        self.ticks.append(uptime_s)
        self.valid.append(sample.valid)
        return self.wanted

    def persist(self):
        self.persisted += 1


class Chip:
    answer_ms = 80
    is_dead = False

    def request(self):
        if self.is_dead:
            raise OSError("the driver dies")

    def collect(self, sample):
        sample.valid = True
        return True


class Relay:
    def __init__(self):
        self.pulses = []

    def load_side_live(self):
        return True

    def open(self):
        self.pulses.append("open")


class Front:
    def __init__(self):
        self.is_wanted = False
        self.is_dead = False
        self.attended = []

    def attend(self, uptime_s):
        self.attended.append(uptime_s)
        if self.is_dead:
            raise IndexError("the front dies")

    def show(self, _uptime_s):
        self.is_wanted = False


class Inputs:
    def look(self):
        return 2


class Watchdog:
    """Resets the board when nobody fed it for so long."""

    timeout_ms = 8000

    def __init__(self, time):
        self.time = time
        self.fed_ms = 0
        self.longest_ms = 0

    def feed(self):
        self.longest_ms = max(self.longest_ms, self.time.now_ms - self.fed_ms)
        self.fed_ms = self.time.now_ms

    def barks(self):
        return self.time.now_ms - self.fed_ms > self.timeout_ms


class Time:
    """`time` and asyncio's sleeps, on one count that moves to the next sleeper."""

    def __init__(self):
        self.now_ms = 0
        self.sleepers = []
        self.limit_ms = 60_000

    def ticks_ms(self):
        return self.now_ms

    def ticks_add(self, first, second):
        return first + second

    def ticks_diff(self, first, second):
        return first - second

    async def sleep_ms(self, duration_ms):
        due = (self.now_ms + duration_ms, asyncio.Event())
        self.sleepers.append(due)
        await due[1].wait()

    async def sleep(self, duration_s):
        await self.sleep_ms(duration_s * 1000)

    async def drive(self):
        """Let time pass until `limit_ms`: the next sleeper wakes when everything stands still."""
        while self.now_ms < self.limit_ms:
            for _ in range(20):
                await asyncio.sleep_ms(0)
            self.sleepers.sort(key=lambda sleeper: sleeper[0])
            due_ms, event = self.sleepers.pop(0)
            self.now_ms = max(self.now_ms, due_ms)
            event.set()


class Loop:
    """`asyncio` as the firmware sees it here."""

    gather = staticmethod(asyncio.gather)
    create_task = staticmethod(asyncio.create_task)
    CancelledError = asyncio.CancelledError

    def __init__(self, time):
        self.sleep = time.sleep
        self.sleep_ms = time.sleep_ms


def live(seconds, prepare):
    """Live through so many seconds of an application that `prepare(desk)` has changed."""
    desk = Desk()
    prepare(desk)
    application_module.time = desk.time
    application_module.asyncio = supervisor_module.asyncio = Loop(desk.time)
    desk.time.limit_ms = seconds * 1000 + 500

    async def run():
        task = asyncio.create_task(desk.app.run())
        await desk.time.drive()
        desk.app.stop()
        await task

    asyncio.run(run())
    return desk


class Desk:
    def __init__(self):
        self.time = Time()
        self.board = Board()
        self.chip = Chip()
        self.relay = Relay()
        self.front = Front()
        self.watchdog = Watchdog(self.time)
        self.app = Application(
            self.board, self.chip, Sample(), self.relay, self.front, Inputs(), None, self.watchdog
        )

    @property
    def restarts(self):
        return self.board.supervision.restarts


def check_every_second_is_measured_and_feeds_the_watchdog():
    desk = live(60, lambda desk: None)
    assert len(desk.board.ticks) in (60, 61), len(desk.board.ticks)
    assert desk.board.ticks == list(range(len(desk.board.ticks)))
    assert desk.watchdog.longest_ms <= 1100
    assert desk.board.inputs == 2
    assert desk.restarts == []
    assert desk.board.persisted == 1, "at the end what is in the ledger's care is written"


def check_a_network_task_that_hangs_stops_neither_metering_nor_the_feeding():
    async def hang():
        await asyncio.Event().wait()

    desk = live(60, lambda desk: desk.app.furnish("mqtt", hang))
    assert len(desk.board.ticks) >= 60
    assert not desk.watchdog.barks()


def check_a_task_that_dies_is_counted_and_started_again_ever_later():
    begun = []

    def prepare(desk):
        async def die():
            begun.append(desk.time.now_ms // 1000)
            raise OSError("ends")

        desk.app.furnish("uplink", die)

    desk = live(40, prepare)
    assert begun == [0, 1, 3, 7, 15, 31], begun
    assert desk.restarts == ["uplink"] * 6
    assert len(desk.board.ticks) >= 40


def check_a_call_that_blocks_delays_metering_and_its_seconds_are_counted():
    def prepare(desk):
        async def block():
            await desk.time.sleep_ms(10_300)
            desk.time.now_ms += 6_000
            await asyncio.Event().wait()

        desk.app.furnish("mqtt", block)

    desk = live(60, prepare)
    assert desk.board.ticks[-1] in (59, 60), desk.board.ticks[-1]
    assert len(desk.board.ticks) in (55, 56), len(desk.board.ticks)
    assert 6_000 < desk.watchdog.longest_ms < desk.watchdog.timeout_ms


def check_metering_that_dies_is_started_again_before_the_watchdog_barks():
    def prepare(desk):
        desk.board.dies_at = (10, 20, 21, 22, 30)

    desk = live(60, prepare)
    assert desk.restarts == ["metering"] * 5
    assert desk.board.ticks[-1] in (59, 60), "the seconds in between are counted"
    assert desk.watchdog.longest_ms < desk.watchdog.timeout_ms


def check_a_core_that_hangs_or_dies_is_never_fed_for():
    def prepare(desk):
        desk.board.dies_at = set(range(10, 1000))

    desk = live(60, prepare)
    assert desk.watchdog.barks()
    assert desk.watchdog.fed_ms < 10_000


def check_a_chip_whose_driver_dies_is_a_chip_that_is_silent():
    def prepare(desk):
        async def kill():
            await desk.time.sleep_ms(20_500)
            desk.chip.is_dead = True
            await desk.time.sleep_ms(10_000)
            desk.chip.is_dead = False
            await asyncio.Event().wait()

        desk.app.furnish("power", kill)

    desk = live(60, prepare)
    assert len(desk.board.ticks) >= 60
    assert not any(desk.board.valid[22:30])
    assert all(desk.board.valid[33:])
    assert set(desk.restarts) == {"chip"}
    assert not desk.watchdog.barks()


def check_a_front_that_dies_costs_no_second_and_is_tried_again():
    def prepare(desk):
        desk.front.is_dead = True

    desk = live(60, prepare)
    assert len(desk.board.ticks) >= 60
    assert 5 <= len(desk.front.attended) <= 7
    assert set(desk.restarts) == {"front"}
    assert not desk.watchdog.barks()


def check_the_relay_is_opened_at_once_and_the_front_told():
    def prepare(desk):
        desk.board.wanted = OPEN_RELAY | SHOW

    desk = live(2, prepare)
    assert desk.relay.pulses[0] == "open"


def check_what_a_safe_mode_left_out_is_added_when_it_ends():
    ran = []

    def prepare(desk):
        async def link():
            ran.append(desk.time.now_ms // 1000)
            await asyncio.Event().wait()

        desk.board.supervision.safe_until = 2
        desk.app.complete = lambda: desk.app.furnish("mqtt", link)

    live(180, prepare)
    assert ran == [120], ran


for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
