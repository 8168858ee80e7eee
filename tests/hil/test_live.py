"""A house in real time: it follows the clock on the wall, in outages and without a network too."""

import time

import pytest

from simulator.fleet import House
from tools.bench.connected import METER, START_S, ConnectedBoard

MULTIPLE = 600
PATIENCE_S = 20  # of real time, for what takes a fraction of a second


def wait_until(is_true):
    deadline = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


@pytest.fixture
def make_house(tmp_path):
    houses = []

    def make(**options):
        house = House(tmp_path / "h", METER, bytes(32), 1, 7, START_S, **options)
        houses.append(house)
        return house

    yield make
    for house in houses:
        house.kill()


def test_a_live_house_lives_by_itself_and_stands_when_told_to(make_house):
    house = make_house()
    house.wake(START_S)
    house.live(MULTIPLE)
    wait_until(lambda: house.observe()["t_s"] > START_S + 120)
    house.live(0)
    stood = house.observe()
    time.sleep(0.05)
    assert house.observe()["t_s"] == stood["t_s"]
    assert stood["relay_closed"]


def test_time_goes_on_in_the_dark_and_the_board_is_live_again_afterwards(make_house):
    house = make_house()
    house.wake(START_S)
    house.live(MULTIPLE)
    house.act(mains=False)
    dark_s = house.observe()["t_s"]
    wait_until(lambda: house.observe()["t_s"] > dark_s + 60)
    house.act(mains=True)
    seen = house.observe()
    assert seen["mains"]
    assert seen["t_s"] > dark_s + 60
    wait_until(lambda: house.observe()["t_s"] > seen["t_s"] + 60)


def test_outages_of_a_profile_begin_and_end_in_a_live_house(make_house, tmp_path):
    """The file has mains for 6 minutes of each half hour."""
    csv = tmp_path / "load.csv"
    rows = ["timestamp_local,meter,energy_kwh_30min,supply_fraction,voltage_v_when_on"]
    halves = [f"{half // 2:02}:{half % 2 * 30:02}" for half in range(48)]
    rows += [f"2026-01-01 {half}:00,A,0.1,0.2,240" for half in halves]
    csv.write_text("\n".join(rows))
    house = make_house(profile=csv)
    house.wake(START_S)
    house.live(10 * MULTIPLE)
    for mains in (False, True, False, True):
        wait_until(lambda mains=mains: house.observe()["mains"] == mains)
    assert house.observe()["status"]["16"] >= 2, "outages that the board itself counted"


def test_a_house_woken_later_had_no_mains_meanwhile(make_house):
    house = make_house()
    house.start()
    house.act(appliance="lamp", power_w=100)
    house.run_until(START_S + 3_600)
    before = house.observe()
    house.stop()
    house.wake(START_S + 86_400)
    assert house.observe()["t_s"] == START_S + 86_400
    # The lamp burns while the board starts, which takes less than a second.
    assert 0 <= house.observe()["delivered_mwh"] - before["delivered_mwh"] < 100 * 1000 / 3600


def test_without_access_point_there_is_no_session_and_with_it_there_is_one(tmp_path):
    board = ConnectedBoard(tmp_path)
    try:
        board.connect()
        board.house.start()
        board.house.act(wifi=False)
        board.house.run_until(START_S + 600)
        assert not board.broker.has_client(METER)
        board.house.act(wifi=True)
        board.house.run_until(START_S + 1_200)
        assert board.broker.has_client(METER)
        assert board.responder.events
    finally:
        board.end()
