"""Programmes in two slots: stored whole, in force at their time, whole after any power cut."""

import contextlib

import pytest

from firmware.core.clock import UNSET
from protocol import programme, rating

SET_PROGRAMME = 3
STORED, ACTIVATED, LIMIT_SET = 1011, 1012, 158


def test_a_board_without_a_programme_limits_to_500_w_and_counts(make_bench):
    bench = make_bench()
    bench.run(100, 400)
    assert (bench.status(10), bench.status(13), bench.status(7)) == (0, 500, 0)
    assert bench.is_closed
    bench.run(1, 1000)
    assert not bench.is_closed


def test_a_programme_waits_for_its_second_and_then_is_in_force(bench, build_programme):
    at_s = bench.now_s + 100
    record = programme.encode(build_programme(2, load={"limit_w": 2000}, activation_s=at_s))
    assert bench.command(SET_PROGRAMME, {0: record}) == (2, 0)
    assert (bench.status(10), bench.status(11), bench.status(12)) == (1, 2, at_s)
    bench.run(99)
    assert bench.status(13) == 1000
    bench.run(1)
    assert (bench.status(10), bench.status(11), bench.status(13)) == (2, 0, 2000)
    assert bench.events(STORED)[-1] == bench.events(ACTIVATED)[-1] == 2
    assert bench.events(LIMIT_SET)[-1] == 2000


def test_a_programme_due_during_an_outage_is_in_force_after_it(bench, build_programme):
    record = programme.encode(build_programme(2, activation_s=bench.now_s + 100))
    bench.command(SET_PROGRAMME, {0: record})
    bench.cut(500)
    bench.run(1)
    assert bench.status(10) == 2


def test_with_an_unset_clock_a_waiting_programme_goes_on_waiting(bench, build_programme):
    record = programme.encode(build_programme(2, activation_s=bench.now_s + 100))
    bench.command(SET_PROGRAMME, {0: record})
    bench.cut(500, clock_state=UNSET)
    bench.run(200)
    assert bench.status(10) == 1
    bench.command(7, {0: bench.now_s})
    bench.run(1)
    assert bench.status(10) == 2


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_version_that_is_not_newer_is_refused(bench, build_programme, version):
    waiting = programme.encode(build_programme(3, activation_s=bench.now_s + 100))
    bench.command(SET_PROGRAMME, {0: waiting})
    record = programme.encode(build_programme(version))
    assert bench.command(SET_PROGRAMME, {0: record}) == (3, 6)


def test_a_newer_programme_takes_the_place_of_one_that_waits(bench, build_programme):
    for version in (2, 3):
        record = programme.encode(build_programme(version, activation_s=bench.now_s + 100))
        assert bench.command(SET_PROGRAMME, {0: record}) == (2, 0)
    bench.run(101)
    assert bench.status(10) == 3


def spoil(record, key, value):
    from protocol import cbor

    decoded = cbor.decode(record)
    decoded[key] = value
    return cbor.encode(decoded)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda record: record[:-3], 3),
        (lambda record: b"", 3),
        (lambda record: record + bytes(1024), 3),
        (lambda record: spoil(record, 5, [[127, 0, 600], [1, 500, 700]]), 3),
        (lambda record: spoil(record, 9, 901), 3),
        (lambda record: "text", 2),
    ],
)
def test_a_programme_that_no_board_may_run_is_refused(bench, build_programme, change, reason):
    record = change(programme.encode(build_programme(2)))
    assert bench.command(SET_PROGRAMME, {0: record}) == (3, reason)
    bench.run(2)
    assert bench.status(10) == 1


@pytest.mark.parametrize("write", range(14))
def test_a_power_cut_at_any_write_leaves_one_complete_programme(
    bench, build_programme, power_cut, write
):
    record = programme.encode(build_programme(2, load={"limit_w": 2000}))
    outcome = None
    bench.store.cut_at = write
    try:
        outcome = bench.command(SET_PROGRAMME, {0: record}, identity=b"command1")
        bench.run(3)
    except power_cut:
        pass
    bench.cut(5)
    bench.run(2)
    versions = (2,) if outcome else (1, 2)
    assert bench.status(10) in versions
    assert bench.status(13) == bench.status(10) * 1000
    assert bench.command(SET_PROGRAMME, {0: record}, identity=b"command2") in ((2, 0), (3, 6))
    bench.run(1)
    assert bench.status(10) == 2


def test_a_store_that_fails_refuses_the_programme_and_keeps_the_old(bench, build_programme):
    bench.store.is_broken = True
    record = programme.encode(build_programme(2))
    assert bench.command(SET_PROGRAMME, {0: record}) == (3, 9)
    bench.store.is_broken = False
    bench.run(2)
    assert bench.status(10) == 1
    assert bench.command(SET_PROGRAMME, {0: record}) == (2, 0)


def test_a_damaged_programme_falls_back_to_the_built_in_one_and_can_be_sent_again(
    bench, build_programme
):
    bench.store.programmes = [None, None, None]
    bench.cut()
    bench.run(1)
    assert (bench.status(10), bench.status(13)) == (0, 500)
    bench.install(1)
    assert bench.status(13) == 1000


ACTIVATED_AT_S = 17 * 3600 + 37 * 60
CHANGED, LAST_OF_DAY = 32, 64


def schedule(bench, build_programme, activation_s, **changes):
    record = programme.encode(build_programme(2, activation_s=activation_s, **changes))
    assert bench.command(SET_PROGRAMME, {0: record}) == (2, 0)


def told(bench):
    """End, programme version and whether the programme changed there, of each reading."""
    return [(record[1], record[14], bool(record[2] & CHANGED)) for record in bench.readings()]


@pytest.mark.parametrize("second", [ACTIVATED_AT_S, ACTIVATED_AT_S + 1, ACTIVATED_AT_S + 59])
def test_a_change_of_terms_has_a_reading_of_its_own_second(
    make_bench, build_programme, tariff, midnight_s, second
):
    """Registers and account at that second are the old programme's; its charges are the tariff's
    to the paisa, and so are those that follow under the new one. Later readings keep their times.
    """
    bench = make_bench(midnight_s + 17 * 3600 - 1)
    bench.install(credit={"mode": 2}, tariff=tariff)
    bench.command(4, {0: b"purchase", 1: 2, 2: 100_000})
    dearer = {"code": "T2", "tables": [[None, True, [[None, 1000]]]]}
    change_s = midnight_s + second
    schedule(bench, build_programme, change_s, credit={"mode": 2}, tariff=dearer)
    bench.run(3600, 900)
    quarters_s = [midnight_s + 17 * 3600 + minute * 60 for minute in (15, 30, 45, 60)]
    assert told(bench) == [
        (quarters_s[0], 1, False),
        (quarters_s[1], 1, False),
        (change_s, 1, True),
        (quarters_s[2], 2, False),
        (quarters_s[3], 2, False),
    ]
    at_change, last = bench.readings()[2], bench.readings()[-1]
    old = rating.total_paise(rating.from_names(tariff), at_change[4:8], 1000, 1, 1, 31)
    new_wh = [end - begin for begin, end in zip(at_change[4:8], last[4:8], strict=True)]
    new = rating.total_paise(rating.from_names(dearer), new_wh, 1000, 1, 0, 31)
    assert (at_change[15], last[15]) == (old, old + new)


def test_a_change_at_a_boundary_has_one_reading_for_both(bench, build_programme, midnight_s):
    schedule(bench, build_programme, midnight_s + 900)
    bench.run(1800)
    assert told(bench) == [(midnight_s + 900, 1, True), (midnight_s + 1800, 2, False)]


def test_a_change_at_midnight_ends_the_day_under_the_old_programme(
    make_bench, build_programme, midnight_s
):
    bench = make_bench(midnight_s + 86_400 - 901)
    bench.install()
    schedule(bench, build_programme, midnight_s + 86_400)
    bench.run(901)
    (reading,) = bench.readings()
    assert (reading[1], reading[2], reading[14]) == (midnight_s + 86_400, CHANGED | LAST_OF_DAY, 1)


def test_a_change_due_in_an_outage_comes_after_the_readings_that_were_missed(
    bench, build_programme, midnight_s
):
    schedule(bench, build_programme, midnight_s + 1000)
    bench.run(100, 900)
    bench.cut(86_400)
    bench.run(2)
    on_s = midnight_s + 86_400
    assert [row[0] for row in told(bench)] == [on_s, bench.now_s - 1]
    assert [row[1:] for row in told(bench)] == [(1, False), (1, True)]


@pytest.mark.parametrize("write", range(10))
def test_a_power_cut_at_a_change_leaves_ascending_readings_and_loses_no_energy(
    bench, build_programme, power_cut, write, midnight_s
):
    schedule(bench, build_programme, midnight_s + 700)
    bench.run(midnight_s + 699 - bench.now_s, 900)
    bench.store.cut_at = write
    with contextlib.suppress(power_cut):
        bench.run(5)
    bench.cut(3)
    bench.run(1000)
    ends = [row[0] for row in told(bench)]
    assert ends == sorted(set(ends))
    assert bench.status(10) == 2
    assert [version for _, version, changed in told(bench) if changed] in ([1], [1, 1])
    assert bench.status(5) == bench.consumed_ws // 3600


def test_a_ring_that_fails_does_not_keep_a_programme_waiting(bench, build_programme, midnight_s):
    """The next reading then tells that the programme changed within its interval."""
    schedule(bench, build_programme, midnight_s + 700)
    bench.run(midnight_s + 699 - bench.now_s)
    bench.store.is_broken = True
    bench.run(5)
    bench.store.is_broken = False
    bench.run(900)
    assert bench.status(10) == 2
    assert told(bench) == [(midnight_s + 900, 2, True)]
