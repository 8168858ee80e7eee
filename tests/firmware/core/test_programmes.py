"""Programmes in two slots: stored whole, in force at their time, whole after any power cut."""

import pytest

from firmware.core.clock import UNSET
from protocol import programme

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
    bench.store.programmes = [None, None]
    bench.cut()
    bench.run(1)
    assert (bench.status(10), bench.status(13)) == (0, 500)
    bench.install(1)
    assert bench.status(13) == 1000
