"""Houses and fleets around a stand-in firmware: time, determinism, power cuts, kills, errors."""

import shutil
from pathlib import Path

import pytest

from simulator import interpreter
from simulator.errors import BoardDied, BoardRefused, NotRunning, SimulatorError
from simulator.fleet import House
from simulator.village import Fleet

START_S = 200_000_000
STANDIN = Path(__file__).parent / "standin"


@pytest.fixture(scope="session")
def standin(tmp_path_factory):
    """Sources of the simulator with the stand-in as firmware."""
    root = tmp_path_factory.mktemp("standin")
    for name in ("plant", "hardware", "board.py"):
        (root / "simulator").mkdir(exist_ok=True)
        (root / "simulator" / name).symlink_to(interpreter.ROOT / "simulator" / name)
    (root / "protocol").symlink_to(interpreter.ROOT / "protocol")
    shutil.copytree(STANDIN / "firmware", root / "firmware")
    return root


@pytest.fixture
def make_house(tmp_path, standin):
    houses = []

    # Room for the names that `simulator/board.py` makes so that the real firmware need not.
    def make(name="one", seed=7, heap_bytes=1 << 20, **options):
        house = House(
            tmp_path / name,
            "SIM1",
            bytes(32),
            1,
            seed,
            START_S,
            build=standin,
            heap_bytes=heap_bytes,
            **options,
        )
        houses.append(house)
        house.start()
        return house

    yield make
    for house in houses:
        house.kill()


def history(house):
    house.act(appliance="heater", power_w=1000, duty=[7, 11])
    facts = []
    for hour in range(1, 4):
        house.run_until(START_S + hour * 3600)
        facts.append(house.observe())
    return [(fact["delivered_mwh"], fact["voltage_dv"], fact["chip_energy_wh"]) for fact in facts]


def test_one_seed_is_one_run_and_another_seed_another(make_house):
    assert history(make_house("a", seed=5)) == history(make_house("b", seed=5))
    assert history(make_house("c", seed=5)) != history(make_house("d", seed=6))


def test_both_lines_to_the_chip_tell_the_same_story(make_house):
    assert history(make_house("a", line="model")) == history(make_house("b", line="pty"))


def test_days_pass_while_the_ticks_of_asyncio_stay_near_the_real_ones(make_house):
    """Ticks wrap at 2^30 ms and compare over 6.2 days only."""
    house = make_house()
    house.act(appliance="heater", power_w=100)
    house.run_until(START_S + 7 * 86_400)
    assert house.observe()["chip_energy_wh"] in (16_799, 16_800)


def test_after_a_kill_the_world_resumes_where_the_flash_cannot_contradict_it(make_house):
    house = make_house()
    house.act(appliance="heater", power_w=1000)
    for kill in range(1, 6):
        house.run_until(START_S + kill * 777)
        before_s = house.now_s
        house.kill()
        house.start()
        assert before_s - 61 <= house.now_s <= before_s
    house.run_until(START_S + 7200)
    assert house.observe()["chip_energy_wh"] in (1999, 2000)


def test_a_power_cut_stops_the_board_and_the_energy(make_house):
    house = make_house()
    house.act(appliance="heater", power_w=1000)
    house.run_until(START_S + 3600)
    house.act(mains=False)
    house.run_until(START_S + 7200)
    dark = house.observe()
    assert (dark["mains"], dark["power_w"], dark["t_s"]) == (False, 0, START_S + 7200)
    with pytest.raises(NotRunning, match="has no mains"):
        house.act(button=True)
    house.act(mains=True)
    house.run_until(START_S + 7300)
    assert house.observe()["delivered_mwh"] - dark["delivered_mwh"] == pytest.approx(
        27_778, abs=100
    )


def test_an_outage_in_the_profile_is_lived_through(make_house, tmp_path):
    """The file has no mains from 01:06 to 02:00 every day; it is 01:03:20 at the start."""
    csv = tmp_path / "load.csv"
    rows = ["timestamp_local,meter,energy_kwh_30min,supply_fraction,voltage_v_when_on"]
    for half_hour in range(48):
        supplied = {2: "0.2", 3: "0"}.get(half_hour, "1")
        rows.append(
            f"2026-01-01 {half_hour // 2:02}:{half_hour % 2 * 30:02}:00,A,0.1,{supplied},240"
        )
    csv.write_text("\n".join(rows))
    house = make_house(profile=csv)
    local_s = (START_S + 19_800) % 86_400
    midnight_s = START_S - local_s + 86_400
    house.run_until(midnight_s + 5400)
    assert not house.observe()["mains"]
    house.run_until(midnight_s + 7500)
    assert house.observe()["mains"]
    assert house.log.read_text().count("started") == 3


def test_a_fleet_lives_through_the_same_time(make_house):
    houses = [make_house(name, seed=seed) for seed, name in enumerate("abc")]
    reached = []
    fleet = Fleet(houses)
    fleet.run_until(START_S + 5000, reached.append)
    assert reached == [START_S + 3600, START_S + 5000]
    assert {house.now_s for house in houses} == {START_S + 5000}


def test_a_refused_action_says_what_and_the_house_lives_on(make_house):
    house = make_house()
    with pytest.raises(BoardRefused, match="nothing in a house is called lightning"):
        house.act(lightning=True)
    house.run_until(START_S + 10)


def test_a_firmware_that_dies_shows_the_end_of_its_log(tmp_path, standin):
    broken = tmp_path / "broken"
    shutil.copytree(standin, broken, symlinks=True)
    (broken / "firmware/main.py").write_text("def run():\n    raise RuntimeError('no such pin')\n")
    house = House(
        tmp_path / "h", "SIM1", bytes(32), 1, 7, START_S, build=broken, heap_bytes=1 << 20
    )
    house.start()
    with pytest.raises(BoardDied, match="no such pin"):
        house.run_until(START_S + 10)


def test_an_unknown_line_is_refused(tmp_path):
    with pytest.raises(SimulatorError, match="model or pty"):
        House(tmp_path / "h", "SIM1", bytes(32), 1, 7, START_S, line="radio")
