"""The running board: it measures once a second, acts, and keeps its tasks alive.

Metering and protection run whatever the network, the display or the configuration do; every task
is started again when it dies, and only the metering task feeds the watchdog.
It must not decide anything about supply (`firmware.core.board` does) nor build its own parts
(`firmware.main` does).
"""

import asyncio
import gc
import sys
import time

from micropython import const

from firmware.core import actions, holds
from firmware.core.energy import Sample
from firmware.drivers import led

ASKS_MAX = const(2)  # times that a chip is asked in a second
SECOND_MS = const(1000)
SHOW_EVERY_S = const(15)  # load, balance and waits on the display grow old
COLLECT_EVERY_S = const(60)
GC_THRESHOLD_BYTES = const(16384)
RESTART_MIN_S = const(1)
RESTART_MAX_S = const(300)


class Application:
    """The board with its hardware and its tasks; see `connect` for the network."""

    def __init__(self, board, chip, relay, button, status_led, display, clock, watchdog):
        self.board = board
        self.client = None
        self.uplink = None
        self._wifi = None
        self._time_source = None
        self.uptime_s = 0
        self._chip = chip
        self._relay = relay
        self._button = button
        self._led = status_led
        self._display = display
        self._clock = clock
        self._watchdog = watchdog
        self._sample = Sample()
        self._due_ms = 0
        self._tasks = []

    def connect(self, client, uplink, wifi, time_source):
        """Take the connection to the controller; without one the board meters and limits alone.

        `wifi` and `time_source` may be None.
        """
        self.client = client
        self.uplink = uplink
        self._wifi = wifi
        self._time_source = time_source

    async def run(self):
        """Start every task and wait for `stop`."""
        gc.threshold(GC_THRESHOLD_BYTES)
        self._due_ms = time.ticks_ms()
        self._start("metering", self._meter)
        self._start("housekeeping", self._keep_house)
        if self.client:
            if self._wifi:
                self._start("wifi", self._wifi.run)
            if self._time_source:
                self._start("sntp", self._time_source.run)
            self._start("mqtt", self.client.run)
            self._start("uplink", self.uplink.run)
        try:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            self.board.persist()

    def stop(self):
        """End every task; what is in the ledger's care is written."""
        for task in self._tasks:
            task.cancel()

    def outstanding(self):
        """Return how many network exchanges wait for the far end; an idle connection is none."""
        if self.client is None:
            return 0
        asking = self._time_source is not None and self._time_source.asking
        return asking + self.client.outstanding() + self.uplink.outstanding()

    def act(self, wanted):
        """Carry out a mask of the board's actions; opening comes before everything else."""
        if wanted & actions.OPEN_RELAY:
            self._relay.open()
        elif wanted & actions.CLOSE_RELAY:
            self._relay.close()
        if wanted & actions.SET_CLOCK:
            self._clock.set_s(self.board.now_s)
        if wanted & actions.SHOW:
            self.show()
        if self.uplink:
            self.uplink.note(wanted)

    def show(self):
        """Bring display and LED up to date."""
        line1, line2 = self.board.display_lines()
        self._display.show(line1, line2)
        self._led.pattern = choose_pattern(self.board.holds)

    def measure(self):
        """Live through one second with the sample as it is. Allocates nothing by itself."""
        board = self.board
        uptime_s = self.uptime_s
        now_s = board.clock.now_s(uptime_s)
        wanted = board.tick(now_s, uptime_s, self._sample, self._relay.load_side_live())
        if wanted:
            self.act(wanted)
        if self._button.take_press():
            self.act(board.press_button(now_s, uptime_s))
        self._led.step()
        if self._watchdog:
            self._watchdog.feed()

    async def _meter(self):
        while True:
            for _ in range(ASKS_MAX):
                self._chip.request()
                await asyncio.sleep_ms(self._chip.answer_ms)
                if self._chip.collect(self._sample):
                    break
            self.measure()
            await asyncio.sleep_ms(self._next_second())

    def _next_second(self):
        """Advance uptime to the next second that has not begun; return how long until then, in ms.

        Seconds that a blocking call has eaten are counted, so that time and waits stay true.
        """
        while True:
            self._due_ms = time.ticks_add(self._due_ms, SECOND_MS)
            self.uptime_s += 1
            left_ms = time.ticks_diff(self._due_ms, time.ticks_ms())
            if left_ms > 0:
                return left_ms

    async def _keep_house(self):
        """Refresh the display, and collect garbage where no time is lost by it."""
        while True:
            for _ in range(COLLECT_EVERY_S // SHOW_EVERY_S):
                self.show()
                await asyncio.sleep(SHOW_EVERY_S)
            gc.collect()
            self.board.heap_free_bytes = gc.mem_free()

    def _start(self, name, task):
        self._tasks.append(asyncio.create_task(self._supervise(name, task)))

    async def _supervise(self, name, task):
        """Run a task for ever: one that dies is told on the console and started again."""
        pause_s = RESTART_MIN_S
        while True:
            begun_s = self.uptime_s
            try:
                await task()
            except Exception as error:  # noqa: BLE001 (whatever it died of, it starts again)
                if self.uptime_s - begun_s > RESTART_MAX_S:
                    pause_s = RESTART_MIN_S  # it was well; what is past is past
                print("%s: died, starts again in %d s" % (name, pause_s))
                sys.print_exception(error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, RESTART_MAX_S)


def choose_pattern(standing):
    """Return the LED's pattern for the holds that stand."""
    hold = holds.explain(standing)
    if not hold:
        return led.SUPPLY_ON
    if hold == holds.OVERLOAD:
        return led.PRESS_BUTTON
    return led.FAULT if hold in (holds.FAULT, holds.TAMPER) else led.WAIT
