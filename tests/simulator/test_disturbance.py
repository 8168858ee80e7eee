"""What a broken chip or line does to the frames that the board gets, and to its world."""

import pytest

from simulator.plant.chip import crc16, sealed
from simulator.plant.world import World

START_S = 200_000_000
READ_ALL = sealed(bytes((1, 4, 0, 0, 0, 10)))


@pytest.fixture
def world():
    world = World(START_S, seed=7)
    world.drive_coil(True, 1)
    world.advance(60)
    world.drive_coil(True, 0)
    world.switch("heater", 1000)
    world.advance(10_000)
    return world


def break_chip(world, fault, value=1):
    world.disturbance.set(fault, value)
    return world.answer(READ_ALL)


def test_a_silent_chip_says_nothing_and_a_repaired_one_speaks_again(world):
    assert break_chip(world, "silent") == b""
    assert len(break_chip(world, "silent", 0)) == 25


def test_a_frozen_chip_repeats_itself_while_the_world_goes_on(world):
    frozen = break_chip(world, "frozen")
    world.switch("heater", 3000)
    world.advance(600_000)
    assert world.answer(READ_ALL) == frozen
    assert break_chip(world, "frozen", 0) != frozen


def test_a_zeroed_chip_sends_whole_frames_of_zeros(world):
    frame = break_chip(world, "zeroed")
    assert crc16(frame) == 0
    assert frame[:3] == b"\x01\x04\x14"
    assert not any(frame[3:-2])


def test_another_device_answers_with_its_own_address_and_a_good_crc(world):
    frame = break_chip(world, "address", 9)
    assert frame[0] == 9
    assert crc16(frame) == 0


def test_an_echo_comes_before_the_answer(world):
    assert break_chip(world, "echo").startswith(READ_ALL)


def test_noise_damages_about_so_many_of_a_hundred_and_no_damaged_frame_is_whole(world):
    good = world.answer(READ_ALL)
    world.disturbance.set("noise_pct", 30)
    frames = [world.answer(READ_ALL) for _ in range(1000)]
    damaged = [frame for frame in frames if frame != good]
    assert 230 <= len(damaged) <= 370
    for frame in damaged:
        assert len(frame) != 25 or crc16(frame) != 0


def test_several_faults_stand_at_once_and_outlive_a_power_cut(world):
    world.disturbance.set("zeroed", 1)
    frame = break_chip(world, "address", 5)
    again = World(START_S, seed=7)
    again.restore(world.state())
    assert again.answer(READ_ALL) == frame
    assert frame[0] == 5
    assert not any(frame[3:-2])


@pytest.mark.parametrize(("fault", "value"), [("tired", 1), ("silent", 2), ("noise_pct", 101)])
def test_a_fault_that_no_chip_has_is_refused(world, fault, value):
    with pytest.raises(ValueError, match="a chip's faults are silent"):
        world.disturbance.set(fault, value)


@pytest.mark.parametrize("measured_dv", [0, 2385])
def test_the_voltage_of_a_healthy_feeder_moves_at_least_every_two_minutes(measured_dv):
    world = World(START_S, seed=3)
    world.mains.measured_dv = measured_dv
    seen = world.mains.voltage_dv()
    still_s = longest_s = 0
    for _ in range(20_000):
        world.advance(1000)
        before, seen = seen, world.mains.voltage_dv()
        still_s = still_s + 1 if seen == before else 0
        longest_s = max(longest_s, still_s)
        assert not measured_dv or abs(seen - measured_dv) <= 2
    assert longest_s <= 120


def test_long_bounce_ends_closed_and_an_opening_pulse_ends_it_at_once(world):
    relay = world.relay
    world.drive_coil(False, 1)
    world.advance(60)
    world.drive_coil(False, 0)
    relay.bounce_ms = 500
    seen = set()
    world.drive_coil(True, 1)
    world.advance(60)
    world.drive_coil(True, 0)
    for _ in range(400):
        seen.add(relay.closed)
        world.advance(1)
    assert seen == {True, False}
    world.drive_coil(False, 1)
    world.advance(60)
    world.drive_coil(False, 0)
    world.advance(1000)
    assert not relay.closed


def test_the_boards_clock_drifts_jumps_and_loses_its_battery(world):
    world.set_rtc(world.second)
    world.drift_rtc(200)
    world.advance(1_000_000_000)
    assert world.rtc_s() - world.second == 200
    world.drift_rtc(0)
    world.advance(1_000_000_000)
    assert world.rtc_s() - world.second == 200
    world.lose_rtc()
    assert world.rtc_s() < -600_000_000


def test_a_broken_sense_tells_what_it_likes(world):
    for says, told in ((0, False), (1, True), (None, True)):
        world.load_sense = says
        assert world.load_side_live() is told


def test_a_power_cut_within_a_pulse_ends_the_pulse(world):
    """Long enough, it has moved the armature; too short, it has not."""
    for duration_ms, closed in ((10, True), (30, False)):
        world.drive_coil(False, 1)
        world.advance(duration_ms)
        world.lose_power()
        assert world.relay.closed is closed
