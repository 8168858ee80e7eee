"""Three slots: what a receipt promised survives any cut and any slot that cannot be read."""

import pytest

from firmware.core import ledger
from firmware.core.clock import UNSET
from protocol import programme
from tests.firmware.core.conftest import TARIFF

SET_PROGRAMME, SET_CLOCK, CREDIT = 3, 7, 4
STORE_FAULT, ACTIVATED = 1038, 1012


def send(bench, build_programme, version, **changes):
    load = {"limit_w": version * 1000}
    record = programme.encode(build_programme(version, load=load, **changes))
    return bench.command(SET_PROGRAMME, {0: record})


@pytest.fixture
def waiting(bench, build_programme):
    """Programme 1 in force, 2 waiting for ten minutes from now."""
    assert send(bench, build_programme, 2, activation_s=bench.now_s + 600) == (2, 0)
    return bench


@pytest.mark.parametrize("write", range(8))
def test_a_cut_while_a_waiting_programme_is_replaced_loses_neither(
    waiting, build_programme, power_cut, write
):
    outcome = None
    at_s = waiting.now_s + 600
    waiting.store.cut_at = write
    try:
        outcome = send(waiting, build_programme, 3, activation_s=at_s)
    except power_cut:
        waiting.cut(3)
    waiting.store.cut_at = None
    waiting.run(620)
    assert waiting.status(10) in ((3,) if outcome else (2, 3))
    assert waiting.status(13) == waiting.status(10) * 1000


@pytest.mark.parametrize("write", range(12))
def test_a_cut_at_any_write_of_an_activation_leaves_one_of_the_two_whole(
    waiting, power_cut, write
):
    waiting.run(590)
    waiting.store.cut_at = write
    try:
        waiting.run(20)
    except power_cut:
        waiting.cut(3)
    waiting.store.cut_at = None
    waiting.run(20)
    assert (waiting.status(10), waiting.status(13)) == (2, 2000)
    assert waiting.events(STORE_FAULT) == []


def test_a_chain_of_programmes_goes_through_all_three_slots(bench, build_programme):
    used = set()
    for version in range(2, 9):
        assert send(bench, build_programme, version) == (2, 0)
        bench.run(2)
        used.add(bench.board._values[ledger.ACTIVE_SLOT])
        bench.cut(2)
        bench.run(1)
        assert bench.status(10) == version
    assert used == {0, 1, 2}


class Moody:
    """Makes a store's slots fail for a while."""

    def __init__(self, store):
        self.store = store
        self.fails = 0
        self.load = store.load_programme
        store.load_programme = self

    def __call__(self, slot):
        if self.fails:
            self.fails -= 1
            raise OSError(5)
        return self.load(slot)


def test_a_store_that_fails_at_activation_is_asked_again_and_nothing_is_dropped(waiting):
    moody = Moody(waiting.store)
    moody.fails = 3
    waiting.run(700)
    assert waiting.status(10) == 1
    assert waiting.status(11) == 2
    assert waiting.events(STORE_FAULT) == [2]
    readings = len(waiting.readings())
    waiting.run(100)
    assert waiting.status(10) == 2
    assert len(waiting.readings()) == readings + 1


def test_a_waiting_programme_that_cannot_be_read_at_boot_is_looked_for_again(waiting):
    moody = Moody(waiting.store)
    moody.load = waiting.store.load_programme.load

    def passive_fails(slot):
        if slot != waiting.board._values[ledger.ACTIVE_SLOT]:
            raise OSError(5)
        return moody.load(slot)

    waiting.store.load_programme = passive_fails
    waiting.cut(700)
    waiting.run(30)
    assert waiting.status(10) == 1
    assert waiting.events(STORE_FAULT) == [2]
    waiting.store.load_programme = moody.load
    waiting.run(60)
    assert waiting.status(10) == 2


def test_a_waiting_programme_found_late_still_waits_for_its_time(waiting):
    moody = Moody(waiting.store)
    moody.fails = 2  # one look at the one in force succeeds after these
    waiting.cut(5)
    waiting.run(120)
    assert (waiting.status(10), waiting.status(11)) == (1, 2)
    waiting.run(500)
    assert waiting.status(10) == 2


def test_a_damaged_waiting_programme_is_told_and_can_be_sent_again(waiting, build_programme):
    slot = waiting.board._values[ledger.PASSIVE_SLOT]
    waiting.store.programmes[slot] = b"nonsense"
    waiting.run(620)
    assert (waiting.status(10), waiting.status(11)) == (1, 0)
    assert waiting.events(STORE_FAULT) == [2]
    assert waiting.events(ACTIVATED)[-1] == 1
    assert send(waiting, build_programme, 2) == (2, 0)


def test_with_an_unset_clock_a_programme_for_now_waits_too(bench, build_programme):
    bench.cut(5, clock_state=UNSET)
    bench.command(SET_CLOCK, {0: bench.now_s})
    send(bench, build_programme, 2)
    bench.cut(5, clock_state=UNSET)
    bench.run(100)
    assert bench.status(10) == 1


def break_active(bench):
    bench.store.programmes[bench.board._values[ledger.ACTIVE_SLOT]] = b"nonsense"


def test_for_a_programme_that_cannot_be_read_the_one_before_stands_in(waiting):
    waiting.run(620)
    break_active(waiting)
    waiting.cut(5)
    waiting.run(2)
    assert (waiting.status(10), waiting.status(13)) == (1, 1000)
    assert waiting.events(STORE_FAULT) == [2]


def test_without_any_whole_programme_the_built_in_one_limits_and_counts(waiting, build_programme):
    waiting.run(620)
    waiting.store.programmes = [None, b"", b"nonsense"]
    waiting.cut(5)
    waiting.run(2)
    assert (waiting.status(10), waiting.status(13)) == (0, 500)
    assert waiting.events(STORE_FAULT) == [2]
    assert send(waiting, build_programme, 2) == (2, 0)
    waiting.run(2)
    assert waiting.status(13) == 2000


def test_a_store_that_fails_for_a_moment_at_boot_costs_no_programme(bench):
    Moody(bench.store).fails = 2
    bench.cut(5)
    bench.run(1)
    assert bench.status(10) == 1
    assert bench.events(STORE_FAULT) == []


def test_a_waiting_programme_replaces_one_that_cannot_be_read(waiting):
    break_active(waiting)
    waiting.cut(5)
    waiting.run(620)
    assert (waiting.status(10), waiting.status(13)) == (2, 2000)


def test_charges_under_a_stand_in_begin_from_zero_and_never_fall(make_bench, build_programme):
    """The slabs of the month begin anew, twice; no day and no unit is charged twice."""
    bench = make_bench()
    credit = {"mode": 2}
    bench.install(credit=credit, tariff={**TARIFF, "fixed_per_kw_paise": 3100})
    bench.command(CREDIT, {0: b"purchase", 1: 2, 2: 100_000_000})
    dear = {**TARIFF, "code": "T2", "tables": [[None, True, [[None, 900]]]]}
    bench.install(2, credit=credit, tariff={**dear, "fixed_per_kw_paise": 3100})
    bench.run(4000, 900)
    whole = bench.store.programmes[:]
    break_active(bench)
    bench.board.persist()
    charged = [bench.status(9)]
    for programmes in (bench.store.programmes[:], whole):
        bench.store.programmes = programmes
        bench.cut(5)
        bench.run(15, 0)
        charged.append(bench.status(9))
        bench.run(400, 900)
        bench.board.persist()
        charged.append(bench.status(9))
    assert charged == sorted(charged)
    assert charged[1] - charged[0] <= 9
    assert charged[3] - charged[2] <= 9
    assert bench.status(8) - bench.status(9) == bench.status(6)
