"""Asks a time server when nobody has told the board the time with a signature (RFC 4330).

An answer is not authenticated, so it makes the clock HELD, never SYNCED; it never moves the clock
back, and a clock that is held already only a little forward. While the controller's signed time is
there, nobody is asked. It must not know what the clock is good for.
"""

import asyncio
import os
import random
import struct
import time

from micropython import const

from firmware.core import actions
from firmware.core.clock import HELD, SYNCED, UNSET
from firmware.net.datagram import ask
from firmware.net.names import Host

SNTP_PORT = const(123)
PACKET_BYTES = const(48)
INTERVAL_S = const(21_600)  # between answers
FIRST_S = const(16)  # at most, after the start: a village asks in turns
RETRY_MIN_S = const(64)
ROUND_TRIP_MAX_MS = const(2_000)
STEP_IGNORED_S = const(1)
STEP_HELD_MAX_S = const(60)  # an interval; crystals drift 2 s in it
STEP_UNSET_MAX_S = const(315_576_000)  # ten years in a drawer
EARLIEST_S = const(189_302_400)  # 2026-01-01: no board is older than its firmware
_2020_NTP_S = 3_786_825_600
_REQUEST = b"\x23"  # no warning, version 4, mode client
_MODE_SERVER = const(4)
_UNSYNCHRONISED = const(3)
_VERSION_MIN = const(3)
_STRATUM_MAX = const(15)
_ROOT_MAX_S = const(1)
_NOTHING = bytes(8)


class TimeSource:
    """`host` is the time server's, `link` what brings the network up, or None; `act` carries out
    what the board wants done."""

    def __init__(self, board, host, link, act):
        self._board = board
        self._name = host
        self._host = Host(host)
        self._link = link
        self._act = act
        self._pause_s = RETRY_MIN_S
        self.port = SNTP_PORT
        self.asking = False

    async def run(self):
        """Ask now and then, for ever."""
        await asyncio.sleep(random.getrandbits(10) * FIRST_S >> 10)
        while True:
            if self._board.clock.state == SYNCED:
                self._pause_s = RETRY_MIN_S
            elif await self._ask():
                self._pause_s = INTERVAL_S
            else:
                self._pause_s = min(2 * self._pause_s, INTERVAL_S)
            jitter_s = random.getrandbits(10) * (self._pause_s >> 2) >> 10
            await asyncio.sleep(self._pause_s - jitter_s)

    async def _ask(self):
        """Return whether the server told a time that could be believed."""
        server = None
        if self._link:
            await self._link.prepare(0)
            server = self._link.name_server()
        self.asking = True
        try:
            address = await self._host.find(server)
            asked_ms = time.ticks_ms()
            now_s = await ask(address, self.port, build_request(), read_answer)
            if time.ticks_diff(time.ticks_ms(), asked_ms) > ROUND_TRIP_MAX_MS:
                return False
        except (OSError, asyncio.TimeoutError):
            return False
        finally:
            self.asking = False
        self._host.succeeded()
        return self._take(now_s)

    def _take(self, now_s):
        """Set the clock to what can be believed; unset, it runs on from the last ledger write."""
        board = self._board
        earliest_s, step_max_s = board.now_s, STEP_HELD_MAX_S
        if board.clock.state == UNSET:
            earliest_s, step_max_s = max(earliest_s, EARLIEST_S), STEP_UNSET_MAX_S
        elif abs(now_s - earliest_s) <= STEP_IGNORED_S:
            return True
        if not 0 <= now_s - earliest_s <= step_max_s:
            print("sntp: a step of %d s is not believed" % (now_s - board.now_s))
            return False
        board.set_clock(now_s, HELD)
        self._act(actions.SET_CLOCK | actions.SEND_EVENTS)
        return True


def build_request():
    """Return a request; its transmit time is random, so that only who read it can answer."""
    return _REQUEST + bytes(PACKET_BYTES - 9) + os.urandom(8)


def read_answer(request, answer):
    """Return the server's board time in s, or None for what RFC 4330 (5) tells to discard."""
    if len(answer) < PACKET_BYTES or answer[24:32] != request[40:48]:
        return None
    head = answer[0]
    if head >> 6 == _UNSYNCHRONISED or head >> 3 & 7 < _VERSION_MIN or head & 7 != _MODE_SERVER:
        return None
    if not 1 <= answer[1] <= _STRATUM_MAX:  # 0: it does not want to be asked
        return None
    delay_s, dispersion_s = struct.unpack(">hxxH", answer[4:10])
    if abs(delay_s) >= _ROOT_MAX_S or dispersion_s >= _ROOT_MAX_S:
        return None
    if answer[32:40] == _NOTHING or answer[40:48] == _NOTHING:
        return None
    received_s, sent_s = struct.unpack(">I4xI", answer[32:44])
    if sent_s - received_s & 0xFFFFFFFF > _ROOT_MAX_S:
        return None
    return sent_s - _2020_NTP_S & 0xFFFFFFFF  # era 1 begins in 2036
