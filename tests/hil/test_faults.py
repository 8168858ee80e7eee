"""Every fault of the catalogue begins and ends in a house with the real firmware."""

import pytest

from simulator.errors import BoardRefused
from simulator.faults import FAULTS, FaultError, events, parse
from simulator.fleet import House
from simulator.injection import OUTSIDE, Injector

START_S = 200_000_000
HOLDS, OUTAGES = "1", "16"
FAULT_HOLD = 64
LASTS_S = 120


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path / "h", "SIM1", bytes(32), 1, 7, START_S)
    house.start()
    house.run_until(START_S + 70)  # the random delay of the first start is over
    yield house
    house.kill()


def live_through(house, told, duration_s):
    """Carry the events out at their times; return the injector."""
    injector = Injector(house, told, house.now_s, dict.fromkeys(OUTSIDE, lambda _: None))
    injector.run_until(house.now_s + duration_s)
    return injector


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "flash_worn"])
def test_a_house_outlives_every_fault_and_has_supply_again(house, name):
    """Not the worn flash: docs/simulator.md, "Faults"."""
    house.act(appliance="lamp", power_w=100)
    injector = live_through(house, events(name, None, 10, LASTS_S), 1_800)
    seen = house.observe()
    assert injector.next_s() is None
    assert not injector.standing
    assert "died" not in house.log.read_text(), "a task of the firmware"
    if not seen["relay_closed"]:  # nobody pressed the button
        house.act(button=True)
        house.run_until(house.now_s + 60)
    assert house.observe()["relay_closed"]


@pytest.mark.parametrize("name", ["chip_silent", "chip_zeroed", "chip_address"])
def test_a_chip_that_tells_nothing_true_costs_the_supply_within_a_minute(house, name):
    live_through(house, events(name, None, 1, None), 61)
    seen = house.observe()
    assert seen["status"][HOLDS] & FAULT_HOLD
    assert not seen["relay_closed"]


def test_echo_and_some_noise_cost_nothing(house):
    house.act(appliance="lamp", power_w=400)
    before = house.observe()["status"]["5"]
    live_through(house, parse("chip_echo") + parse("chip_noise=10"), 3_600)
    seen = house.observe()
    assert seen["relay_closed"]
    assert 398 <= seen["status"]["5"] - before <= 400


def test_brown_outs_are_so_many_starts_of_the_chip_and_then_power_stays(house):
    live_through(house, parse("brown_out=20"), 1_800)
    seen = house.observe()
    assert seen["mains"]
    assert seen["relay_closed"]
    assert seen["status"][OUTAGES] == 21


def test_a_sag_resets_the_board_and_not_the_chip(house):
    house.act(appliance="lamp", power_w=200)
    house.run_until(house.now_s + 600)
    before = house.observe()
    house.act(sag=True)
    house.run_until(house.now_s + 100)
    after = house.observe()
    assert after["status"][OUTAGES] == before["status"][OUTAGES] + 1
    assert after["chip_energy_wh"] >= before["chip_energy_wh"]
    assert after["relay_closed"]


def test_a_fault_that_falls_due_in_the_dark_waits_for_the_power(house):
    told = parse("power_cut=300@10") + parse("chip_silent@60")
    injector = live_through(house, told, 200)
    assert house.dark
    assert "chip_silent" not in injector.standing
    house.run_until(house.now_s + 200)
    assert not house.dark
    assert [event.fault for event in injector.step(house.now_s)] == ["chip_silent"]


def test_one_seed_is_one_run_also_under_faults(tmp_path):
    def run(name):
        house = House(tmp_path / name, "SIM1", bytes(32), 1, 11, START_S)
        house.start()
        house.act(appliance="heater", power_w=600, duty=[40, 50])
        told = parse("brown_out=8@1h") + parse("chip_noise=40@10m/1h") + parse("sag@2h")
        live_through(house, told, 9_000)
        seen = house.observe()
        house.kill()
        return [seen[key] for key in ("delivered_mwh", "chip_energy_wh", "relay_operations")], {
            key: value for key, value in seen["status"].items() if key != "20"
        }

    assert run("first") == run("second")


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ({"lightning": True}, "nothing in a house is called lightning; one of: .*appliance, "),
        ({"bounce_ms": 99_999}, "ms that contacts bounce: 0 to 2000, not 99999"),
        ({"load_sense": "blue"}, "dead, live or well"),
        ({"chip": "sleepy"}, "a chip's faults are silent"),
        ({"brown_out": 0}, "brown-outs: 1 to 1000"),
        ({"button": True, "press_ms": 0}, "ms that a button is held"),
        ({"weld": True, "misses": 2}, "one of"),
        ({"appliance": "heater"}, "TypeError"),
    ],
)
def test_an_action_that_cannot_be_is_refused_and_the_house_lives_on(house, action, says):
    with pytest.raises(BoardRefused, match=says):
        house.act(**action)
    house.run_until(house.now_s + 10)


def test_a_fault_of_the_far_end_needs_one(house):
    with pytest.raises(FaultError, match="broker_lost needs a broker"):
        Injector(house, parse("broker_lost"), START_S)
