"""The steady second is a shortcut: a board that never takes it lives through exactly the same."""

import random

import pytest

from firmware.core import inputs
from firmware.core.clock import HELD, SYNCED
from protocol import programme

_DISCONNECT, _RECONNECT, _SET_PROGRAMME, _CREDIT, _EMERGENCY, _SOURCE = 1, 2, 3, 4, 5, 14
_SECONDS = 6_000
_MEANWHILE = 0.01  # how often something happens
_RECOVERY = 0.1  # how soon what keeps everything from happening ends


class Thorough:
    """Never steady."""

    until_s = 0

    def end(self):
        pass

    def judge(self, *_facts):
        pass


class Counting:
    """Counts the seconds that the steadiness took over."""

    def __init__(self, steady):
        self.taken = 0
        self._passes = steady.passes
        steady.passes = self.passes

    def passes(self, *facts):
        passed = self._passes(*facts)
        self.taken += passed
        return passed


class Pair:
    """Two boards in the same world, one of them thorough; whatever happens, happens to both."""

    def __init__(self, make_bench, programme_of):
        self.quick = make_bench()
        self.thorough = make_bench()
        self.thorough.board._steady = Thorough()
        self.counting = Counting(self.quick.board._steady)
        self.programme_of = programme_of
        self.lines = 0
        self.power_w = 200
        self.is_valid = True
        self.phases = 1
        self.tweak = 0
        self.version = 1

    def both(self, act):
        """Do the same to both, with the same outcome."""
        assert act(self.quick) == act(self.thorough)

    def second(self, bench):
        bench.power_w = self.power_w
        bench.board.inputs = self.lines
        bench.sample.valid = self.is_valid
        bench.sample.phases = self.phases
        bench.sample.reverse_wh = self.tweak // 5
        for phase in range(3):
            bench.sample.phase_power_dw[phase] = self.power_w * (5, 3, 2)[phase] + self.tweak % 3
        bench.consumed_ws += bench.power_w if bench.is_closed else 0
        bench.now_s += 1
        bench.uptime_s += 1
        bench.measure(bench.power_w if bench.is_closed else 0)
        bench.sample.voltage_dv = 2300 + bench.uptime_s // 37 % 2
        live = bench.is_closed
        return bench.drive(bench.board.tick(bench.now_s, bench.uptime_s, bench.sample, live))

    def state(self, bench):
        board = bench.board
        return (
            board.status(bench.now_s),
            board.display_lines(),
            board.recorder.flags,
            board.supply.metering._same_s,
            board.clock.elapsed_s,
        )

    def compare(self):
        self.both(self.second)
        quick, thorough = self.quick.store, self.thorough.store
        assert quick.slots == thorough.slots
        assert quick.events == thorough.events
        assert quick.readings == thorough.readings

    def settle(self):
        """What the shortcut still owes is paid when it ends."""
        self.quick.board._steady.end()
        self.both(self.state)


def _switch_load(pair, chance):
    pair.power_w = chance.choice((0, 1, 60, 200, 700, 1040, 1500))


def _switch_lines(pair, chance):
    pair.lines = chance.choice((0, 0, inputs.GENERATOR, inputs.COVER_OPEN, inputs.POWER_FAILING))


def _disturb_chip(pair, chance):
    pair.is_valid = not pair.is_valid
    pair.phases = chance.choice((1, 3))


def _shift_phases(pair, _chance):
    pair.tweak += 1


def _break_store(pair, _chance):
    for bench in (pair.quick, pair.thorough):
        bench.store.is_broken = not bench.store.is_broken


def _press(pair, _chance):
    pair.both(lambda bench: bench.press())


def _meet_other_tasks(pair, _chance):
    """What the firmware does between two ticks, in the same second."""
    pair.both(lambda bench: bench.board.supervision.count_restart(3))
    pair.both(lambda bench: bench.board.next_uplink_counter())


def _command(pair, chance):
    amount = chance.randrange(1, 50)
    until_s = pair.quick.now_s + 10 * amount
    name, arguments = chance.choice(
        (
            (_CREDIT, {0: b"%08d" % amount, 1: 2, 2: amount}),
            (_DISCONNECT, {}),
            (_RECONNECT, {}),
            (_RECONNECT, {}),
            (_EMERGENCY, {0: 500, 1: until_s}),
            (_SOURCE, {0: amount % 2, 1: until_s}),
        )
    )
    pair.both(lambda bench: bench.command(name, arguments))


def _step_clock(pair, chance):
    step_s = chance.choice((-3, 2, 40, 700))
    pair.both(lambda bench: bench.board.set_clock(bench.now_s + step_s, SYNCED))
    for bench in (pair.quick, pair.thorough):
        bench.now_s = bench.board.now_s


def _change_programme(pair, chance):
    pair.version += 1
    record = pair.programme_of(pair.version, pair.quick.now_s + chance.randrange(12))
    pair.both(lambda bench: bench.command(_SET_PROGRAMME, {0: record}))


_HAPPENINGS = (
    _switch_load, _switch_lines, _disturb_chip, _shift_phases, _break_store, _press,
    _meet_other_tasks, _command, _command, _command, _step_clock, _change_programme,
)  # fmt: skip


def _live(pair, chance):
    for second in range(_SECONDS):
        pair.compare()
        if chance.random() < _MEANWHILE:
            pair.settle()
            chance.choice(_HAPPENINGS)(pair, chance)
        elif second % 97 == 0:
            pair.both(lambda bench: bench.board.status(bench.now_s))
        is_ill = pair.lines == inputs.POWER_FAILING or not pair.is_valid
        if is_ill and chance.random() < _RECOVERY:
            pair.lines, pair.is_valid = 0, True
    pair.settle()


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_the_shortcut_changes_nothing(make_bench, build_programme, tariff, seed):
    chance = random.Random(seed)

    def programme_of(version, activation_s):
        made = build_programme(
            version,
            activation_s=activation_s if seed % 2 else 0,
            load={
                "unbalance_pct": 40 * (version % 2),
                "phase_limit_w": 600 * (seed % 2),
                "retries_max": version % 3,
                "retry_interval_s": 20,
                "frozen_s": 150,
                "wait_s": 60 * (seed % 3),
                "trips_max": 2,
                "lockout_s": 90,
            },
            credit={"mode": 2, "low_1": 200, "low_2": 60, "daily_charge": 5},
            tariff=tariff,
            windows=[[127, 5, 600]],
            second_limit=[300, [[127, 20, 30]]],
        )
        return programme.encode(made)

    pair = Pair(make_bench, programme_of)
    pair.both(lambda bench: bench.install(1, load={"frozen_s": 60 + 40 * (seed % 3)}))
    _live(pair, chance)
    assert pair.counting.taken > 100


@pytest.mark.parametrize("power_w", [0, 200, 900])
def test_most_seconds_of_a_quiet_hour_are_steady(make_bench, power_w):
    pair = Pair(make_bench, None)
    pair.both(lambda bench: bench.install())
    pair.power_w = power_w
    for _ in range(3600):
        pair.compare()
    pair.settle()
    assert pair.counting.taken > 3600 // 2


def test_a_clock_that_was_held_over_and_stands_still_is_lived_through_in_full(make_bench):
    pair = Pair(make_bench, None)
    for bench in (pair.quick, pair.thorough):
        bench.cut(30, clock_state=HELD)
    pair.thorough.board._steady = Thorough()
    for second in range(400):
        pair.compare()
        for bench in (pair.quick, pair.thorough):
            bench.now_s -= second % 50 == 0
    pair.settle()


def test_a_chip_that_hangs_is_found_in_the_same_second(make_bench):
    pair = Pair(make_bench, None)
    pair.both(lambda bench: bench.install(1, load={"frozen_s": 300}))
    pair.power_w = 600
    for _ in range(30):
        pair.compare()
    for bench in (pair.quick, pair.thorough):
        bench.measure = lambda _flowing_w: None
    for _ in range(400):
        pair.compare()
    pair.settle()
    assert pair.quick.events(1013) == [4]
