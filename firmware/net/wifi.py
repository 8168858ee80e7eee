"""The wireless station: bring it up, wait for it, try again; never more than that.

A board without network meters and limits as well as one with it, so nothing here restarts the
board. It must not know what the network is for.
"""

import asyncio

import network
from micropython import const

CONNECT_TIMEOUT_S = const(30)
_LOOK_EVERY_MS = const(500)


class Wifi:
    """`ssid` and `password` as text; an open network has the password ""."""

    def __init__(self, ssid, password):
        self._ssid = ssid
        self._password = password
        self._station = network.WLAN(network.STA_IF)

    async def prepare(self):
        """Return when the station is connected. Raises OSError after CONNECT_TIMEOUT_S."""
        station = self._station
        if station.isconnected():
            return
        if station.active():
            station.disconnect()
        station.active(True)
        station.connect(self._ssid, self._password)
        for _ in range(CONNECT_TIMEOUT_S * 1000 // _LOOK_EVERY_MS):
            if station.isconnected():
                return
            await asyncio.sleep_ms(_LOOK_EVERY_MS)
        raise OSError("no answer from the wireless network for %d s" % CONNECT_TIMEOUT_S)
