"""The core gear of the trials: a true board passes, a broken one is found, one seed is one run."""

import pytest

from firmware.core import holds, ledger
from firmware.core.actions import CLOSE_RELAY, OPEN_RELAY
from firmware.core.board import Board
from protocol import programme as wire
from simulator import trial_core, trial_plan
from simulator.core_house import CoreHouse
from simulator.trial_inspector import Inspector

START_S = 200_000_000
PROGRAMME = wire.from_names(
    {
        "version": 1,
        "package_id": "TRIAL",
        "activation_s": 0,
        "utc_offset_min": 330,
        "load": {"limit_w": 500, "wait_s": 60},
        "windows": [],
        "supply_clock_unset": True,
        "credit": {
            "mode": 1,
            "low_1": 0,
            "low_2": 0,
            "reconnect": 1,
            "friendly_windows": [],
            "sanctioned_load_w": 500,
            "phases": 1,
            "opened_s": 0,
        },
        "tariff": None,
        "interval_s": 300,
        "start_delay_s": 0,
        "language": 0,
    }
)


def command(number, name, **arguments):
    return {"command": f"x{number:016x}", "name": name, "arguments": arguments}


STORY = [
    (20, command(1, 3, **{"0": "x" + wire.encode(PROGRAMME).hex()})),
    (30, {"session": 0}),
    (40, command(2, 4, **{"0": "x00000000000000aa", "1": 1, "2": 5000})),
    (50, {"session": 0}),
    (70, {"appliance": "lamp", "power_w": 200}),
    (200, {"appliance": "heater", "power_w": 1200}),
    (210, {"button": True}),
    (215, {"mains": False, "off_s": 10}),
    (240, {"button": True}),
    (300, {"appliance": "heater", "power_w": 0}),
    (330, {"button": True}),
    (600, command(3, 1)),
    (610, {"session": 0}),
    (700, {"mains": False, "off_s": 30}),
    (800, command(4, 2)),
    (810, {"session": 0}),
    (1000, {"chip": "silent", "value": 1}),
    (1120, {"chip": "silent", "value": 0}),
    (1500, {"appliance": "heater", "power_w": 450}),
    (1600, {"appliance": "heater", "power_w": 0}),
    (1700, {"button": True}),
    (1900, {"cut_write": 0, "tear": 1, "off_s": 20}),
    (2400, {"session": 0}),
]


def live(make_board):
    """Tell the story to a house with such a board; return the names of what did not hold."""
    plan = trial_plan.Plan("story", 7, START_S, START_S + 3000, programmes=[PROGRAMME])
    plan.actions = [(START_S + at_s, action) for at_s, action in STORY]
    inspector = Inspector(plan)
    house = CoreHouse(START_S, 7, inspector.take, make_board=make_board)
    house.live(plan.actions, plan.end_s)
    return inspector.checker


def test_a_true_board_lives_through_the_story_and_every_invariant_of_the_core_is_looked_at():
    checker = live(Board)
    assert checker.violations == []
    assert set(checker.checks) == {
        "registers", "not above", "not below", "relay", "wait", "outage", "overload", "blind",
        "credit", "charges", "stored", "programme",
    }  # fmt: skip


class ForgetsItsHolds(Board):
    def start(self, *arguments, **named):
        super().start(*arguments, **named)
        self.supply.holds = self._values[ledger.HOLDS] = 0


class CountsTwice(Board):
    def tick(self, now_s, uptime_s, sample, load_side_live):
        sample.energy_wh *= 2
        actions = super().tick(now_s, uptime_s, sample, load_side_live)
        sample.energy_wh //= 2
        return actions


class CountsHalf(Board):
    def tick(self, now_s, uptime_s, sample, load_side_live):
        whole_wh = sample.energy_wh
        sample.energy_wh //= 2
        actions = super().tick(now_s, uptime_s, sample, load_side_live)
        sample.energy_wh = whole_wh
        return actions


class ForgetsItsRegister(Board):
    def start(self, *arguments, **named):
        super().start(*arguments, **named)
        for index in range(ledger.ENERGY_WH, ledger.RATE_WH + 4):
            self._values[index] = 0


class ClosesEarly(Board):
    def press_button(self, now_s, uptime_s):
        self.supply.set_hold(holds.OVERLOAD, False)
        return super().press_button(now_s, uptime_s)


class ForgetsItsWait(Board):
    def start(self, *arguments, **named):
        super().start(*arguments, **named)
        self.supply.limiter._wait_until_s = 0


class NeverTrips(Board):
    def __init__(self, store):
        super().__init__(store)
        self.supply.limiter.judge = lambda *_: 0


class TakesSilenceForNothing(Board):
    def tick(self, now_s, uptime_s, sample, load_side_live):
        was_valid, sample.valid = sample.valid, True
        actions = super().tick(now_s, uptime_s, sample, load_side_live)
        sample.valid = was_valid
        return actions


class NeverOpens(Board):
    def tick(self, *arguments):
        return super().tick(*arguments) & ~OPEN_RELAY


class ClosesAgainstAHold(Board):
    def tick(self, *arguments):
        actions = super().tick(*arguments)
        if self.holds:
            self.supply.relay.closed = True
            actions |= CLOSE_RELAY
        return actions


class CreditsTwice(Board):
    def apply(self, body, now_s, uptime_s):
        actions = super().apply(body, now_s, uptime_s)
        if body[4] == 4:
            self.account.credit(body[5][2])
        return actions


class ChargesNothing(Board):
    def __init__(self, store):
        super().__init__(store)
        self.account.charge = lambda _added_wh: None


class LetsReadingsGo(Board):
    """It releases what the far end has never seen."""

    def tick(self, *arguments):
        self._store.readings.released = self._store.readings.last
        return super().tick(*arguments)


class MixesProgrammes(Board):
    def tick(self, *arguments):
        if self.supply.limiter.limit_w == 500 and self.programmes.active[wire.VERSION]:
            self.supply.limiter.limit_w = 499
        return super().tick(*arguments)


MUTANTS = [
    (ForgetsItsHolds, "outage"),
    (CountsTwice, "not above"),
    (CountsHalf, "not below"),
    (ForgetsItsRegister, "registers"),
    (ClosesEarly, "wait"),
    (ForgetsItsWait, "wait"),
    (NeverTrips, "overload"),
    (TakesSilenceForNothing, "blind"),
    (NeverOpens, "relay"),
    (ClosesAgainstAHold, "relay"),
    (CreditsTwice, "credit"),
    (ChargesNothing, "charges"),
    (LetsReadingsGo, "stored"),
    (MixesProgrammes, "programme"),
]


@pytest.mark.parametrize(("mutant", "name"), MUTANTS, ids=lambda it: getattr(it, "__name__", it))
def test_a_broken_board_is_found(mutant, name):
    assert name in {violation.name for violation in live(mutant).violations}


def test_a_mixture_of_six_board_days_holds_every_invariant():
    outcomes = [trial_core.live(run) for run in trial_core.runs(6, seed=3)]
    facts = trial_core.summarise(outcomes)
    assert facts["violations"] == []
    assert facts["board_days"] == 6
    assert facts["cuts"] > 10
    of_the_core = [row for row in facts["invariants"] if row["name"] not in ("heap", "tasks")]
    assert min(row["checks"] for row in of_the_core) > 50


def test_one_run_is_the_same_again_and_on_the_chips_integers():
    first = trial_core.live("edge:0:1")
    again = trial_core.live("edge:0:1")
    inside = trial_core.live("edge:0:1", on_interpreter=True)
    for other in (again, inside):
        assert other.checks == first.checks
        assert other.worst == first.worst
        assert other.violations == first.violations == []


@pytest.mark.parametrize(
    "run", ["mix", "mix:1", "mix:1:0", "walk:1:1", "2019:1:1", "2054:1:1", "mix:1:400", "mix:a:1"]
)
def test_a_run_that_cannot_be_is_refused_with_the_form_of_one(run):
    with pytest.raises(ValueError, match="KIND:SEED:DAYS"):
        trial_core.check_run(run)


def test_a_long_batch_has_whole_years_with_the_year_2034_and_sums_up_to_its_days():
    runs = trial_core.runs(3000, seed=1)
    assert runs[:3] == ["2028:1:365", "2034:1:365", "2053:1:365"]
    assert trial_core.days_of(runs) == 3000
    assert len(set(runs)) == len(runs)


def test_every_plan_of_a_year_ends_before_a_real_time_clock_does():
    plan = trial_plan.make("2053:1:365")
    assert plan.end_s <= 1_073_001_600
