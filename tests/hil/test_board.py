"""The real firmware in a simulated house: it meters, limits, obeys its button, outlives cuts."""

import pytest

from simulator.fleet import House

START_S = 200_000_000
RELAY, ENERGY_WH, HOLDS, TRIPS = "2", "5", "1", "15"
OVERLOAD = 8


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path / "h", "SIM1", bytes(32), 1, 7, START_S)
    house.start()
    house.run_until(START_S + 70)  # the random delay of the first start is over
    yield house
    house.kill()


def status(house):
    return house.observe()["status"]


def live(house, seconds):
    house.run_until(house.now_s + seconds)


def test_it_meters_an_hour_of_load_to_the_watt_hour_in_64_kb(house):
    before = house.observe()
    house.act(appliance="heater", power_w=400)
    live(house, 3600)
    after = house.observe()
    delivered_wh = (after["delivered_mwh"] - before["delivered_mwh"]) / 1000
    assert delivered_wh == 400
    assert abs(after["status"][ENERGY_WH] - before["status"][ENERGY_WH] - delivered_wh) <= 1
    assert after["heap"]["data_bytes_peak"] < 64 * 1024


def test_it_trips_on_overload_says_why_and_the_button_gives_supply_back(house):
    house.act(appliance="heater", power_w=1200)
    live(house, 10)
    tripped = house.observe()
    assert not tripped["relay_closed"]
    assert tripped["status"][HOLDS] & OVERLOAD
    assert tripped["display"][0].startswith("OVERLOAD")
    live(house, 15)
    house.act(button=True)
    live(house, 10)
    assert status(house)[TRIPS] == 2
    house.act(appliance="heater", power_w=0)
    live(house, 15)
    house.act(button=True)
    live(house, 3)
    assert house.observe()["relay_closed"]


@pytest.mark.parametrize("line", ["model", "pty"])
def test_kills_and_power_cuts_lose_no_energy_and_invent_none(tmp_path, line):
    house = House(tmp_path / "h", "SIM1", bytes(32), 1, 11, START_S, line=line)
    house.start()
    house.act(appliance="lamp", power_w=300)
    for cut in range(1, 5):
        live(house, 97 * cut)
        house.kill()
        house.start()
        live(house, 131)
        house.act(mains=False)
        live(house, 40)
        house.act(mains=True)
    live(house, 130)
    facts = house.observe()
    house.stop()
    assert facts["relay_closed"]
    assert 0 <= facts["chip_energy_wh"] - facts["status"][ENERGY_WH] <= 1
    assert 0 <= facts["delivered_mwh"] / 1000 - facts["chip_energy_wh"] < 1


def test_an_overload_is_not_cleared_by_a_power_cut(house):
    house.act(appliance="heater", power_w=1200)
    live(house, 10)
    house.act(mains=False)
    live(house, 600)
    house.act(mains=True)
    live(house, 100)
    assert status(house)[HOLDS] & OVERLOAD
    assert not house.observe()["relay_closed"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        pytest.param("root_key", "", "root_key", id="no key"),
        pytest.param("meter", "lower", "meter identity", id="no meter identity"),
        pytest.param(
            "broker", {"host": "h", "port": 1, "tls": True}, "ca.der", id="no certificate for TLS"
        ),
    ],
)
def test_a_wrong_configuration_costs_the_network_never_the_metering(tmp_path, name, value, says):
    class Misconfigured(House):
        def _prepare(self, config):
            super()._prepare(config | {name: value})

    house = Misconfigured(tmp_path / "h", "SIM1", bytes(32), 1, 7, START_S)
    house.start()
    house.act(appliance="heater", power_w=400)
    live(house, 30)
    assert house.observe()["display"][0].startswith("NOT CONFIGURED")
    live(house, 3600)
    counted_wh = status(house)[ENERGY_WH]
    house.kill()
    assert counted_wh >= 400
    assert says in house.log.read_text()
