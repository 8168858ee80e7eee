"""The real firmware in a house with each metering chip: it meters, limits, outlives cuts."""

import pytest

from simulator.errors import SimulatorError
from simulator.fleet import House
from simulator.plant import chips
from tests.micropython import run_micropython

START_S = 200_000_000
HOLDS, ENERGY_WH = "1", "5"
OVERLOAD, FAULT = 8, 64
MODBUS_CHIPS = ("sdm120", "sdm630")


def started(folder, chip, **options):
    house = House(folder / "h", "SIM1", bytes(32), 1, 7, START_S, chip=chip, hold_ms=1, **options)
    house.start()
    house.run_until(START_S + 70)
    return house


def live(house, seconds):
    house.run_until(house.now_s + seconds)


@pytest.mark.parametrize("chip", chips.NAMES)
def test_energy_is_kept_to_the_watt_hour_over_kills_and_power_cuts(tmp_path, chip):
    """The ATM90E32 has no counter that outlives a cut: of each it may lose what the docs say."""
    house = started(tmp_path, chip)
    house.act(appliance="lamp", power_w=300)
    for cut in range(1, 4):
        live(house, 97 * cut)
        house.kill()
        house.start()
        live(house, 131)
        house.act(mains=False)
        live(house, 40)
        house.act(mains=True)
    live(house, 130)
    house.act(appliance="lamp", power_w=0)
    live(house, 5)
    facts = house.observe()
    house.kill()
    assert facts["relay_closed"]
    missing_wh = facts["delivered_mwh"] / 1000 - facts["status"][ENERGY_WH]
    lost_a_cut_wh = 6 if chip == "atm90e32" else 0  # 60 s of 300 W and the rest of a count
    assert 0 <= missing_wh <= 2 + 6 * lost_a_cut_wh


@pytest.mark.parametrize("chip", chips.NAMES)
def test_a_chip_that_falls_silent_or_zero_is_a_fault_and_never_no_load(tmp_path, chip):
    house = started(tmp_path, chip)
    house.act(appliance="lamp", power_w=300)
    live(house, 10)
    for fault in ("silent", "zeroed"):
        house.act(chip=fault)
        live(house, 60)
        assert house.observe()["status"][HOLDS] & FAULT, fault
        house.act(chip=fault, value=0)
        live(house, 20)
        assert not house.observe()["status"][HOLDS], fault
    house.kill()


@pytest.mark.parametrize("chip", chips.NAMES)
def test_an_overload_opens_under_noise(tmp_path, chip):
    house = started(tmp_path, chip)
    house.act(chip="noise_pct", value=20)
    house.act(appliance="heater", power_w=1200)
    live(house, 15)
    facts = house.observe()
    house.kill()
    assert not facts["relay_closed"]
    assert facts["status"][HOLDS] & OVERLOAD


@pytest.mark.parametrize("chip", MODBUS_CHIPS)
def test_a_real_serial_line_tells_the_same_story_as_the_model(tmp_path, chip):
    seen = []
    for line in ("model", "pty"):
        house = started(tmp_path / line, chip, line=line)
        house.act(appliance="lamp", power_w=333)
        live(house, 600)
        facts = house.observe()
        house.kill()
        seen.append((facts["chip_energy_wh"], facts["status"][ENERGY_WH], facts["status"][HOLDS]))
    assert seen[0] == seen[1]
    assert seen[0][1] in (54, 55)


def test_loads_of_a_three_phase_house_sit_on_their_phases(tmp_path):
    house = started(tmp_path, "sdm630")
    house.act(appliance="pump", power_w=200, phase=2)
    house.act(appliance="lamps", power_w=90)
    live(house, 3600)
    facts = house.observe()
    house.kill()
    assert facts["power_w"] == 290
    assert facts["status"][ENERGY_WH] in (289, 290)


@pytest.mark.parametrize("chip", chips.NAMES)
def test_a_board_that_is_told_nothing_finds_its_chip(tmp_path, chip):
    """`METER = "auto"`, in a board definition that has both buses."""

    class Undecided(House):
        def _prepare(self, config):
            super()._prepare(config | {"board": "esp32_auto"})

    house = Undecided(tmp_path / "h", "SIM1", bytes(32), 1, 7, START_S, chip=chip, hold_ms=1)
    house.start()
    house.run_until(START_S + 70)
    house.act(appliance="lamp", power_w=300)
    live(house, 3600)
    facts = house.observe()
    house.kill()
    assert f"metering: found a {chip}" in house.log.read_text()
    assert facts["status"][ENERGY_WH] in (299, 300)


def test_calibration_corrects_load_and_energy_and_another_chips_is_refused(tmp_path):
    text = run_micropython(
        "from firmware.drivers import calibration\n"
        "print(calibration.encode('sdm120', 200000000, 0, 0, 50000))"
    )
    for chip, wanted_wh, words in (("sdm120", 315, ""), ("pzem004t", 300, "is for a sdm120")):
        house = started(tmp_path / chip, chip, files={"calibration.json": text.encode()})
        house.act(appliance="lamp", power_w=300)
        live(house, 3600)
        facts = house.observe()
        house.kill()
        assert abs(facts["status"][ENERGY_WH] - wanted_wh) <= 2
        assert words in house.log.read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [({"chip": "abacus"}, "is one of"), ({"chip": "atm90e32", "line": "pty"}, "no serial line")],
)
def test_a_chip_that_no_house_can_have_is_refused(tmp_path, options, words):
    with pytest.raises(SimulatorError, match=words):
        House(tmp_path / "h", "SIM1", bytes(32), 1, 7, START_S, **options)
