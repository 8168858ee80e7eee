"""What a board makes of a store that lost its ledger, fails, or is of an older layout."""

import pytest

from firmware.core import holds, ledger
from firmware.core.account import ENERGY
from firmware.core.actions import OPEN_RELAY
from tests.firmware.core.conftest import START_S

RECONNECT, CREDIT = 2, 4
STORE_FAULT = 1038


def test_a_new_board_comes_up_closed(make_bench):
    bench = make_bench()
    bench.run(1)
    assert (bench.holds, bench.events(STORE_FAULT)) == (0, [])


def ruin_ledger(bench):
    bench.store.slots = [bytes(ledger.BYTES), b""]


def test_a_board_that_lost_its_ledger_is_off_until_an_operator_has_seen_to_it(bench):
    bench.run(1000, 900)
    ruin_ledger(bench)
    bench.cut(10)
    bench.run(5)
    bench.press()
    assert (bench.holds, bench.events(STORE_FAULT)) == (holds.OPERATOR, [1])
    bench.cut(10)
    bench.run(1)
    assert bench.holds == holds.OPERATOR
    assert bench.command(RECONNECT, {}) == (2, 0)
    assert bench.is_closed


def test_registers_balance_and_programme_come_back_from_the_last_reading(bench):
    bench.install(2, credit={"mode": ENERGY})
    bench.command(CREDIT, {0: b"purchase", 1: 1, 2: 5000})
    bench.run(2000, 900)
    seen = [bench.board.next_uplink_counter() for _ in range(200)]
    told = bench.readings()[-1]
    ruin_ledger(bench)
    bench.cut(10)
    bench.run(2)
    assert bench.status(5) >= told[3]
    assert (bench.status(6), bench.status(10)) == (told[13], 2)
    assert bench.status(8) == bench.status(9) + bench.status(6) == 5000
    assert bench.board.next_uplink_counter() > seen[-1]
    assert bench.status(18) == told[0]


def test_a_lost_ledger_costs_no_day_twice_in_the_first_hour_of_a_summer_day(make_bench):
    bench = make_bench(START_S - 3600 - 600)  # ten minutes before midnight in summer time
    summer = [60, [3, 5, 6, 120], [10, 5, 6, 180]]
    bench.install(1, credit={"mode": ENERGY, "daily_charge": 7}, dst=summer)
    bench.run(2600, 0)
    assert bench.readings()[-1][1] == START_S - 3600 + 1800
    ruin_ledger(bench)
    bench.cut(10)
    bench.run(70)
    assert bench.status(9) == 14


def test_a_store_that_cannot_be_read_does_not_make_a_board_new(bench):
    def fail(*_):
        raise OSError(5)

    bench.run(100, 900)
    bench.store.load_ledger = bench.store.load_programme = bench.store.readings_range = fail
    bench.store.save_ledger = fail
    bench.cut(10)
    bench.run(10)
    assert bench.holds == holds.OPERATOR
    assert bench.board.power_w == 0


@pytest.mark.parametrize("damage", [None, 500])
def test_a_record_of_layout_1_is_taken_over(damage):
    old = ledger.create()
    old[ledger.FORMAT] = ledger.FORMAT_1
    old[ledger.ENERGY_WH] = 1234
    old[ledger.SEQUENCE] = 77
    words = old[:224]
    words.append(ledger.checksum(memoryview(words)))
    record = bytearray(bytes(words))
    if damage:
        record[damage] ^= 1
    values = ledger.create()
    assert ledger.restore(values, bytes(record)) == (not damage)
    assert ledger.sequence_of(bytes(record)) == (0 if damage else 77)
    assert values[ledger.ENERGY_WH] == (0 if damage else 1234)
    assert (values[ledger.FORMAT], values[ledger.CHIP_REVERSE_WH]) == (ledger.FORMAT_3, -1)
    ledger.seal(values)
    assert ledger.newest(bytes(record), bytes(values)) == 1


@pytest.mark.parametrize("rest", [b"", bytes(4), bytes(ledger.BYTES)])
def test_a_record_of_layout_2_is_taken_over_also_from_a_place_of_fixed_size(rest):
    old = ledger.create()
    old[ledger.FORMAT] = ledger.FORMAT_2
    old[ledger.SEQUENCE] = 77
    words = old[:287]
    words.append(ledger.checksum(memoryview(words)))
    values = ledger.create()
    assert ledger.restore(values, bytes(words) + rest)
    assert values[ledger.TOKEN_BASE] == 0  # where the CRC stood
    ledger.seal(values)
    assert ledger.newest(bytes(words), bytes(values)) == 1


@pytest.mark.parametrize("record", [None, b"", b"abc", bytes(ledger.BYTES), b"\xff" * 1364])
def test_what_is_no_ledger_is_known_as_such(record):
    assert ledger.sequence_of(record) == 0


@pytest.mark.parametrize("part", [3, 4])
def test_a_ring_that_cannot_be_read_is_told_and_holds_nothing(bench, part):
    bench.run(100, 900)
    bench.store.trouble = part
    bench.cut(10)
    bench.run(1)
    assert (bench.holds, bench.events(STORE_FAULT)) == (0, [part])


def test_supply_is_opened_with_the_last_of_the_power(bench):
    """A latching relay would stay closed through the outage, until the firmware runs again."""
    bench.run(30)
    assert bench.is_closed
    assert bench.drive(bench.board.power_failing(bench.now_s)) & OPEN_RELAY
    assert not bench.is_closed
    bench.cut(600)
    bench.run(1)
    assert bench.is_closed  # nothing holds it, and no start delay is asked for


def test_after_a_dip_that_did_not_stop_the_board_supply_comes_back(bench):
    bench.run(30)
    bench.drive(bench.board.power_failing(bench.now_s))
    bench.run(5)
    assert not bench.is_closed
    bench.run(10)
    assert bench.is_closed
