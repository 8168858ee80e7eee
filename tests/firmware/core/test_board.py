"""The board as a whole: supply hours, readings, outages, the relay, commands and counters."""

import contextlib

import pytest

from firmware.core import actions, holds, journal, ledger
from firmware.core.clock import UNSET
from protocol import bodies

HOUR_S = 3600
DAY_S = 86_400
DISCONNECT, RECONNECT, SET_CLOCK = 1, 2, 7
SUPPLY_OFF, SUPPLY_ON = 301, 302


@pytest.mark.parametrize(
    ("hour", "is_on"),
    [(17.99, False), (18, True), (23.99, True), (24, True), (29.99, True), (30, False)],
)
def test_supply_hours_over_midnight_follow_local_time(make_bench, midnight_s, hour, is_on):
    """18:00 to 06:00 on the night that begins on a Sunday; the next night has none."""
    bench = make_bench(midnight_s + int(hour * HOUR_S))
    bench.install(windows=[[64, 1080, 360]])
    bench.run(1)
    assert bench.is_closed == is_on


def test_supply_hours_end_and_begin_with_an_event_and_a_clock_step_is_followed(
    make_bench, midnight_s
):
    bench = make_bench(midnight_s + 6 * HOUR_S - 70)
    bench.install(windows=[[127, 1080, 360]])
    bench.run(61)
    assert bench.is_closed
    bench.run(8)
    assert bench.holds == holds.WINDOW
    assert bench.events(1009) == [360]
    bench.command(SET_CLOCK, {0: bench.now_s + 13 * HOUR_S})
    bench.now_s += 13 * HOUR_S
    bench.run(1)
    assert bench.is_closed
    assert bench.events(1010) == [19 * 60]


@pytest.mark.parametrize("is_on", [True, False])
def test_with_an_unset_clock_supply_hours_follow_the_programmes_setting(make_bench, is_on):
    bench = make_bench()
    bench.install(windows=[[127, 1080, 360]], supply_clock_unset=is_on)
    bench.cut(12 * HOUR_S, clock_state=UNSET)
    bench.run(1)
    assert bench.is_closed == is_on


def test_the_button_does_not_help_against_the_operator(bench):
    bench.command(DISCONNECT, {})
    bench.press()
    bench.cut(50)
    bench.run(1)
    bench.press()
    assert bench.holds == holds.OPERATOR
    bench.command(RECONNECT, {})
    assert bench.is_closed


def test_the_start_hold_keeps_a_village_from_reconnecting_at_once(make_bench):
    bench = make_bench()
    bench.install(start_delay_s=60)
    bench.cut(100, random_s=61 + 25)
    bench.run(24)
    assert bench.holds == holds.START
    bench.run(1)
    assert bench.is_closed
    bench.cut(100, random_s=61)
    bench.run(1)
    assert bench.is_closed


def ends(bench):
    return [reading[1] for reading in bench.readings()]


def test_readings_fall_on_local_boundaries_and_fit_the_wire(bench, midnight_s):
    bench.run(2 * HOUR_S, 700)
    assert ends(bench) == [midnight_s + 900 * number for number in range(1, 9)]
    bodies.check_readings({0: bench.readings()})
    bodies.check_events({0: [journal.unpack_event(record) for record in bench.store.events]})
    bodies.check_status(bench.board.status(bench.now_s))


def test_an_outage_leaves_one_reading_for_each_midnight_and_the_last_boundary(bench, midnight_s):
    bench.run(1000, 700)
    bench.cut(2 * DAY_S)
    bench.run(5)
    assert ends(bench) == [
        midnight_s + seconds for seconds in (900, DAY_S, 2 * DAY_S, 2 * DAY_S + 900)
    ]
    assert [reading[2] & 68 for reading in bench.readings()] == [0, 68, 68, 4]
    assert len({reading[3] for reading in bench.readings()[1:]}) == 1


def test_a_clock_that_steps_back_never_writes_a_boundary_twice(bench):
    bench.run(2000)
    for step_s in (-1500, 1500, -300):
        bench.command(SET_CLOCK, {0: bench.now_s + step_s})
        bench.now_s += step_s
        bench.run(100)
    bench.run(2000)
    assert ends(bench) == sorted(set(ends(bench)))


@pytest.mark.parametrize("write", range(6))
def test_a_power_cut_while_a_reading_is_written_neither_loses_nor_doubles_it(
    bench, power_cut, write, midnight_s
):
    bench.run(midnight_s + 899 - bench.now_s, 900)
    bench.store.cut_at = write
    with contextlib.suppress(power_cut):
        bench.run(60)
    bench.cut(3)
    bench.run(2)
    assert ends(bench) == [midnight_s + 900]
    assert bench.status(18) == 1


def test_a_store_that_fails_leaves_protection_running_and_tells_what_was_lost(bench):
    bench.store.is_broken = True
    bench.run(1, 2500)
    assert bench.holds == holds.OVERLOAD
    bench.store.is_broken = False
    bench.run(11)
    bench.press()
    assert bench.events(1021) == [2]
    sequences = [journal.unpack_event(record)[0] for record in bench.store.events]
    assert sequences == list(range(1, len(sequences) + 1))


@pytest.mark.parametrize("byte", [0, 4, 40, 500, 899])
def test_a_torn_ledger_slot_gives_way_to_the_other(bench, byte):
    bench.run(600, 900)
    newest = 1 - bench.store.next_slot
    torn = bytearray(bench.store.slots[newest])
    torn[byte] ^= 0x10
    bench.store.slots[newest] = bytes(torn)
    bench.cut(10)
    bench.run(1)
    assert bench.status(5) == bench.consumed_ws // 3600
    assert bench.status(10) == 1


@pytest.mark.parametrize(
    ("first", "second", "newest"),
    [(None, None, None), (b"x", None, None), (1, 2, 1), (2, 1, 0), (None, 1, 1), (1, b"", 0)],
)
def test_the_newest_whole_ledger_is_chosen(first, second, newest):
    def make(slot):
        if not isinstance(slot, int):
            return slot
        values = ledger.create()
        for _ in range(slot):
            ledger.seal(values)
        return bytes(values)

    assert ledger.newest(make(first), make(second)) == newest


def test_power_failures_are_counted_and_recorded_once(bench):
    bench.board.power_failing(bench.now_s)
    bench.cut(77)
    bench.run(1)
    bench.run(60)
    bench.cut(33)
    assert bench.codes().count(101) == 2
    announced_s, unannounced_s = bench.events(102)
    assert announced_s == 77
    assert 33 <= unannounced_s <= 33 + 60  # since the last ledger write
    assert bench.status(16) == 2
    bench.cut(0, reset_cause=3)
    assert (bench.status(16), bench.board.boots) == (2, 4)


def test_a_welded_relay_is_told_and_pulsed_a_bounded_number_of_times(bench):
    bench.command(DISCONNECT, {})
    bench.is_closed = True
    pulses = 0
    for _ in range(60):
        bench.now_s += 1
        bench.uptime_s += 1
        pulses += bench.board.tick(bench.now_s, bench.uptime_s, bench.sample, True) & 1
    assert pulses == 3
    assert bench.events(1015) == [1, 2, 3]


def test_a_relay_that_does_not_close_is_told_and_pulsed_again(bench):
    bench.run(5)
    bench.is_closed = False
    bench.run(1)
    assert bench.events(1016) == [1]
    assert bench.is_closed


def test_uplink_counters_never_repeat_over_power_cuts(bench):
    seen = []
    for _ in range(4):
        seen += [bench.board.next_uplink_counter() for _ in range(70)]
        bench.cut(1)
    assert seen == sorted(set(seen))
    bench.store.is_broken = True
    assert 0 in [bench.board.next_uplink_counter() for _ in range(70)]


@pytest.mark.parametrize(
    ("times", "outcome"),
    [({"expires_s": 5}, (4, 12)), ({"not_before_s": 10**9}, (3, 5)), ({}, (2, 0))],
)
def test_a_command_counts_only_in_its_time(bench, times, outcome):
    assert bench.command(DISCONNECT, {}, **times) == outcome
    assert bench.is_closed == (outcome[0] != 2)


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [(99, {}, 1), (DISCONNECT, {0: 1}, 2), (5, {}, 2), (10, {}, 8), (9, {0: 5, 1: 4}, 3)],
)
def test_commands_that_cannot_be_are_refused_with_their_reason(bench, name, arguments, reason):
    assert bench.command(name, arguments) == (3, reason)


def test_only_the_clock_may_be_set_while_it_is_unset(bench):
    bench.cut(10, clock_state=UNSET)
    assert bench.command(DISCONNECT, {}) == (3, 10)
    assert bench.command(SET_CLOCK, {0: bench.now_s}) == (2, 0)
    assert bench.command(DISCONNECT, {}) == (2, 0)


def test_refused_messages_are_all_counted_but_do_not_flood_the_ring(bench):
    for _ in range(100):
        bench.board.refuse_message(113)
    assert bench.board.refused_messages == 100
    assert bench.events(1019) == [113]


def test_the_display_says_why_supply_is_off_and_what_to_do(bench):
    bench.run(3, 640)
    assert bench.board.display_lines() == ("640/1000 W", "")
    bench.run(1, 2150)
    assert bench.board.display_lines() == ("OVERLOAD 2150 W", "Wait 10 s")
    bench.run(10)
    assert bench.board.display_lines()[1] == "Load off, press"
    bench.command(DISCONNECT, {})
    assert bench.board.display_lines() == ("OFF BY OPERATOR", "Call operator")
    bench.command(13, {0: "Water supply    tomorrow 6:00", 1: 10})
    assert bench.board.display_lines() == ("Water supply    ", "tomorrow 6:00")
    bench.run(10)
    assert bench.board.display_lines() == ("OFF BY OPERATOR", "Call operator")


def test_every_hold_has_words_of_at_most_sixteen_characters(bench):
    for hold in holds.ORDER:
        bench.board.supply.holds = hold
        lines = bench.board.display_lines()
        assert all(line and len(line) <= 16 for line in lines)


def test_actions_ask_for_what_happened(bench):
    assert bench.press() & actions.SHOW
    bench.power_w = 2500
    bench.is_closed = True
    bench.sample.power_dw = 25_000
    done = bench.board.tick(bench.now_s + 1, bench.uptime_s + 1, bench.sample, True)
    wanted = actions.OPEN_RELAY | actions.PERSIST | actions.SEND_STATUS | actions.SEND_EVENTS
    assert done & wanted == wanted


def test_a_power_cut_after_a_reading_counts_no_second_of_supply_twice(bench):
    bench.run(930, 100)
    bench.cut(0)
    bench.run(870)
    assert [reading[11] for reading in bench.readings()] == [pytest.approx(900, abs=60)] * 2


def test_a_power_cut_while_the_ledger_follows_a_reading_counts_no_supply_twice(bench, power_cut):
    bench.run(899, 100)
    bench.store.cut_at = 2  # the ledger, the reading; then nothing more
    with contextlib.suppress(power_cut):
        bench.run(2)
    assert len(bench.readings()) == 1
    bench.cut(0)
    bench.run(899)
    assert [reading[11] <= 901 for reading in bench.readings()] == [True, True]


def test_refused_messages_stop_counting_at_the_end_of_their_field(bench):
    bench.board._values[ledger.REFUSED_MESSAGES] = ledger.VALUE_MAX
    bench.board.refuse_message(14)
    assert bench.board.refused_messages == ledger.VALUE_MAX


def test_a_clock_that_was_synced_is_not_set_by_a_command_that_was_held_back(bench):
    """A broker may keep a command for days; only an unset clock must believe it."""
    sent_s = bench.now_s
    bench.run(100)
    assert bench.command(SET_CLOCK, {0: sent_s}, expires_s=sent_s + 60) == (4, 12)
    assert bench.events(1017) == []


def test_a_ring_that_takes_no_reading_does_not_wear_out_the_ledgers_flash(bench):
    """Ten years of flash are counted on one ledger write a minute."""

    def refuse(record):
        raise OSError(28)

    take, bench.store.append_reading = bench.store.append_reading, refuse
    bench.run(890, 100)
    before = bench.board._values[ledger.SEQUENCE]
    bench.run(600)
    assert bench.board._values[ledger.SEQUENCE] - before <= 3 * 10
    bench.store.append_reading = take
    bench.run(60)
    assert len(bench.readings()) == 1
