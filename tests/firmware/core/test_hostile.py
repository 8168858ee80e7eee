"""What somebody at the mains switch, the button or a dying flash can try, and a stuck line."""

import pytest

from firmware.core import holds
from firmware.core.actions import CLOSE_RELAY, OPEN_RELAY
from firmware.core.inputs import COVER_OPEN, POWER_FAILING
from protocol import commands, messages

REFUSED = messages.EVENT_BUTTON_REFUSED
STORAGE_FAILED = commands.REASON_STORAGE_FAILED


def test_a_power_fail_line_that_is_stuck_is_told_and_does_not_keep_supply_off_for_ever(bench):
    bench.board.inputs = POWER_FAILING
    bench.run(30)
    assert not bench.is_closed
    bench.run(60)
    assert bench.is_closed
    assert bench.events(messages.EVENT_BUTTON_STUCK) == [1]
    bench.run(3600)
    assert bench.is_closed
    assert bench.events(messages.EVENT_BUTTON_STUCK) == [1]
    assert bench.events(messages.EVENT_POWER_FAILED) == [0]


def test_a_power_fail_line_that_was_stuck_is_believed_again_after_it_was_quiet(bench):
    bench.board.inputs = POWER_FAILING
    bench.run(100)
    bench.board.inputs = 0
    bench.run(20)
    assert bench.is_closed
    bench.board.inputs = POWER_FAILING
    bench.run(1)
    assert not bench.is_closed


def test_a_stuck_line_that_goes_on_falling_does_not_open_supply_again(bench):
    """Its interrupt comes with every fall of a line that chatters."""
    bench.board.inputs = POWER_FAILING
    bench.run(100)
    assert not bench.drive(bench.board.power_failing(bench.now_s)) & OPEN_RELAY
    assert bench.is_closed


def record_order(bench):
    """Let the pulse and every write of the store tell their order."""
    order = []
    write = bench.store._write

    def noted():
        order.append("write")
        write()

    bench.store._write = noted
    bench.board.supply.open_now = lambda: order.append("pulse")
    return order


def trip(bench):
    bench.run(1, 2500)


def fail_power(bench):
    bench.board.power_failing(bench.now_s)


def disconnect(bench):
    bench.command(commands.DISCONNECT, {})


@pytest.mark.parametrize("cause", [trip, fail_power])
def test_the_relay_is_opened_before_anything_is_written(bench, cause):
    bench.run(1)
    order = record_order(bench)
    cause(bench)
    assert order[0] == "pulse"
    assert order.count("pulse") == 1
    assert "write" in order
    assert not bench.status(2)


@pytest.mark.parametrize("cause", [trip, fail_power, disconnect])
def test_a_relay_that_was_opened_at_once_is_not_pulsed_twice(bench, cause):
    order = record_order(bench)
    asked = []
    bench.drive = asked.append
    cause(bench)
    assert order.count("pulse") == 1
    assert not any(wanted and wanted & OPEN_RELAY for wanted in asked)


def test_no_second_asks_for_both_pulses(bench):
    """A weld is pulsed in the second in which the hold ends."""
    bench.command(commands.DISCONNECT, {})
    for _ in range(2):
        bench.second_with_line(True)
    bench.command(commands.RECONNECT, {})
    bench.command(commands.DISCONNECT, {})
    for _ in range(2):
        bench.second_with_line(True)
    bench.board.supply.holds = holds.START  # it ends in the second of the weld's pulse
    wanted = bench.board.tick(bench.now_s + 1, bench.uptime_s + 1, bench.sample, True)
    assert wanted & CLOSE_RELAY
    assert not wanted & OPEN_RELAY


def test_a_button_that_is_pressed_all_night_does_not_push_other_events_out_of_the_ring(bench):
    bench.command(commands.DISCONNECT, {})
    for _ in range(1000):
        bench.press()
        bench.run(2)
    assert len(bench.events(REFUSED)) == 1
    bench.run(3600)
    bench.press()
    assert len(bench.events(REFUSED)) == 2


def test_the_operator_can_switch_supply_although_nothing_can_be_written(bench):
    """The receipt says both: it is done, and a power cut may undo it."""
    bench.store.is_broken = True
    assert bench.command(commands.DISCONNECT, {}) == (commands.STAGE_APPLIED, STORAGE_FAILED)
    bench.run(1)
    assert (bench.is_closed, bench.holds) == (False, holds.OPERATOR)
    assert bench.command(commands.RECONNECT, {}) == (commands.STAGE_APPLIED, STORAGE_FAILED)
    bench.run(1)
    assert bench.is_closed


def test_a_board_whose_flash_died_can_be_given_supply_after_every_start(bench):
    bench.store.is_broken = True

    def fails():
        raise OSError(5)

    bench.store.load_ledger = fails
    for _ in range(2):
        bench.cut(60)
        bench.run(1)
        assert bench.holds == holds.OPERATOR
        assert bench.command(commands.RECONNECT, {})[0] == commands.STAGE_APPLIED
        bench.run(1)
        assert bench.is_closed


def test_a_switch_command_that_was_not_written_is_written_once_the_flash_recovers(bench):
    bench.store.is_broken = True
    bench.command(commands.DISCONNECT, {}, identity=b"disconn1")
    bench.store.is_broken = False
    bench.run(20)
    bench.cut(5)
    bench.run(1)
    assert bench.holds == holds.OPERATOR
    assert bench.board.has_concluded(b"disconn1")


def test_a_trip_whose_write_failed_is_written_within_seconds(bench):
    """Not with the next minute: the mains switch is nearer."""
    bench.store.is_broken = True
    bench.run(1, 2500)
    bench.store.is_broken = False
    bench.run(6)
    bench.cut(0)
    assert bench.holds & holds.OVERLOAD


def test_a_dead_flash_is_not_written_every_second(bench):
    bench.store.is_broken = True
    writes = []
    bench.store._write = lambda: writes.append(1) or (_ for _ in ()).throw(OSError(5))
    bench.run(600, 2500)
    assert len(writes) < 200


def test_a_counter_that_stood_still_is_given_another_chance_every_hour(bench):
    """Nothing flows while supply is off, so nothing could ever show that it moves again."""
    bench.run(10, 900)
    stuck_wh = bench.sample.energy_wh
    for _ in range(300):
        bench.run(1)
        bench.sample.energy_wh = stuck_wh
        bench.consumed_ws = stuck_wh * 3600
    assert bench.holds == holds.FAULT
    bench.run(3000)
    assert bench.holds == holds.FAULT
    bench.run(700)
    assert bench.is_closed
    bench.run(600)
    assert bench.is_closed  # it counts again


def test_the_clock_can_be_set_although_nothing_can_be_written(make_bench):
    """Else a board without a battery clock could never be given supply again."""
    bench = make_bench()
    bench.store.is_broken = True
    bench.cut(0, clock_state=0)
    assert bench.command(commands.SET_CLOCK, {0: bench.now_s})[0] == commands.STAGE_APPLIED
    assert bench.command(commands.RECONNECT, {})[0] == commands.STAGE_APPLIED


def test_a_cover_opened_again_in_the_dark_right_after_it_was_closed_is_told(bench):
    bench.board.inputs = COVER_OPEN
    bench.run(1)
    bench.board.inputs = 0
    bench.run(12)  # closed, and the ledger's minute is not over
    bench.cut(5)
    bench.board.inputs = COVER_OPEN
    bench.run(1)
    assert len(bench.events(messages.EVENT_COVER_OPENED)) == 2
