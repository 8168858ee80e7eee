"""The wireless station as a small task of its own: joins, watches, joins again, for ever.

A board without network meters and limits as well as one with it, so nothing here blocks metering
or restarts the board. It must not know what the network is for.
"""

import asyncio
import random

import network
from micropython import const

LOOK_EVERY_S = const(1)
LOOK_EVERY_UP_S = const(5)
PAUSE_MIN_S = const(5)
PAUSE_MAX_S = const(300)
FAILURES_REJOIN = const(8)  # connections in a row that fail, until the station joins anew

OFF = const(0)
JOINING = const(1)  # looking for the access point, or talking to it
ADDRESS = const(2)  # joined, and waiting for an address
UP = const(3)
LOST = const(4)  # it was up; the chip itself looks for an access point of this name
PAUSING = const(5)

_APART = const(0)  # what the station says of itself
_JOINED = const(1)
_READY = const(2)
_NO_ADDRESS = "0.0.0.0"  # noqa: S104 (how a station says it)

# state: (next when the station is apart, joined, ready; next when its time is over; its time, s)
_STATES = {
    OFF: (JOINING, JOINING, JOINING, JOINING, 0),
    JOINING: (JOINING, ADDRESS, UP, PAUSING, 30),
    ADDRESS: (JOINING, ADDRESS, UP, PAUSING, 20),
    UP: (LOST, LOST, UP, UP, 0),
    LOST: (LOST, LOST, UP, JOINING, 20),
    PAUSING: (PAUSING, PAUSING, PAUSING, JOINING, 0),  # its time is drawn
}


class Wifi:
    """`ssid` and `password` as text; an open network has the password ""."""

    def __init__(self, ssid, password):
        self._ssid = ssid
        self._password = password
        self._station = network.WLAN(network.STA_IF)
        self._up = asyncio.Event()
        self._since_s = 0
        self._pause_s = 0
        self._longest_s = PAUSE_MIN_S
        self._address = None
        self.state = OFF
        self.on_loss = None  # called when connections through the network cannot go on

    async def run(self):
        """Keep the station joined."""
        while True:
            self._step()
            look_s = LOOK_EVERY_UP_S if self.state == UP else LOOK_EVERY_S
            await asyncio.sleep(look_s)
            self._since_s += look_s

    async def prepare(self, failures):
        """Return when the network is up; `failures` of connections in a row count as a doubt.

        A station can say that it is connected while nothing passes: then it joins anew.
        """
        if failures and failures % FAILURES_REJOIN == 0 and self.state == UP:
            print("wifi: nothing passes, joins anew")
            self._enter(PAUSING)
        await self._up.wait()

    def name_server(self):
        """Return the numeric address of the name server that the network told."""
        return self._station.ifconfig()[3]

    def rssi_dbm(self):
        """Return the strength of the access point's signal, dBm, or 0 when there is none."""
        try:
            return self._station.status("rssi") if self.state == UP else 0
        except (OSError, ValueError):
            return 0

    def _step(self):
        state = self.state
        row = _STATES[state]
        allowed_s = self._pause_s if state == PAUSING else row[4]
        following = row[self._look()]
        if following == state and self._since_s >= allowed_s:
            following = row[3]
        if following != state:
            self._enter(following)

    def _look(self):
        station = self._station
        if not station.isconnected():
            return _APART
        if self.state == UP:  # it had an address, and asking for that allocates
            return _READY
        return _JOINED if station.ifconfig()[0] == _NO_ADDRESS else _READY

    def _enter(self, state):
        before, self.state, self._since_s = self.state, state, 0
        try:
            if state == JOINING and before != ADDRESS:
                self._join()
            elif state == PAUSING:
                self._pause()
        except OSError as error:  # the driver is in the middle of something
            print("wifi: %r" % error)
            self.state = PAUSING
            self._draw_pause()
        if state == UP:
            self._arrive()
        else:
            self._up.clear()
        if state in (JOINING, PAUSING):
            self._lose()

    def _join(self):
        if self._station.active():
            self._station.disconnect()
        self._station.active(True)
        self._station.connect(self._ssid, self._password)

    def _pause(self):
        self._draw_pause()
        if self._longest_s < PAUSE_MAX_S:  # afterwards it is no news
            print("wifi: pauses for %d s" % self._pause_s)
        self._station.disconnect()
        self._station.active(False)  # a radio that is stuck starts anew

    def _draw_pause(self):
        half_s = self._longest_s // 2
        self._pause_s = half_s + random.getrandbits(15) * (half_s + 1) // (1 << 15)
        self._longest_s = min(2 * self._longest_s, PAUSE_MAX_S)

    def _arrive(self):
        address = self._station.ifconfig()[0]
        if address != self._address:  # what went through the old one is dead
            self._lose()
        self._address = address
        self._longest_s = PAUSE_MIN_S
        self._up.set()

    def _lose(self):
        if self.on_loss:
            self.on_loss()
