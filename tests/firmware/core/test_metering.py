"""Measurements that cannot be believed: frozen, mostly bad, over power cycles; and the relay."""

import pytest

from firmware.core import holds, ledger
from firmware.core.clock import UNSET

DISCONNECT, RECONNECT = 1, 2
FAULT, RECOVERED, WELD, MISS, ALARM = 1013, 1014, 1015, 1016, 1041
FROZEN = 4


def test_a_chip_that_repeats_itself_is_frozen_and_becomes_a_fault(bench):
    bench.run(10, 0)
    bench.is_frozen = True
    bench.run(290)
    assert bench.events(FAULT) == []
    bench.run(11)
    assert (bench.events(FAULT), bench.status(21)) == ([FROZEN], FROZEN)
    bench.run(30)
    assert bench.holds == holds.FAULT
    bench.is_frozen = False
    bench.run(10)
    assert (bench.holds, bench.codes().count(RECOVERED)) == (0, 1)


def test_nothing_is_frozen_where_the_package_does_not_ask(bench):
    bench.install(2, load={"frozen_s": 0})
    bench.is_frozen = True
    bench.run(2000)
    assert bench.events(FAULT) == []


def test_a_counter_that_stands_still_while_power_flows_is_frozen(bench):
    """25 Wh at 900 W are 100 s; voltage and power go on moving."""
    bench.run(10, 900)
    counted_wh = bench.sample.energy_wh
    for _ in range(101):
        bench.run(1)
        bench.sample.energy_wh = counted_wh
        bench.consumed_ws = counted_wh * 3600
    assert bench.events(FAULT) == [FROZEN]


def test_a_load_of_a_few_watts_is_never_called_frozen(bench):
    bench.run(7200, 3)
    assert bench.events(FAULT) == []


def test_a_line_that_is_mostly_bad_becomes_a_fault_although_a_sample_passes_now_and_then(bench):
    """29 of 30 seconds blocked: one good sample takes back one second, not all."""
    for _ in range(2):
        bench.sample.valid = False
        bench.run(29)
        bench.sample.valid = True
        bench.run(1)
    assert bench.holds == holds.FAULT
    assert len(bench.events(FAULT)) == 1


def test_power_cycles_do_not_give_a_silent_chip_half_a_minute_each(bench):
    bench.sample.valid = False
    closed_s = 0
    for _ in range(12):
        for _ in range(9):
            bench.run(1, 900)
            closed_s += bench.is_closed
        bench.cut(1, clock_state=UNSET)
    bench.run(1)
    assert closed_s <= 60
    assert bench.holds == holds.FAULT
    bench.sample.valid = True
    bench.run(4)
    assert bench.holds == 0


def written(bench):
    """Ledger writes since birth."""
    return max(ledger.sequence_of(slot) for slot in bench.store.slots)


@pytest.mark.parametrize("kind", ["silent", "frozen"])
def test_a_fault_that_lasts_wears_the_flash_no_more_than_a_quiet_hour(bench, kind):
    """Nothing runs ahead of the ledger any more once the fault stands: a write a minute."""
    bench.sample.valid = kind != "silent"
    bench.is_frozen = kind == "frozen"
    bench.run(400, 100)
    assert bench.holds == holds.FAULT
    before = written(bench)
    bench.run(3600)
    assert written(bench) - before <= 60 + 4  # and one before each reading


def test_short_disturbances_never_add_up_to_a_fault(bench):
    for _ in range(200):
        bench.sample.valid = False
        bench.run(4)
        bench.sample.valid = True
        bench.run(6)
    assert (bench.holds, bench.events(FAULT)) == (0, [])


def live(bench, seconds, is_live):
    """Seconds in which the consumer's line is live or dead whatever the relay was told."""
    for _ in range(seconds):
        bench.second_with_line(is_live)


def test_a_weld_that_persists_is_an_alarm_and_a_fault_until_the_line_is_dead(bench):
    bench.command(DISCONNECT, {})
    live(bench, 20, True)
    assert (bench.events(WELD), bench.events(ALARM)) == ([1, 2, 3], [1])
    bench.command(RECONNECT, {})
    assert bench.holds == holds.FAULT
    bench.cut(10)
    live(bench, 2, True)
    assert bench.holds == holds.FAULT
    live(bench, 4, False)
    assert bench.holds == 0


def test_a_relay_that_stuck_beyond_its_retries_is_opened_once_it_comes_loose(bench):
    """One more pulse every ten minutes, of which no event tells again."""
    bench.command(DISCONNECT, {})
    live(bench, 20, True)
    told = len(bench.events(WELD)), len(bench.events(ALARM))
    pulses = 0
    for _ in range(3_600):
        bench.now_s += 1
        bench.uptime_s += 1
        pulses += bench.board.tick(bench.now_s, bench.uptime_s, bench.sample, True) & 1
    assert pulses in (5, 6)
    assert (len(bench.events(WELD)), len(bench.events(ALARM))) == told


def test_a_line_that_something_else_feeds_is_told_like_a_weld(bench):
    """An inverter behind the meter: the board was never asked to close."""
    bench.command(DISCONNECT, {})
    live(bench, 30, False)
    live(bench, 30, True)
    assert (bench.events(ALARM), bench.holds) == ([1], holds.OPERATOR | holds.FAULT)


def test_a_relay_that_never_closes_is_an_alarm_but_no_hold(bench):
    live(bench, 30, False)
    assert (bench.events(MISS), bench.events(ALARM), bench.holds) == ([1, 2, 3], [2], 0)


def stick(bench, seconds, power_w):
    """Seconds with contacts stuck closed whatever is pulsed, and a sense that sees nothing."""
    bench.power_w = power_w
    for _ in range(seconds):
        bench.is_closed = True
        bench.second_with_line(False)


def test_energy_that_flows_through_an_open_relay_is_a_weld_though_the_sense_is_dead(bench):
    """At 720 W a watt-hour in 5 s: the first that cannot have flowed before tells."""
    bench.command(DISCONNECT, {})
    stick(bench, 8, 720)
    assert bench.events(WELD) == []
    stick(bench, 20, 720)
    assert (bench.events(WELD), bench.events(ALARM)) == ([1, 2, 3], [1])
    assert bench.holds == holds.OPERATOR | holds.FAULT
    stick(bench, 5, 0)  # nobody draws anything: dead as far as anybody can tell
    assert bench.holds == holds.OPERATOR


def test_contacts_that_come_loose_are_opened_though_the_sense_is_dead(bench):
    """The pulse of every ten minutes does what the retries could not."""
    bench.command(DISCONNECT, {})
    stick(bench, 30, 720)
    live(bench, 600, False)
    assert not bench.is_closed
    assert bench.holds == holds.OPERATOR


@pytest.mark.parametrize("silent_s", [0, 20])
def test_energy_from_before_an_opening_is_no_weld(bench, silent_s):
    """A chip may show load and count for some seconds, after a silence for all that time."""
    bench.command(DISCONNECT, {})
    live(bench, 1, False)
    bench.sample.valid = False
    live(bench, silent_s, False)
    bench.sample.valid = bench.is_frozen = True
    bench.sample.power_dw = bench.sample.apparent_dva = 9000
    for _ in range(4):
        bench.sample.energy_wh += 1
        live(bench, 2, False)
    live(bench, 20, False)
    assert bench.events(WELD) == []


@pytest.mark.parametrize("pulse_s", [1, 2])
def test_a_line_that_goes_dead_for_a_moment_does_not_end_a_weld(bench, pulse_s):
    bench.command(DISCONNECT, {})
    live(bench, 20, True)
    bench.command(RECONNECT, {})
    live(bench, pulse_s, False)
    live(bench, 1, True)
    assert bench.holds == holds.FAULT


def test_an_overload_beside_a_counter_that_jumped_trips_from_the_second_frame_on(bench):
    bench.run(10, 100)
    bench.chip_offset_wh += 5_000
    bench.run(3, 2_233)
    assert bench.holds & holds.OVERLOAD


def test_one_frame_that_cannot_be_true_trips_nobody(bench):
    bench.run(10, 100)
    bench.chip_offset_wh += 5_000
    bench.run(1, 2_233)
    bench.chip_offset_wh -= 5_000
    bench.run(5, 100)
    assert not bench.holds


def test_power_cuts_do_not_let_a_frozen_chip_begin_anew(bench):
    bench.run(10, 100)
    bench.is_frozen = True
    for _ in range(3):
        bench.run(120)
        bench.cut(5)
    bench.run(40)
    assert bench.holds & holds.FAULT


def test_lost_answers_do_not_let_a_frozen_chip_begin_anew(bench):
    """Behind a line that loses one answer in three it is found as soon as behind a good one."""
    bench.run(10, 100)
    bench.is_frozen = True
    for _ in range(101):
        bench.sample.valid = False
        bench.run(1)
        bench.sample.valid = True
        bench.run(2)
    assert bench.events(FAULT) == [FROZEN]


def test_a_chip_that_was_silent_and_shows_what_it_showed_before_has_not_recovered(bench):
    bench.run(10, 100)
    bench.is_frozen = True
    bench.run(5)
    bench.sample.valid = False
    bench.run(40)
    assert bench.holds & holds.FAULT
    bench.sample.valid = True
    bench.run(60)
    assert bench.holds & holds.FAULT
    bench.is_frozen = False
    bench.run(10)
    assert not bench.holds
