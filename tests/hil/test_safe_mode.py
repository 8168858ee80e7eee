"""A firmware whose network hangs the chip: the watchdog, the safe mode, and the way out of it."""

import shutil

import pytest

from simulator import interpreter
from simulator.fleet import House

START_S = 200_000_000
HOLDS, CRASHES, IS_SAFE = "1", "33", "34"
OVERLOAD = 8

HANGING_LINK = """
import asyncio
import time


async def hang():
    await asyncio.sleep(%d)
    while True:
        time.sleep(1)


def connect(application, store, config, firmware, cause):
    application.furnish("mqtt", hang)
"""


@pytest.fixture
def make_house(tmp_path):
    houses = []

    def make(hangs_after_s):
        build = tmp_path / "build"
        shutil.copytree(interpreter.compile_sources(), build, symlinks=True)
        (build / "firmware/link.mpy").unlink()
        (build / "firmware/link.py").write_text(HANGING_LINK % hangs_after_s)
        house = House(tmp_path / "h", "SIM1", bytes(32), 1, 7, START_S, build=build)
        houses.append(house)
        house.start()
        return house

    yield make
    for house in houses:
        house.kill()


def live(house, seconds):
    house.run_until(house.now_s + seconds)
    return house.observe()


def test_a_chip_that_hangs_is_reset_and_after_four_times_runs_without_what_hangs(make_house):
    house = make_house(20)
    seen = live(house, 200)
    assert seen["status"][CRASHES] == 4
    assert seen["status"][IS_SAFE] == 1
    assert "SAFE MODE" in {live(house, 2)["display"][0].strip() for _ in range(60)}
    live(house, 120)
    house.act(appliance="heater", power_w=1500)
    tripped = live(house, 10)
    assert not tripped["relay_closed"]
    assert tripped["status"][HOLDS] & OVERLOAD, "it still limits"
    assert tripped["status"][CRASHES] == 4


def test_power_cuts_keep_the_safe_mode_and_after_its_hour_everything_is_tried_again(make_house):
    house = make_house(20)
    live(house, 200)
    for _ in range(4):
        live(house, 600)
        house.act(mains=False)
        house.run_until(house.now_s + 60)
        house.act(mains=True)
        assert live(house, 10)["status"][IS_SAFE] == 1
    for _ in range(40):
        if live(house, 60)["status"][CRASHES] == 5:
            break
    assert house.observe()["status"][CRASHES] == 5, "it tried, and crashed"
    assert live(house, 60)["status"][IS_SAFE] == 1


def test_crashes_that_are_far_apart_never_lead_to_the_safe_mode(make_house):
    house = make_house(1000)
    seen = live(house, 6000)
    assert seen["status"][CRASHES] >= 5
    assert IS_SAFE not in seen["status"]
