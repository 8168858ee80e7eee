"""Virtual time for a board's process: the clock, and the asyncio queue that moves it.

Time moves only inside a grant, from one due task or hardware event to the next, and never while
the firmware waits for the far end of a connection. It must not know what the firmware or the world
does.

asyncio's task queue is written in C and stamps tasks that are ready with *real* ticks. So asyncio
gets ticks of its own, kept `_MARGIN_MS` ahead of the real ones: whatever is stamped real is then
due at once. The firmware's `time.ticks_ms` is another count and never jumps.
"""

from asyncio import core

import utime as real  # the built-in module, whatever `time` stands on the path

_TICKS_MASK = 0x3FFFFFFF
_MARGIN_MS = 3_600_000
_MARGIN_MS_MIN = 1_800_000
_MARGIN_MS_MAX = 7_200_000
HOLD_MS_MAX = 10_000  # real time for which an outstanding exchange may hold the clock
CAPPED_MULTIPLE = 60  # of real time, at most, while an exchange is outstanding for longer
_HOLD_POLL_MS = 50
_STAND_POLL_MS = 60_000
_POLL_EVERY_MS = 10_000  # virtual time after which sockets that nobody waits for are looked at


class Clock:
    """Milliseconds since the second `origin_s` (board time), and what is due at which of them."""

    def __init__(self, origin_s, offset_ms):
        self.origin_s = origin_s
        self.boot_ms = offset_ms
        self.now_ms = offset_ms
        self.grant_ms = offset_ms
        self.interrupted = False  # a pin's handler ran: it may have woken a task
        self._events = []
        self._count = 0

    def second(self):
        """Return board time in whole seconds."""
        return self.origin_s + self.now_ms // 1000

    def uptime_ms(self):
        return self.now_ms - self.boot_ms

    def call_at(self, due_ms, callback):
        """Call `callback()` when the clock stands at `due_ms`: hardware events, interrupts."""
        self._count += 1
        self._events.append((due_ms, self._count, callback))
        self._events.sort(key=lambda event: event[:2])

    def advance(self, target_ms):
        """Move to `target_ms`, or to the first hardware event before it, which is then called."""
        events = self._events
        if events and events[0][0] <= target_ms:
            due_ms, _, callback = events.pop(0)
            self.now_ms = max(self.now_ms, due_ms)
            callback()
        else:
            self.now_ms = target_ms

    def sleep(self, duration_ms):
        """A sleep that blocks the chip: it ends when it ends, even past the end of a grant."""
        target_ms = self.now_ms + duration_ms
        while self.now_ms < target_ms:
            self.advance(target_ms)


class VirtualQueue(core.IOQueue):
    """The queue on which asyncio waits: here waiting means to move the clock.

    `outstanding()` says how many exchanges wait for the far end; `moved()`, if given, is called
    whenever time has moved on; `arrived()` is called once when the clock stands at the end of its
    grant and nothing holds it.
    """

    def __init__(self, clock, outstanding, arrived, moved):
        super().__init__()
        self._clock = clock
        self.outstanding = outstanding
        self._arrived = arrived
        self.moved = moved
        self.hold_ms = HOLD_MS_MAX
        self._free_ms = 0  # until then time runs though an exchange is outstanding
        self._held_ms = 0
        self._announced = True
        self._poll_ms = 0
        self._live_multiple = 0
        self._live_from = (0, 0)
        self._base_ms = 0
        self._rebase_ms = 0
        self._ended_us = real.ticks_us()
        self.busy_us = 0
        self._align()

    def ticks(self):
        """asyncio's own ticks; see the head of this file."""
        return (self._base_ms + self._clock.now_ms) & _TICKS_MASK

    def grant(self, until_ms):
        self._live_multiple = 0
        self._clock.grant_ms = until_ms
        self._announced = False

    def live(self, multiple):
        """Let time run at `multiple` times real time; 0 stands still."""
        self._live_multiple = multiple
        self._live_from = (real.ticks_ms(), self._clock.now_ms)
        self._clock.grant_ms = self._clock.now_ms
        self._announced = True

    def wait_io_event(self, delay_ms):
        """Move time on, when nothing is ready for `delay_ms` (0: a task is; < 0: none sleeps).

        asyncio calls this.
        """
        if delay_ms == 0:
            return
        clock = self._clock
        started_us = real.ticks_us()
        self.busy_us += real.ticks_diff(started_us, self._ended_us)
        if self.outstanding():
            if self._hold():
                return
            delay_ms = min(max(delay_ms, 0), _HOLD_POLL_MS * CAPPED_MULTIPLE)
        else:
            self._held_ms = self._free_ms = 0
        if self._live_multiple:
            self._follow_real_time()
        if clock.interrupted:
            clock.interrupted = False
            self._poll(0)
        elif clock.now_ms >= clock.grant_ms:
            self._stand(delay_ms)
        elif clock.now_ms >= self._poll_ms:
            self._poll(0)
            self._poll_ms = clock.now_ms + _POLL_EVERY_MS
        else:
            self._advance(clock, delay_ms)
        self._ended_us = real.ticks_us()

    def _advance(self, clock, delay_ms):
        target_ms = clock.now_ms + delay_ms
        if delay_ms < 0 or target_ms > clock.grant_ms:
            target_ms = clock.grant_ms
        clock.advance(target_ms)
        if self.moved:
            self.moved()  # before the firmware can say anything to the far end
        if clock.now_ms >= self._rebase_ms:
            self._align()

    def _hold(self):
        """Wait for the far end in real time; return whether it may still hold the clock."""
        if self._clock.now_ms < self._free_ms:
            return False
        started_ms = real.ticks_ms()
        self._poll(min(_HOLD_POLL_MS, self.hold_ms))
        self._held_ms += real.ticks_diff(real.ticks_ms(), started_ms)
        self._ended_us = real.ticks_us()
        if self._held_ms >= self.hold_ms:
            self._free_ms = self._clock.now_ms + _HOLD_POLL_MS * CAPPED_MULTIPLE
        return True  # the poll may have made a task ready, which must run before time moves

    def _stand(self, delay_ms):
        if not self._announced:
            self._announced = True
            self._arrived()
        wait_ms = _STAND_POLL_MS
        if self._live_multiple and delay_ms >= 0:
            wait_ms = min(wait_ms, delay_ms // self._live_multiple + 1)
        self._poll(wait_ms)
        self._align()

    def _poll(self, wait_ms):
        super().wait_io_event(wait_ms)

    def _follow_real_time(self):
        began_ms, from_ms = self._live_from
        now_ms = real.ticks_ms()
        elapsed_ms = real.ticks_diff(now_ms, began_ms)
        self._clock.grant_ms = from_ms + elapsed_ms * self._live_multiple
        if elapsed_ms > _STAND_POLL_MS:
            self._live_from = (now_ms, self._clock.grant_ms)

    def _align(self):
        """Bring asyncio's ticks back to their margin over the real ones, before they lose it."""
        ahead_ms = real.ticks_diff(self.ticks(), real.ticks_ms())
        self._rebase_ms = self._clock.now_ms + _MARGIN_MS
        if _MARGIN_MS_MIN < ahead_ms < _MARGIN_MS_MAX:
            return
        shift_ms = _MARGIN_MS - ahead_ms
        self._base_ms += shift_ms
        queue = core._task_queue
        sleeping = []
        while queue.peek():
            task = queue.pop()
            sleeping.append((task, task.ph_key, task.data))
        for task, key, data in sleeping:
            queue.push(task, (key + shift_ms) & _TICKS_MASK)
            task.data = data


def install(clock, outstanding, arrived, moved):
    """Put asyncio on virtual time and return its queue. Call before the firmware is imported."""
    queue = VirtualQueue(clock, outstanding, arrived, moved)
    core._io_queue = queue
    core.ticks = queue.ticks
    return queue
