"""The front of a simulated board: pages, keypad, long and stuck button, and its input lines."""

import pytest

from simulator.fleet import House

START_S = 200_000_000
SOURCE, TAMPERS = "27", "35"
TOKEN = "12345678901234567890"


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path / "h", "SIM1", bytes(32), 1, 7, START_S)
    house.start()
    house.run_until(START_S + 70)  # the random delay of the first start is over
    yield house
    house.kill()


def live(house, seconds):
    house.run_until(house.now_s + seconds)
    return [line.strip() for line in house.observe()["display"]]


def test_the_pages_turn_and_tell_meter_and_firmware(house):
    seen = {tuple(live(house, 3)) for _ in range(40)}
    assert ("Total", "0.00 kWh") in seen
    assert any(first == "SIM1" and second.startswith("bijli") for first, second in seen)


def test_a_press_turns_the_page(house):
    live(house, 200)
    before = live(house, 1)
    house.act(button=True)
    assert live(house, 2) != before


def test_what_is_typed_is_shown_and_a_code_opens_its_page(house):
    house.act(keys=TOKEN[:14])
    assert live(house, 10) == ["1234 5678 9012", "34_"]
    house.act(keys="*" * 14)
    live(house, 10)
    house.act(keys="005#")
    assert live(house, 3)[0] == "SIM1"
    house.act(keys=TOKEN + "#")
    assert live(house, 15) == ["TOKEN REFUSED", "Check digits"]


def test_a_button_that_is_stuck_is_told_once(house):
    sequence = house.observe()["status"]["19"]
    house.act(button_stuck=True)
    live(house, 300)
    assert house.observe()["status"]["19"] == sequence + 1
    house.act(button_stuck=False)
    live(house, 5)
    before = live(house, 1)
    house.act(button=True)
    assert live(house, 2) != before


def test_cover_and_generator_reach_the_core(house):
    house.act(cover_open=True)
    house.act(generator=True)
    assert "GENERATOR" in {live(house, 2)[0] for _ in range(10)}
    status = house.observe()["status"]
    assert (status[TAMPERS], status[SOURCE]) == (1, 1)


def test_an_announced_power_cut_loses_no_watt_hour(house):
    house.act(appliance="heater", power_w=480)
    live(house, 625)
    house.act(power_failing=True)
    live(house, 1)
    cut = house.observe()
    house.act(mains=False)
    house.run_until(house.now_s + 600)
    house.act(mains=True)
    live(house, 5)
    after = house.observe()
    assert after["status"]["5"] >= cut["status"]["5"]
    assert after["status"]["16"] == cut["status"]["16"] + 1
