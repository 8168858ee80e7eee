"""Runs inside MicroPython: how the wireless station joins, is watched and joins again."""

import asyncio
import sys

NOWHERE = "0.0.0.0"  # noqa: S104 (how a station says that it has none)
HOME = "10.0.0.7"


class Station:
    """Says what it is told to say, and notes what it is told to do."""

    def __init__(self):
        self.connected = False
        self.address = NOWHERE
        self.is_active = False
        self.refuses = False
        self.told = []

    def active(self, wanted=None):
        if wanted is not None:
            self.is_active = wanted
            self.told.append("on" if wanted else "off")
        return self.is_active

    def disconnect(self):
        self.connected = False
        self.told.append("leave")

    def connect(self, ssid, password):
        if self.refuses:
            raise OSError("Wifi Internal State Error")
        self.told.append((ssid, password))

    def isconnected(self):
        return self.connected

    def ifconfig(self):
        return (self.address, "255.0.0.0", "10.0.0.1", "10.0.0.2")

    def status(self, what):
        assert what == "rssi"
        return -71


class Network:
    STA_IF = 0


JOIN = ("plant", "secret")


class Bench:
    def __init__(self):
        self.station = Station()
        Network.WLAN = lambda interface: self.station
        self.wifi = wifi.Wifi("plant", "secret")
        self.wifi.on_loss = self.lose
        self.losses = 0

    def lose(self):
        self.losses += 1

    def live(self, seconds):
        """Let time pass; return what the station was told meanwhile."""
        self.station.told = []
        passed_s = 0
        while passed_s < seconds:
            self.wifi._step()
            look_s = wifi.LOOK_EVERY_UP_S if self.wifi.state == wifi.UP else wifi.LOOK_EVERY_S
            self.wifi._since_s += look_s
            passed_s += look_s
        return self.station.told

    def come_up(self):
        self.live(3)
        self.station.connected = True
        self.station.address = HOME
        self.live(2)
        self.losses = 0
        return self


def has_gone_up(bench):
    return bench.wifi.state == wifi.UP and bench.wifi._up.is_set()


def check_it_joins_waits_for_its_address_and_is_up():
    bench = Bench()
    assert bench.live(3) == ["on", JOIN]
    assert bench.wifi.state == wifi.JOINING
    bench.station.connected = True
    assert bench.live(5) == []
    assert bench.wifi.state == wifi.ADDRESS
    assert not bench.wifi._up.is_set()
    bench.station.address = HOME
    assert bench.live(2) == []
    assert has_gone_up(bench)
    assert bench.wifi.rssi_dbm() == -71
    assert bench.wifi.name_server() == "10.0.0.2"


def check_without_an_access_point_it_pauses_ever_longer_and_tries_again_for_ever():
    bench = Bench()
    joins = 0
    for _ in range(20):
        bench.live(30)
        while bench.wifi.state != wifi.PAUSING:
            bench.live(1)
        assert bench.station.told[-2:] == ["leave", "off"]
        assert 2 <= bench.wifi._pause_s <= 300
        joins += JOIN in bench.live(bench.wifi._pause_s + 1)
    assert joins == 20
    assert bench.wifi._pause_s >= 150
    bench.station.connected = True
    bench.station.address = HOME
    bench.live(2)
    assert has_gone_up(bench)
    assert bench.wifi._longest_s == wifi.PAUSE_MIN_S


def check_without_an_address_it_does_not_wait_for_ever():
    bench = Bench()
    bench.live(3)
    bench.station.connected = True
    bench.live(20)
    assert bench.wifi.state == wifi.ADDRESS
    bench.live(2)
    assert bench.wifi.state == wifi.PAUSING


def check_a_short_loss_is_the_chips_own_affair():
    bench = Bench().come_up()
    bench.station.connected = False
    assert bench.live(15) == []
    assert not bench.wifi._up.is_set()
    bench.station.connected = True
    bench.live(2)
    assert has_gone_up(bench)
    assert bench.losses == 0


def check_a_long_loss_and_a_new_address_end_what_stood():
    bench = Bench().come_up()
    bench.station.connected = False
    assert JOIN in bench.live(30)
    assert bench.losses == 1
    bench = Bench().come_up()
    bench.station.connected = False
    bench.live(7)
    bench.station.connected = True
    bench.station.address = "10.0.0.8"
    bench.live(2)
    assert has_gone_up(bench)
    assert bench.losses == 1


def check_a_driver_that_refuses_is_tried_again():
    bench = Bench()
    bench.station.refuses = True
    bench.live(4)
    assert bench.wifi.state == wifi.PAUSING
    bench.station.refuses = False
    assert JOIN in bench.live(10)


def check_it_joins_anew_when_nothing_passes_though_it_says_connected():
    bench = Bench().come_up()

    async def turn():
        for failures in range(wifi.FAILURES_REJOIN):
            await bench.wifi.prepare(failures)
        assert bench.wifi.state == wifi.UP
        waiting = asyncio.create_task(bench.wifi.prepare(wifi.FAILURES_REJOIN))
        await asyncio.sleep_ms(0)
        assert bench.wifi.state == wifi.PAUSING
        assert bench.losses == 1
        told = bench.live(8)
        assert told.count(JOIN) == 1
        bench.station.connected = True
        bench.live(2)
        await waiting

    asyncio.run(turn())


def check_looking_allocates_nothing_while_it_is_up():
    import micropython

    bench = Bench().come_up()
    micropython.heap_lock()
    bench.wifi._step()
    micropython.heap_unlock()


sys.modules["network"] = Network
from firmware.net import wifi  # noqa: E402 (it imports the chip's network)

for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
