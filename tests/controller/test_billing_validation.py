"""Validation and estimation of readings: what cannot be is found, nothing signed is changed."""

import pytest

from controller.billing import validation
from controller.billing.validation import Interval, estimate_between, estimate_onward, validate
from controller.errors import Refused
from tests.controller.homes import CLERK, DAY_S, HOUR_S, JANUARY

LOAD_W = 2_000
THRESHOLDS = {
    "gap_s": 7_200, "spike_factor_pct": 150, "zero_with_power_w": 50, "clock_jump_s": 900,
    "sum_check_wh": 10,
}  # fmt: skip


def interval(sequence: int, end_s: int, wh: int, **told) -> Interval:
    """A quarter of an hour under supply, all at rate 0."""
    facts = {"flags": 0, "rate_wh": (wh, 0, 0, 0), "power_w_max": 40, "supply_s": 900} | told
    return Interval(sequence, end_s, energy_wh=wh, **facts)


BEFORE = interval(7, 9_000, 1_000)


@pytest.mark.parametrize(
    ("now", "kinds"),
    [
        (interval(8, 9_900, 1_050), []),
        (interval(8, 9_900, 1_000), []),  # nothing used
        (interval(10, 11_700, 1_100), ["gap"]),  # two readings are missing
        (interval(8, 9_000 + 3 * HOUR_S, 1_100), ["gap"]),  # a long one, under supply
        (interval(8, 9_000 + 9 * HOUR_S, 1_020, flags=4), []),  # an outage is no gap
        (interval(8, 9_900, 1_751), []),  # 2 kW × 150 % for a quarter of an hour, and the Wh
        (interval(8, 9_900, 1_752), ["spike"]),
        (interval(8, 9_900, 1_000, power_w_max=1_500), ["zero"]),
        (interval(8, 9_900, 1_000, power_w_max=49), []),
        (interval(8, 9_900, 999), ["rollover", "sum"][:1]),
        (interval(8, 9_900, 500), ["rollover", "sum"]),
        (interval(8, 8_000, 1_010), ["clock jump"]),
        (interval(8, 9_900, 1_010, flags=128), ["clock jump"]),
        (interval(8, 9_900, 1_050, rate_wh=(1_000, 61, 0, 0)), ["sum"]),
        (interval(8, 9_900, 1_050, rate_wh=(1_000, 60, 0, 0)), []),
    ],
)
def test_what_cannot_be_is_found_by_its_kind_and_thresholds_decide(now, kinds):
    """MG-7: gap, spike, zero while current flows, rollover, clock jump, sum check."""
    assert [finding.kind for finding in validate([BEFORE, now], THRESHOLDS, LOAD_W)] == kinds


def test_a_doubted_clock_that_was_put_right_is_a_jump():
    before = interval(7, 9_000, 1_000, flags=2)
    found = validate([before, interval(8, 20_000, 1_010, flags=4)], THRESHOLDS, LOAD_W)
    assert [finding.kind for finding in found] == ["clock jump"]


def test_findings_are_bounded():
    broken = [interval(n, 900 * n, 10_000 * (n % 2)) for n in range(1, 2_000)]
    assert len(validate(broken, THRESHOLDS, LOAD_W)) == validation.FINDINGS_MAX


def test_an_estimate_between_two_readings_keeps_their_sum():
    before, after = interval(1, 1_000, 100), interval(2, 4_000, 400)
    assert estimate_between(before, after, 2_500) == (250, 0, 0, 0)
    assert estimate_between(before, after, 1_000) == (100, 0, 0, 0)


def test_an_estimate_onward_needs_some_days_of_habit():
    few = [interval(1, 0, 0), interval(2, 2 * DAY_S, 2_000)]
    enough = [interval(1, 0, 0), interval(2, 4 * DAY_S, 4_000)]
    assert estimate_onward(few, 5 * DAY_S) is None
    assert estimate_onward(enough, 5 * DAY_S) == (5_000, 0, 0, 0)


def validated(**more):
    from controller.billing.validating import validate_month

    return validate_month(plant_code="KATS", month="2026-01", **CLERK, **more)


def test_a_validation_is_of_whom_the_meter_served_and_only_of_that_time(village, clock):
    """MG-7: a meter that moves in the month leaves the earlier consumer's history with them."""
    from controller.billing.models import Validation
    from controller.consumers import fitting

    first, second = village(1), village(2)
    meter_id = first.connection.meter_id
    first.read(JANUARY.start_s + 900, 1_000)
    first.read(JANUARY.start_s + 1_800, 9_000)  # a spike, with the first consumer
    clock(JANUARY.start_s + 10 * DAY_S)
    for home in (first, second):
        fitting.release_meter(home.connection.consumer_id, None, "moves", **CLERK)
    clock(JANUARY.start_s + 11 * DAY_S)
    fitting.fit_meter(second.connection.consumer_id, meter_id, **CLERK)
    first.read(JANUARY.start_s + 11 * DAY_S + 900, 9_010)
    clock(JANUARY.end_s + 60)
    validated()
    told = {
        (row.connection_id, row.readings, row.has_passed)
        for row in Validation.objects.filter(meter=meter_id)
    }
    assert told == {(first.connection.pk, 2, False), (second.connection.pk, 1, True)}


def test_an_odd_meter_is_a_task_with_its_findings_and_its_readings_stay(village, clock):
    """MG-7: raw readings stay as they were signed; findings stand beside them with reasons."""
    from controller.readings.models import Reading
    from controller.tasks.queries import open_tasks

    home, well = village(1), village(2)
    home.read(JANUARY.start_s + 900, 1_000)
    home.read(JANUARY.start_s + 1_800, 9_000)
    well.read(JANUARY.start_s + 900, 1_000)
    before = list(Reading.objects.values())
    clock(JANUARY.end_s + 60)
    odd, good = validated()
    assert (odd.has_passed, good.has_passed, odd.readings) == (False, True, 2)
    (task,) = open_tasks(kind="readings")
    assert task.subject == "consumer BHKATS00101"
    assert task.evidence["findings"][0][0] == "spike"
    validated()
    assert len(open_tasks(kind="readings")) == 1
    assert list(Reading.objects.values()) == before


def test_registers_over_a_gap_at_the_months_end_are_estimated_and_the_bill_says_so(
    village, close, clock
):
    """MG-8: even use between the readings around it; the next month takes what is left."""
    from controller.billing import queries, services
    from controller.billing.models import Estimate

    home = village(1)
    home.read(JANUARY.start_s, 0)
    home.read(JANUARY.end_s - 10 * HOUR_S, 90_000)
    home.read(JANUARY.end_s + 10 * HOUR_S, 110_000)
    clock(JANUARY.end_s + 60)
    validated()
    estimate = Estimate.objects.get()
    assert (estimate.method, estimate.rate_wh) == ("between", [100_000, 0, 0, 0])
    (january,) = close()
    assert (january.units_wh, january.estimated, january.last_reading) == (100_000, True, None)
    assert "estimated" in january.note
    home.read(JANUARY.end_s + 28 * DAY_S, 130_000)
    clock(JANUARY.end_s + 28 * DAY_S)
    services.close_period("KATS", "2026-02", actor="clerk")
    (february,) = queries.bills_of("KATS", "2026-02")
    assert february.units_wh == 30_000


def test_a_silent_meter_is_estimated_by_its_habit_and_put_right_by_the_true_reading(
    village, close, clock
):
    """MG-8: what was estimated too high stays billed once: nothing more until it is reached."""
    from controller.billing import queries, services

    home = village(1)
    for day in range(0, 25, 6):
        home.read(JANUARY.start_s + day * DAY_S, day * 1_000)
    clock(JANUARY.end_s + 60)
    validated()
    (january,) = close()
    assert january.units_wh == 31_000  # 24 units in 24 days, 7 days more
    home.read(JANUARY.end_s + 28 * DAY_S, 30_000)  # it used less than was believed
    clock(JANUARY.end_s + 28 * DAY_S)
    services.close_period("KATS", "2026-02", actor="clerk")
    (february,) = queries.bills_of("KATS", "2026-02")
    assert (february.units_wh, february.end_wh[0]) == (0, 31_000)
    home.read(JANUARY.end_s + 59 * DAY_S, 40_000)
    clock(JANUARY.end_s + 59 * DAY_S)
    services.close_period("KATS", "2026-03", actor="clerk")
    (march,) = queries.bills_of("KATS", "2026-03")
    assert january.units_wh + february.units_wh + march.units_wh == 40_000


def test_registers_that_a_person_read_count_but_never_below_what_is_signed(village, close, clock):
    """MG-7: a noted reading bills a silent meter; a false one is refused and changes nothing."""
    from controller.billing.models import Estimate
    from controller.billing.validating import enter_registers

    home = village(1)
    home.read(JANUARY.start_s, 5_000)
    clock(JANUARY.end_s + 60)
    entry = {"meter_id": "BHK01", "at_s": JANUARY.end_s, **CLERK}
    with pytest.raises(Refused, match="higher registers"):
        enter_registers(rate_wh=(4_999, 0, 0, 0), reason="read", **entry)
    with pytest.raises(Refused, match="reason"):
        enter_registers(rate_wh=(9_000, 0, 0, 0), reason=" ", **entry)
    assert not Estimate.objects.exists()
    enter_registers(rate_wh=(9_000, 0, 0, 0), reason="read off the display", **entry)
    (bill,) = close()
    assert (bill.units_wh, bill.estimated) == (4_000, True)
