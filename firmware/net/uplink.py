"""What the board tells the controller: hello, receipts, readings, events and status.

One message at a time, the most urgent first. Readings and events stay in the store until they are
acknowledged; what is not answered is sent again after a growing pause.
It must not know keys of the other direction, commands, or when something is worth telling.
"""

import asyncio
import gc
import os

from micropython import const

from firmware.core import actions, journal
from firmware.net.backlog import Backlog
from protocol import messages
from protocol.limits import (
    BATCH_TIMEOUT_S,
    EVENTS_PER_MESSAGE_MAX,
    NONCE_BYTES,
    READINGS_PER_MESSAGE_MAX,
)

RECEIPTS_MAX = const(8)  # the controller asks again for one that was dropped
STATUS_EVERY_S = const(3600)
HELLO_EVERY_S = const(86400)  # its answer carries the time: crystals drift seconds a day
PATIENCE_MAX_S = const(1920)
NO_ANSWER_S = const(0x3FFFFFFF)


class Uplink:
    """`client` is an `mqtt.Client`; `firmware` the text that names this release."""

    def __init__(self, board, store, client, meter, epoch, key, firmware, reset_cause):
        self._board = board
        self._client = client
        self._meter = meter
        self._epoch = epoch
        self._key = key
        self._firmware = firmware
        self._reset_cause = reset_cause
        self._readings = Backlog(
            store.readings,
            journal.unpack_reading,
            store.release_readings,
            READINGS_PER_MESSAGE_MAX,
        )
        self._events = Backlog(
            store.events, journal.unpack_event, store.release_events, EVENTS_PER_MESSAGE_MAX
        )
        self._receipts = []
        self._wake = asyncio.Event()
        self._greet = False
        self._nonce = None  # of the hello that waits for its answer
        self._hello_s = 0
        self._tell_status = False
        self._status_s = 0
        self._patience_s = BATCH_TIMEOUT_S

    def begin(self):
        """A session with the broker stands: greet, and send again what was under way."""
        self._greet = True
        self._patience_s = BATCH_TIMEOUT_S
        self._readings.forget()
        self._events.forget()
        self._wake.set()

    def note(self, wanted):
        """Take the SEND_… bits of the board's actions."""
        if wanted & actions.SEND_STATUS:
            self._tell_status = True
        self._wake.set()

    def queue_receipt(self, command_id, stage, reason):
        """Tell the controller what became of a command, with the board's state at this moment."""
        if len(self._receipts) >= RECEIPTS_MAX:
            self._receipts.pop(0)
        status = self._board.status(self._board.now_s)
        self._receipts.append({0: command_id, 1: stage, 2: reason, 3: status})
        self._wake.set()

    def acknowledge(self, kind, through):
        """The controller has committed everything of `kind` up to sequence `through`."""
        self._patience_s = BATCH_TIMEOUT_S
        if kind == messages.READINGS:
            self._readings.acknowledge(through)
        elif kind == messages.EVENTS:
            self._events.acknowledge(through)
        self._wake.set()

    def answer_hello(self, nonce):
        """Return whether `nonce` answers the hello that is under way, and fresh."""
        fresh = self._board.uptime_s - self._hello_s <= BATCH_TIMEOUT_S
        if nonce != self._nonce or not fresh:
            return False
        self._nonce = None
        self._patience_s = BATCH_TIMEOUT_S
        return True

    def outstanding(self):
        """Return how many answers of the controller are awaited; none from one that is silent."""
        if not self._client.connected or self._patience_s > BATCH_TIMEOUT_S:
            return 0
        return (
            len(self._receipts)
            + (self._nonce is not None)
            + self._readings.is_sent()
            + self._events.is_sent()
        )

    async def run(self):
        """Send what there is to send, for ever."""
        while True:
            self._wake.clear()
            if self._client.connected:
                self._look_at_clock()
                message = self._next_message()
                if message:
                    await self._send(message[0], message[1])
                    message = None
                    gc.collect()
                    continue
            await self._wait()

    async def _wait(self):
        if not self._client.connected:
            await self._wake.wait()  # nothing falls due without a session, and `begin` wakes us
            return
        try:
            await asyncio.wait_for(self._wake.wait(), self._pause_s())
        except asyncio.TimeoutError:
            pass  # something is due by the clock

    def _pause_s(self):
        uptime_s = self._board.uptime_s
        due_s = min(
            self._status_s + STATUS_EVERY_S, self._oldest_unanswered_s() + self._patience_s
        )
        return max(1, due_s - uptime_s)

    def _oldest_unanswered_s(self):
        oldest_s = NO_ANSWER_S
        if self._nonce is not None:
            oldest_s = self._hello_s
        for backlog in (self._readings, self._events):
            if backlog.is_sent():
                oldest_s = min(oldest_s, backlog.sent_s)
        return oldest_s

    def _look_at_clock(self):
        """Find what is due by the clock: the hourly status, the daily hello, a repetition."""
        uptime_s = self._board.uptime_s
        if uptime_s - self._status_s >= STATUS_EVERY_S:
            self._tell_status = True
        if uptime_s - self._hello_s >= HELLO_EVERY_S:
            self._greet = True
        if uptime_s - self._oldest_unanswered_s() >= self._patience_s:
            self._patience_s = min(2 * self._patience_s, PATIENCE_MAX_S)
            self._greet = self._greet or self._nonce is not None
            self._readings.forget()
            self._events.forget()

    def _next_message(self):
        """Return (kind, body) of the most urgent message, or None."""
        if self._greet:
            return messages.HELLO, self._hello()
        if self._receipts:
            return messages.RECEIPT, self._receipts.pop(0)
        for kind, backlog in (
            (messages.EVENTS, self._events),
            (messages.READINGS, self._readings),
        ):
            if backlog.is_due():
                if backlog.has_untold_loss():
                    return messages.HELLO, self._hello()
                records = backlog.take(self._board.uptime_s)
                if records:
                    return kind, {0: records}
        records = self._next_of_profile()
        if records:
            return messages.READINGS, {0: records}
        if self._tell_status:
            self._tell_status = False
            self._status_s = self._board.uptime_s
            return messages.STATUS, self._board.status(self._board.now_s)
        return None

    def _hello(self):
        self._greet = False
        self._nonce = os.urandom(NONCE_BYTES)
        self._hello_s = self._status_s = self._board.uptime_s
        self._tell_status = False
        return {
            0: self._firmware,
            1: self._nonce,
            2: self._reset_cause,
            3: self._board.boots,
            4: self._board.status(self._board.now_s),
            5: self._board.refused_messages,
            6: self._readings.tell_first_held(),
            7: self._events.tell_first_held(),
        }

    def _next_of_profile(self):
        """Return the next records that were asked for again, or None."""
        if not self._board.profile_request:
            return None
        first, last = self._board.profile_request
        records, following = self._readings.take_span(first, last)
        self._board.profile_request = (following, last) if following else None
        return records

    async def _send(self, kind, body):
        counter = self._board.next_uplink_counter()
        if not counter:
            raise OSError("the store cannot reserve message counters")
        payload = messages.seal_message(
            self._key,
            self._meter,
            self._epoch,
            messages.UP,
            kind,
            counter,
            self._board.now_s,
            body,
        )
        body = None
        await self._client.publish(messages.topic(self._meter, messages.UP, kind), payload)
