"""The running board: it measures once a second, acts on what the core decides, feeds the watchdog.

Metering and protection run whatever the network, the front or the configuration do: a chip that
fails is a second without a sample, a front that fails is a display that stands still. The watchdog
is fed only after `Board.tick` has run. It must not decide anything about supply
(`firmware.core.board` does), nor build its own parts (`firmware.main` does).
"""

import asyncio
import gc
import time

from micropython import const

from firmware.core import actions
from firmware.supervisor import CHIP, FRONT, HOUSEKEEPING, METERING, RESTART_MIN_S, Supervisor

ASKS_MAX = const(2)  # times that a chip is asked in a second
SECOND_MS = const(1000)
COLLECT_EVERY_S = const(60)
FRONT_PAUSE_S = const(10)  # after a failure
GC_THRESHOLD_BYTES = const(16384)


class Application:
    """The board with its hardware; `furnish` and `connect` add what it can do without."""

    def __init__(self, board, chip, sample, relay, front, inputs, clock, watchdog):
        self.board = board
        self.client = None
        self.uplink = None
        self.front = front
        self.uptime_s = 0
        self.supervisor = Supervisor(board)
        self.complete = None  # called when a safe mode ends: `main` then adds all the rest
        self.forgive = None  # called when crashes in a row are forgiven
        self._chip = chip
        self._sample = sample
        self._relay = relay
        self._inputs = inputs
        self._clock = clock
        self._watchdog = watchdog
        self._time_source = None
        self._extra = []  # (name, run) of tasks to start
        self._running = False
        self._due_ms = 0
        self._front_from_s = 0  # uptime
        front.act = self.act

    def furnish(self, name, run):
        """Add a task, one of `supervisor.TASKS` by name; it starts with `run`, or now."""
        if self._running:
            self.supervisor.start(name, run)
        else:
            self._extra.append((name, run))

    def connect(self, client, uplink, wifi, time_source):
        """Take the connection to the controller; without one the board meters and limits alone.

        `wifi` and `time_source` may be None.
        """
        self.client = client
        self.uplink = uplink
        self._time_source = time_source
        if wifi:
            self.furnish("wifi", wifi.run)
        if time_source:
            self.furnish("sntp", time_source.run)
        self.furnish("mqtt", client.run)
        self.furnish("uplink", uplink.run)

    async def run(self):
        """Start every task and wait for `stop`."""
        gc.threshold(GC_THRESHOLD_BYTES)
        self._due_ms = time.ticks_ms()
        self._running = True
        # Metering may not be kept waiting: its pause never grows.
        self.supervisor.start(METERING, self._meter, RESTART_MIN_S)
        self.supervisor.start(HOUSEKEEPING, self._keep_house)
        for name, run in self._extra:
            self.supervisor.start(name, run)
        self._extra = []
        try:
            await self.supervisor.wait()
        finally:
            self.board.persist()

    def stop(self):
        """End every task; what is in the ledger's care is written."""
        self.supervisor.stop()

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
            self.front.is_wanted = True
        if self.uplink:
            self.uplink.note(wanted)

    def measure(self):
        """Live through one second with the sample as it is. Allocates nothing by itself."""
        board = self.board
        uptime_s = self.uptime_s
        board.inputs = self._inputs.look()
        live = self._relay.load_side_live()
        wanted = board.tick(board.clock.now_s(uptime_s), uptime_s, self._sample, live)
        if wanted:
            self.act(wanted)
        if self._watchdog:
            self._watchdog.feed()

    def attend(self):
        """Live through the second at the front of the board, which may fail."""
        if self.uptime_s < self._front_from_s:
            return
        try:
            self.front.attend(self.uptime_s)
            if self.front.is_wanted:
                self.front.show(self.uptime_s)
        except Exception as error:  # noqa: BLE001 (whatever it is, metering goes on)
            self._front_from_s = self.uptime_s + FRONT_PAUSE_S
            self.supervisor.count(FRONT, error)

    async def _meter(self):
        """Live second by second; a driver that fails is a silent chip, which the core judges."""
        chip = self._chip
        sample = self._sample
        while True:
            try:
                for _ in range(ASKS_MAX):
                    chip.request()
                    await asyncio.sleep_ms(chip.answer_ms)
                    if chip.collect(sample):
                        break
            except Exception as error:  # noqa: BLE001 (whatever it is, the limiter goes on)
                sample.valid = False
                self.supervisor.count(CHIP, error)
            self.measure()
            self.attend()
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
        """Once a minute: follow crashes and safe mode, and collect where no time is lost by it."""
        supervision = self.board.supervision
        while True:
            await asyncio.sleep(COLLECT_EVERY_S)
            before = supervision.crashes_in_a_row
            if supervision.follow() and self.complete:
                self.complete()
            if before and not supervision.crashes_in_a_row and self.forgive:
                self.forgive()
            gc.collect()
            self.board.heap_free_bytes = gc.mem_free()
