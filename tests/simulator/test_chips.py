"""Models of the metering chips: they lag, count, forget and come back as docs/metering.md says."""

import json
import os
import struct

import pytest

from simulator.line import SerialLine
from simulator.plant import chips
from simulator.plant.eastron import float_words
from simulator.plant.modbus import sealed
from simulator.plant.world import World

START_S = 200_000_000
LAG_MS = {
    "pzem004t": (1000, 2500), "sdm120": (400, 1100), "sdm630": (400, 1100), "atm90e32": (90, 210)
}  # fmt: skip
READ_POWER = sealed(bytes((1, 4, 0, 12, 0, 2)))
CONFIGURATION = ((0x7F, 0x55AA), (0x31, 0x0861), (0x32, 0xC468), (0x61, 0x8000), (0x00, 1))


def house(chip):
    world = World(START_S, seed=7, chip=chip)
    world.relay.weld()
    for register, value in CONFIGURATION if chip == "atm90e32" else ():
        world.transfer(bytes((0, register, value >> 8, value & 255)))
    return world


def shown_power(world, chip):
    if chip == "atm90e32":
        return world.transfer(bytes((0x80, 0xC1, 0, 0)))
    if chip == "pzem004t":
        return world.chip.input_registers(world.second, world.ms)[3]
    return struct.unpack(">f", world.answer(READ_POWER)[3:7])[0]


@pytest.mark.parametrize("chip", chips.NAMES)
def test_a_change_is_seen_after_the_lag_of_the_chip(chip):
    for offset_ms in range(0, 1000, 70):
        world = house(chip)
        world.advance(10_000 + offset_ms)
        world.switch("heater", 1000)
        lag_ms = 0
        while not shown_power(world, chip):
            world.advance(10)
            lag_ms += 10
        assert LAG_MS[chip][0] <= lag_ms <= LAG_MS[chip][1]


@pytest.mark.parametrize("chip", chips.NAMES)
def test_a_restored_house_goes_on_exactly_as_the_first_would_have(chip):
    first = house(chip)
    first.switch("iron", 900, inrush_w=2000, inrush_ms=700, duty=[20, 40], phase=3)
    first.advance(123_457)
    second = World(START_S, seed=99, chip=chip)
    second.restore(json.loads(json.dumps(first.state())))
    for world in (first, second):
        world.advance(7_200_001)
    assert first.state() == second.state()


def test_an_energy_register_of_the_atm90e32_clears_when_read_and_dies_with_the_mains():
    world = house("atm90e32")
    world.switch("heater", 1000)
    world.advance(36_000)  # 10 Wh
    read = bytes((0x80, 0x81, 0, 0))
    assert world.transfer(read) == 3200
    assert world.transfer(bytes((0x80, 0x78, 0, 0))) == 3200
    assert world.transfer(read) == 0
    world.advance(36_000)
    world.set_mains(False)
    assert world.transfer(read) == 0xFFFF
    world.set_mains(True)
    world.advance(36_000)
    assert world.transfer(read) == 0  # nobody has configured it


@pytest.mark.parametrize("value", [0, 1, -1, 7, 2301, 12_345, 999_999_999, -250_000, 33_554_435])
@pytest.mark.parametrize("per_unit", [1, 10, 1000])
def test_floats_made_of_integers_are_the_computers_own(value, per_unit):
    high, low = float_words(value, per_unit)
    assert struct.pack(">HH", high, low) == struct.pack(">f", value / per_unit)


@pytest.mark.parametrize("first", [0, 70])
def test_the_modbus_server_sends_the_same_octets_as_the_model_of_an_sdm630(tmp_path, first):
    world = house("sdm630")
    world.switch("heater", 1234, phase=2)
    world.advance(3_600_000)
    registers = world.chip.input_registers(world.second, world.ms)
    line = SerialLine(tmp_path / "registers.bin", len(registers))
    (tmp_path / "registers.bin").write_bytes(struct.pack(f">{len(registers)}H", *registers))
    request = sealed(bytes((1, 4, 0, first, 0, 6)))
    os.write(line.board_end, request)
    received = b""
    while len(received) < 17:
        received += os.read(line.board_end, 17)
    line.close()
    assert received == world.answer(request)
