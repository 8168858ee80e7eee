"""The simulated house: energy is exact, the chip lags, contacts bounce, weld and miss."""

import pytest

from simulator.plant.chip import crc16, sealed
from simulator.plant.world import World

START_S = 200_000_000
READ_ALL = sealed(bytes((1, 4, 0, 0, 0, 10)))


def closed_house(**options):
    world = World(START_S, seed=7, **options)
    pulse(world, closing=True)
    world.advance(1000)
    return world


def pulse(world, closing, duration_ms=60):
    world.drive_coil(closing, 1)
    world.advance(duration_ms)
    world.drive_coil(closing, 0)


def shown_power_dw(world):
    frame = world.answer(READ_ALL)
    assert crc16(frame) == 0
    return frame[9] << 8 | frame[10]


@pytest.mark.parametrize("step_ms", [1, 7, 999, 1000, 61_000, 3_600_000])
def test_energy_delivered_is_power_times_time_whatever_the_steps(step_ms):
    world = closed_house()
    before_mwh = world.delivered_mwh()
    world.switch("heater", 1500)
    left_ms = 3_600_000
    while left_ms:
        world.advance(min(step_ms, left_ms))
        left_ms -= min(step_ms, left_ms)
    assert world.delivered_mwh() - before_mwh == 1_500_000
    assert world.chip.energy_wh == 1500


def test_a_duty_cycle_delivers_its_share_and_an_inrush_its_surge():
    world = closed_house()
    world.switch("iron", 1000, duty=[30, 90])
    world.switch("pump", 500, inrush_w=3500, inrush_ms=1200)
    world.advance(3_600_000)
    assert world.observe()["delivered_by_appliance_mwh"] == {"iron": 250_000, "pump": 501_000}
    assert world.delivered_mwh() == 751_000


def test_the_chip_shows_a_change_after_one_to_two_and_a_half_seconds():
    for offset_ms in range(0, 1000, 50):
        world = closed_house()
        world.advance(10_000 + offset_ms)
        world.switch("heater", 1000)
        lag_ms = 0
        while shown_power_dw(world) == 0:
            world.advance(10)
            lag_ms += 10
        assert 1000 <= lag_ms <= 2500


def test_contacts_bounce_when_they_close_and_come_to_rest_closed():
    world = World(START_S, seed=7)
    pulse(world, closing=True)
    seen = []
    for _ in range(8):
        seen.append(world.load_side_live())
        world.advance(1)
    assert seen == [True, False, True, True, False, True, True, True]


def test_a_welded_relay_stays_live_and_a_missed_pulse_changes_nothing():
    world = closed_house()
    world.weld()
    pulse(world, closing=False)
    assert world.load_side_live()
    world.weld(False)
    world.relay.misses = 1
    pulse(world, closing=False)
    assert world.load_side_live()
    pulse(world, closing=False)
    assert not world.load_side_live()


def test_a_pulse_that_is_too_short_or_spans_midnight():
    world = World(START_S, seed=7)
    pulse(world, closing=True, duration_ms=5)
    assert not world.load_side_live()
    world.advance((86_400 - world.second % 86_400) * 1000 - world.ms - 30)
    pulse(world, closing=True)
    assert world.load_side_live()


def test_without_mains_nothing_flows_and_the_chip_is_dark_but_keeps_its_count():
    world = closed_house()
    world.switch("heater", 1000)
    world.advance(3_600_000)
    world.set_mains(False)
    world.advance(3_600_000)
    assert world.answer(READ_ALL) == b""
    world.set_mains(True)
    assert world.observe()["chip_energy_wh"] == 1000
    assert world.delivered_mwh() == 1_000_000


@pytest.mark.parametrize(
    ("request_frame", "answer"),
    [
        (sealed(bytes((1, 4, 0, 5, 0, 2))), sealed(bytes((1, 4, 4, 0, 0, 0, 0)))),
        (sealed(bytes((1, 3, 0, 2, 0, 1))), sealed(bytes((1, 3, 2, 0, 1)))),
        (sealed(bytes((1, 6, 0, 2, 0, 9))), sealed(bytes((1, 6, 0, 2, 0, 9)))),
        (sealed(bytes((1, 0x42))), sealed(bytes((1, 0x42)))),
        (sealed(bytes((1, 4, 0, 5, 0, 9))), sealed(bytes((1, 0x84, 2)))),
        (sealed(bytes((1, 6, 0, 2, 1, 0))), sealed(bytes((1, 0x86, 3)))),
        (sealed(bytes((1, 7, 0, 0, 0, 0))), sealed(bytes((1, 0x87, 1)))),
        (sealed(bytes((2, 4, 0, 0, 0, 10))), b""),
        (READ_ALL[:-1] + b"\x00", b""),
        (b"", b""),
    ],
)
def test_the_chip_answers_frames_as_its_maker_describes(request_frame, answer):
    assert World(START_S, seed=7).answer(request_frame) == answer


def test_a_restored_world_goes_on_exactly_as_the_first_would_have():
    first = closed_house()
    first.switch("iron", 900, inrush_w=2000, inrush_ms=700, duty=[20, 40])
    first.advance(123_457)
    second = World(START_S, seed=99)
    second.restore(first.state())
    for world in (first, second):
        world.advance(7_200_001)
    assert first.state() == second.state()


@pytest.mark.parametrize(
    ("power_w", "duty", "words"),
    [
        (-1, None, "0 to 60000 W"),
        (60_001, None, "0 to 60000 W"),
        (60, [0, 0], "at least 1 s"),
        (60, [5, -1], "at least 1 s"),
    ],
)
def test_an_appliance_that_cannot_be_is_refused(power_w, duty, words):
    world = World(START_S, seed=7)
    with pytest.raises(ValueError, match=words):
        world.switch("heater", power_w, duty=duty)
    assert world.observe()["delivered_by_appliance_mwh"] == {}
