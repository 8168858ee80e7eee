"""A board with a damaged file system still meters and limits, and formats nothing."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.fleet import House

START_S = 200_000_000
FLASH_BYTES = 384 * 4096


def garbage(_: bytes) -> bytes:
    """Nothing of the file system is left."""
    return random.Random(1).randbytes(FLASH_BYTES)


def half(image: bytes) -> bytes:
    """The second half of the flash is garbage, in the first stands what stood there."""
    return image[: FLASH_BYTES // 2] + garbage(image)[FLASH_BYTES // 2 :]


def beheaded(image: bytes) -> bytes:
    """The file system's first two blocks are garbage."""
    return garbage(image)[:8192] + image[8192:]


@pytest.mark.parametrize("damage", [garbage, half, beheaded])
def test_a_board_meters_with_a_damaged_file_system_and_formats_nothing(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    """Once the image is damaged, the board comes up, counts, and leaves the damage as it is."""
    house = House(tmp_path / "house", "SIM1", bytes(32), 1, 7, START_S)
    flash = house.directory / "flash.img"
    damaged = damage(flash.read_bytes())
    flash.write_bytes(damaged)
    house.start()
    try:
        house.act(appliance="heater", power_w=300)
        house.run_until(START_S + 120)
        seen = house.observe()
        assert seen["status"]["23"] >= 0
        assert seen["display"]
        if damage is not half:
            assert "nothing is formatted" in house.log.read_text()
            assert flash.read_bytes() == damaged
            assert not seen["relay_closed"]  # nobody knows what holds there were
    finally:
        house.kill()


def test_a_relay_that_the_ledger_wants_open_is_opened_before_the_firmware_runs(
    tmp_path: Path,
) -> None:
    """Opened at an overload, closed by hand behind the board's back in the dark: opened again."""
    house = House(tmp_path / "house", "SIM1", bytes(32), 1, 7, START_S)
    house.start()
    try:
        house.run_until(START_S + 20)
        house.act(appliance="heater", power_w=3000)
        house.run_until(START_S + 40)
        assert not house.observe()["relay_closed"]
        before = house.observe()["relay_operations"]
        house.act(mains=False)
        house.run_until(START_S + 60)
        house.act(mains=True)
        house.run_until(START_S + 63)
        assert not house.observe()["relay_closed"]
        assert house.observe()["relay_operations"] >= before
    finally:
        house.kill()
