"""The inspector of the trials finds each kind of breach, and nothing where there is none."""

from dataclasses import replace

import pytest

from protocol import messages
from protocol import programme as wire
from simulator.invariants import INVARIANTS, Checker
from simulator.overload import OverloadWatch
from simulator.truth import BUILT_IN, Truth

# A house of 500 W that has run for an hour, supply on, 100 Wh used; credit in Wh.
TRUTH = Truth(relay_closed=True, load_dw=1000, delivered_mwh=100_500, booted_s=-3600.0)
STATUS = {
    0: 2, 1: 0, 2: 1, 3: 100, 4: 230, 5: 100, 6: 0, 7: 0, 8: 0, 9: 0, 10: 0, 11: 0, 12: 0, 13: 500,
    14: 0, 15: 0, 16: 0, 17: 60, 18: 4, 19: 9, 20: 40_000, 21: 0, 22: 1, 23: 1000,
}  # fmt: skip
OVERLOAD, LOCKOUT = messages.HOLD_OVERLOAD, messages.HOLD_LOCKOUT
READING = [5, 900, 0, 100, 100, 0, 0, 0, 100, 229, 231, 900, 0, 0, 0, 0]
PROGRAMME = {
    "version": 1, "package_id": "TRIAL", "activation_s": 0, "utc_offset_min": 330, "windows": [],
    "supply_clock_unset": True, "tariff": None, "interval_s": 300, "start_delay_s": 0,
    "language": 0,
    "credit": {
        "mode": 0, "low_1": 0, "low_2": 0, "reconnect": 1, "friendly_windows": [],
        "sanctioned_load_w": 500, "phases": 1, "opened_s": 0,
    },
}  # fmt: skip


def inspect(*looks):
    """Show a checker each (seconds later, truth changes, status changes); return what it found."""
    checker = Checker()
    now_s, truth, status = 0.0, TRUTH, STATUS
    checker.see(truth, status, now_s)
    assert checker.violations == []
    for later_s, truth_changes, status_changes in looks:
        now_s += later_s
        truth = replace(truth, **truth_changes)
        status = None if status_changes is None else {**STATUS, **status_changes}
        checker.see(truth, status, now_s)
    return [violation.name for violation in checker.violations]


OPEN = {1: OVERLOAD, 2: 0, 15: 1}
CUT = {"cuts": 1, "powered": False, "load_dw": 0}

BREACHES = {
    "a register that falls": ("registers", [(1, {}, {5: 99})]),
    "an event number that falls over a cut": (
        "registers", [(1, CUT, None), (9, {"powered": True}, {19: 8})],
    ),
    "a register that falls by more than a ledger step over a cut": (
        "registers",
        [(60, {"delivered_mwh": 900_000}, {5: 900}), (1, CUT, None),
         (9, {"powered": True, "booted_s": 70.0}, {5: 100})],
    ),
    "energy that never flowed": ("not above", [(1, {}, {5: 101})]),
    "energy that is lost": ("not below", [(1, {"delivered_mwh": 105_000}, {})]),
    "a relay told to close against a hold": ("relay", [(1, {}, {1: OVERLOAD})]),
    "contacts that stay closed when told to open": (
        "relay", [(1, {}, OPEN), (30, {"load_dw": 0}, OPEN)],
    ),
    "closing before the wait is over": (
        "wait",
        [(1, {"relay_closed": False, "load_dw": 0}, OPEN), (5, {"relay_closed": True}, {15: 1})],
    ),
    "closing before the lockout is over, over two cuts": (
        "wait",
        [(1, {"relay_closed": False, "load_dw": 0}, {1: OVERLOAD | LOCKOUT, 2: 0, 15: 4}),
         (1, CUT, None),
         (60, {"powered": True, "booted_s": 60.0}, {1: OVERLOAD | LOCKOUT, 2: 0, 15: 4}),
         (1, {"cuts": 2, "powered": False}, None),
         (600, {"powered": True, "relay_closed": True, "booted_s": 660.0}, {15: 4})],
    ),
    "a hold that a cut clears": (
        "outage",
        [(1, {"relay_closed": False, "load_dw": 0}, {1: 1, 2: 0}), (1, CUT, None),
         (60, {"powered": True, "booted_s": 60.0}, {})],
    ),
    "contacts that close in the dark": (
        "outage",
        [(1, {"relay_closed": False, "load_dw": 0}, {1: 1, 2: 0}), (1, CUT, None),
         (9, {"relay_closed": True}, None)],
    ),
    "an overload that outlives its band": (
        "overload", [(1, {"load_dw": 6500}, {}), (20, {"delivered_mwh": 131_000}, {5: 131})],
    ),
    "a silent chip that keeps supply on": (
        "blind", [(1, {"chip_fault": "silent", "chip_fault_s": 1.0}, {}), (60, {}, {})],
    ),
    "credit that nobody bought": ("credit", [(1, {"credited": 10}, {7: 1, 8: 20, 6: 20})]),
    "an account that does not add up": ("credit", [(1, {}, {7: 1, 8: 20, 9: 1, 6: 20})]),
    "a charge that nobody rated": ("charges", [(1, {"charged": 7}, {7: 2, 8: 20, 9: 6, 6: 14})]),
    "a reading acknowledged and not stored": ("stored", [(1, {"acknowledged": range(1, 2)}, {})]),
    "a programme that nobody sent": ("programme", [(1, {}, {10: 3})]),
    "half a programme": ("programme", [(1, {}, {13: 900})]),
    "a dead task": ("tasks", [(1, {"tasks_dead": 1}, {})]),
    "a heap over its budget": ("heap", [(1, {"heap_bytes": 70_000}, {})]),
}  # fmt: skip


@pytest.mark.parametrize(("name", "looks"), BREACHES.values(), ids=BREACHES)
def test_a_breach_is_found(name, looks):
    assert name in inspect(*looks)


def test_every_invariant_has_a_breach_that_shows_that_it_is_judged():
    assert {invariant.name for invariant in INVARIANTS} == {name for name, _ in BREACHES.values()}


FAULTLESS = {
    "a load under the limit for a day": [(86_400, {"delivered_mwh": 2_500_000}, {5: 2500})],
    "a trip within its band, a wait and a button": [
        (1, {"load_dw": 13_000}, {}),
        (2, {"relay_closed": False, "load_dw": 0, "delivered_mwh": 101_100}, {**OPEN, 5: 101}),
        (12, {"relay_closed": True}, {5: 101, 15: 1}),
    ],
    "an overload that nobody can see while the chip is silent for four seconds": [
        (1, {"load_dw": 13_000, "chip_fault": "silent", "chip_fault_s": 1.0}, {}),
        (4, {"delivered_mwh": 102_100}, {}),
        (0, {"chip_fault": "", "chip_well_s": 5.0}, {}),
        (3, {"relay_closed": False, "load_dw": 0, "delivered_mwh": 103_200}, {**OPEN, 5: 103}),
    ],
    "a register within a ledger step of what it was before a cut": [
        (60, {"delivered_mwh": 110_000}, {5: 110}),
        (1, CUT, None),
        (9, {"powered": True, "booted_s": 70.0}, {5: 101}),
        (2, {}, {5: 110}),
    ],
    "a purchase under way": [(1, {"credited": 10, "pending": (5,)}, {7: 0})],
}


@pytest.mark.parametrize("looks", FAULTLESS.values(), ids=FAULTLESS)
def test_nothing_is_found_where_nothing_is_wrong(looks):
    assert inspect(*looks) == []


def test_a_breach_that_lasts_is_told_once():
    assert inspect((1, {}, {13: 900}), (1, {}, {13: 900})) == ["programme"]


@pytest.mark.parametrize(
    ("second", "name"),
    [
        ([*READING[:3], 101, 101, *READING[5:]], "stored"),
        ([6, *READING[1:]], "stored"),
        ([6, 1800, 0, 99, 99, *READING[5:]], "registers"),
        ([6, 1800, 0, 101, 100, *READING[5:]], "registers"),
    ],
    ids=["another record", "another number", "a fall", "rates that do not sum"],
)
def test_the_same_reading_twice_differently_or_one_below_the_last_is_found(second, name):
    checker = Checker()
    checker.store(READING)
    checker.store(READING)
    assert checker.violations == []
    checker.store(second)
    assert [violation.name for violation in checker.violations] == [name]


ANEW = messages.FLAG_CLOCK_STEPPED


@pytest.mark.parametrize(
    ("is_clock_true", "later", "is_found"),
    [
        (True, [(6, 1800, 0), (7, 2700, 0)], False),
        (True, [(7, 2700, 0), (6, 900, 0)], True),
        (True, [(6, 1800, 0), (7, 1800, 0)], True),
        (True, [(6, 1800, 0), (7, 900, ANEW)], True),
        (False, [(6, 1800, 0), (7, 900, ANEW), (8, 1800, 0)], False),
        (False, [(6, 1800, 0), (8, 1800, 0), (7, 900, ANEW)], False),
        (False, [(6, 1800, 0), (7, 1800, 0)], True),
        (False, [(6, 1800, 0), (7, 900, ANEW), (8, 900, 0)], True),
        (False, [(6, 1800, ANEW), (7, 1800, 0)], True),
    ],
    ids=[
        "they ascend", "out of order, one moment twice", "one moment twice",
        "anew though no clock was wrong", "anew once", "anew, out of order", "twice, not told",
        "anew and then twice", "told with another reading",
    ],
)  # fmt: skip
def test_no_moment_has_two_readings_but_where_they_begin_anew(is_clock_true, later, is_found):
    """Only after a clock that went wrong, and only the reading that says so, may go back."""
    checker = Checker(is_clock_true=is_clock_true)
    checker.store(READING)
    for sequence, end_s, flags in later:
        checker.store([sequence, end_s, flags, *READING[3:]])
    assert [violation.name for violation in checker.violations] == ["stored"] * is_found


@pytest.mark.parametrize(
    ("load", "cut_s", "is_found"),
    [
        ({"retries_max": 3}, 60, False),
        ({"retries_max": 3}, 5, True),
        ({}, 60, True),
    ],
    ids=["its wait is over", "its wait is not over", "nothing retries"],
)
def test_an_overload_hold_ends_in_the_dark_only_by_a_retry_that_is_due(load, cut_s, is_found):
    programme = wire.from_names({**PROGRAMME, "load": {"limit_w": 500, "wait_s": 10, **load}})
    checker = Checker()
    checker.learn(programme)
    tripped = {**STATUS, 10: 1, 1: OVERLOAD | messages.HOLD_OPERATOR, 2: 0, 15: 1}
    off = replace(TRUTH, relay_closed=False, load_dw=0)
    checker.see(TRUTH, {**STATUS, 10: 1}, 0.0)
    checker.see(off, tripped, 1.0)
    checker.see(replace(off, powered=False, cuts=1), None, 2.0)
    back = replace(off, cuts=1, booted_s=cut_s)
    checker.see(back, {**tripped, 1: messages.HOLD_OPERATOR}, cut_s)
    assert [violation.name for violation in checker.violations] == ["outage"] * is_found


@pytest.mark.parametrize(
    ("emergency_limits_w", "limit_w", "is_found"),
    [((0,), 200, True), ((200,), 200, False), ((200, 100), 100, False), ((200, 100), 300, True)],
)
def test_no_limit_is_in_force_but_the_programmes_and_one_that_was_commanded(
    emergency_limits_w, limit_w, is_found
):
    found = inspect((1, {"emergency_limits_w": emergency_limits_w}, {13: limit_w}))
    assert found == ["programme"] * is_found


@pytest.mark.parametrize(
    ("on_s", "off_s", "is_found"), [(8, 3, True), (8, 20, False), (0.4, 5, False)]
)
def test_a_duty_cycled_overload_counts_as_far_as_no_chip_can_miss_it(on_s, off_s, is_found):
    """At 130 % the band is 10 s; what comes and goes adds up unless it rests as long."""
    checker = Checker()
    checker.see(TRUTH, STATUS, 0.0)
    now_s = 0.0
    for _ in range(20):
        checker.flow(now_s, 6500)
        now_s += on_s
        checker.see(replace(TRUTH, load_dw=6500, delivered_mwh=10**9), {**STATUS, 5: 10**6}, now_s)
        checker.flow(now_s, 1000)
        now_s += off_s
    found = "overload" in [violation.name for violation in checker.violations]
    assert found == is_found


def test_the_built_in_programme_is_known_and_its_margins_are_kept():
    checker = Checker()
    checker.see(replace(TRUTH, load_dw=13_000), STATUS, 0.0)
    checker.see(replace(TRUTH, load_dw=13_000), STATUS, 2.0)
    assert checker.knows(0) == BUILT_IN
    assert checker.worst["overload beyond its band, s"][:2] == (2.0, 3.5)


def test_a_load_is_judged_by_a_new_limit_only_from_its_moment_on():
    watch = OverloadWatch()
    watch.configure(BUILT_IN, 2300, 0.0)
    watch.flow(0.0, 13_290)
    watch.configure(BUILT_IN, 800, 40.0)
    assert watch.overrun_s(40.0) <= 0
    assert watch.overrun_s(50.0) > 0
