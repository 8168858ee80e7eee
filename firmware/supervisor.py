"""Keeps tasks alive: whatever one dies of, it is counted, told on the console and started again.

The pause doubles with every death in a row; a task that lived long is started again soon.
It must not know what a task does, nor touch the watchdog: only the limiter's heartbeat feeds it.
"""

import asyncio
import gc
import sys

from micropython import const

RESTART_MIN_S = const(1)
RESTART_MAX_S = const(300)

METERING = "metering"
CHIP = "chip"
FRONT = "front"
HOUSEKEEPING = "housekeeping"

# Their place here is their number in event 1034.
TASKS = (
    "", METERING, CHIP, FRONT, HOUSEKEEPING, "keypad", "buzzer", "power", "wifi", "sntp", "mqtt",
    "uplink",
)  # fmt: skip


class Supervisor:
    """`board` counts the restarts and knows how long it runs."""

    def __init__(self, board):
        self._board = board
        self._tasks = []
        self._stopping = False

    def start(self, name, run, pause_max_s=RESTART_MAX_S):
        """Begin the task `run()`, one of TASKS by name, and keep it alive from now on."""
        self._tasks.append(asyncio.create_task(self.keep(name, run, pause_max_s)))

    async def wait(self):
        """Return when every task has ended, which only `stop` brings about."""
        ended = 0
        while ended < len(self._tasks):  # a safe mode that ends adds some
            await asyncio.gather(self._tasks[ended], return_exceptions=True)
            ended += 1

    def stop(self):
        """End every task."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()

    async def keep(self, name, run, pause_max_s=RESTART_MAX_S):
        """Run a task for ever."""
        pause_s = RESTART_MIN_S
        while True:
            begun_s = self._board.uptime_s
            error = None
            try:
                await run()
            except (asyncio.CancelledError, Exception) as died:
                if self._stopping and isinstance(died, asyncio.CancelledError):
                    raise
                error = died  # also a cancellation of somebody else's, that went astray
            if self._board.uptime_s - begun_s > RESTART_MAX_S:
                pause_s = RESTART_MIN_S  # it was well; what is past is past
            self.count(name, error)
            error = None  # it holds on to its traceback
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, pause_max_s)

    def count(self, name, error):
        """Count the death of a task, or of a step that takes care of itself, and tell of it."""
        gc.collect()  # it may have died for want of memory
        try:
            print("%s: died, starts again" % name)
            if error is not None:
                sys.print_exception(error)
            self._board.supervision.count_restart(TASKS.index(name))
        except Exception as trouble:  # noqa: BLE001 (telling must not kill what is to be kept)
            print("supervisor: %r" % trouble)
