"""The real firmware while its network goes wrong: it meters and trips as if nothing were."""

from collections.abc import Iterator

import pytest

from simulator.fleet import House
from simulator.proxy import Proxy
from tools.bench.connected import METER, ROOT_KEY, START_S
from tools.bench.responder import Responder
from tools.broker import Broker

HOLD_MS = 15  # an answer that never comes need not hold the clock for long
LATE_MS = 150
READINGS, EVENTS, ENERGY_WH, TRIPS = "18", "19", "5", "15"
INTERVAL_S = 900
OPEN_S_MAX = 10


class Village:
    """One house with broker and responder, and between them a proxy that can misbehave."""

    def __init__(self, folder, hold_ms=HOLD_MS):
        self.broker = Broker(folder / "broker")
        self.proxy = Proxy(self.broker.port, seed=3)
        clock = folder / "clock"
        self.house = House(
            folder / "house", METER, ROOT_KEY, self.proxy.port, 7, START_S,
            clock_file=clock, hold_ms=hold_ms,
        )  # fmt: skip
        self.responder = Responder(self.broker, METER, ROOT_KEY, lambda: int(clock.read_text()))

    def start(self):
        self.broker.start()
        self.responder.start()
        self.proxy.start()
        self.house.start()
        self.house.act(appliance="lamp", power_w=360)
        self.live(200)

    def end(self):
        self.house.kill()
        self.responder.stop()
        self.proxy.stop()
        self.broker.stop()

    def live(self, seconds):
        self.house.run_until(self.house.now_s + seconds)

    def reads(self):
        return self.house.observe()

    def catch_up(self, within_s=3600):
        """Let the board hand in what it holds; return its facts then."""
        for _ in range(within_s // 300):
            self.live(300)
            facts = self.reads()
            status = facts["status"]
            held = (len(self.responder.readings), len(self.responder.events))
            if held == (status[READINGS], status[EVENTS]):
                return facts
        raise AssertionError(f"{held} readings and events came, of {status}")


@pytest.fixture
def village(tmp_path) -> Iterator[Village]:
    village = Village(tmp_path)
    village.start()
    yield village
    village.end()


def live_through(village, seconds):
    """Live on, and prove that not a second was missed in metering and no memory kept."""
    before = village.reads()
    village.live(seconds)
    after = village.reads()
    delivered_mwh = after["delivered_mwh"] - before["delivered_mwh"]
    metered_wh = after["status"][ENERGY_WH] - before["status"][ENERGY_WH]
    assert abs(delivered_mwh - 1000 * metered_wh) <= 2000
    assert delivered_mwh == 360 * seconds * 1000 // 3600


@pytest.mark.parametrize("mode", ["stall", "half_close", "reset", "drop", "mid_packet", "drip"])
def test_whatever_the_broker_does_metering_goes_on_and_everything_arrives_once(village, mode):
    before = village.catch_up()
    village.proxy.set(mode)
    live_through(village, INTERVAL_S)
    village.house.act(appliance="heater", power_w=3000)
    village.live(6)
    assert not village.reads()["relay_closed"]
    village.house.act(appliance="heater", power_w=0)
    village.live(60)
    village.proxy.set("pass")
    after = village.catch_up()
    assert after["status"][TRIPS] == before["status"][TRIPS] + 1
    assert after["heap"]["data_bytes"] <= before["heap"]["data_bytes"] + 1024
    assert village.responder.contradicted == 0
    assert sorted(village.responder.readings) == list(range(1, after["status"][READINGS] + 1))
    assert "died" not in village.house.log.read_text()


def test_answers_that_come_late_come_all_the_same(tmp_path):
    """Here the clock waits for them, as it does for every answer that comes."""
    village = Village(tmp_path, hold_ms=10 * LATE_MS)
    try:
        village.start()
        village.proxy.set("late", LATE_MS)
        live_through(village, INTERVAL_S)
        village.catch_up()
        assert village.proxy.accepted == 1
    finally:
        village.end()


def test_a_trip_during_a_stall_opens_the_relay_as_fast_as_without(village):
    """The clock moves second by second here, so that the second of the opening is known."""

    def seconds_to_open():
        village.house.act(appliance="heater", power_w=3000)
        second = 0
        while village.reads()["relay_closed"] and second < OPEN_S_MAX:
            village.live(1)
            second += 1
        village.house.act(appliance="heater", power_w=0)
        village.live(20)
        village.house.act(button=True)
        village.live(3)
        assert village.reads()["relay_closed"]
        return second

    village.live(60 - village.house.now_s % 60)
    without_s = seconds_to_open()
    village.live(60 - village.house.now_s % 60)
    village.proxy.set("stall")
    assert seconds_to_open() <= without_s + 1


def test_a_broker_that_has_forgotten_every_session_is_told_again_what_to_send(village):
    village.catch_up()
    village.responder.stop()
    village.broker.kill()
    (village.broker.home / "mosquitto.db").unlink(missing_ok=True)
    live_through(village, INTERVAL_S)
    village.broker.start()
    village.responder.start()
    greeted = village.responder.greeted
    village.catch_up()
    assert village.responder.greeted > greeted


def test_without_an_access_point_standing_connections_end_and_it_joins_again_after_a_kill(village):
    accepted = village.proxy.accepted
    village.house.act(wifi=False)
    live_through(village, INTERVAL_S)
    assert not village.reads()["outstanding"]
    village.house.kill()
    village.house.start()  # the access point is still away
    village.live(INTERVAL_S)
    assert village.proxy.accepted == accepted
    village.house.act(wifi=True)
    village.catch_up()
    assert village.proxy.accepted > accepted


def test_a_replaced_access_point_is_found(village):
    accepted = village.proxy.accepted
    village.house.act(access_point="another")
    village.live(120)
    village.catch_up()
    assert village.proxy.accepted > accepted


def test_a_station_that_says_connected_while_nothing_passes_joins_anew(village):
    village.proxy.set("stall")
    village.live(1800)
    assert "nothing passes" in village.house.log.read_text()
    village.proxy.set("pass")
    village.catch_up()
