"""Pro-rating: whatever changes inside a month, its parts are the whole, its days its days."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.billing import rules
from protocol import rating
from tests.rating.test_rating import tariffs

DAY_S = 86_400
MODES = (0, 1, 2)  # postpaid, energy, money


@st.composite
def months(draw):
    """A month at a plant, and the terms that came into force before and in it, ascending."""
    year, month = draw(st.integers(2024, 2028)), draw(st.integers(1, 12))
    offset_min = draw(st.sampled_from((330, 345, 0, -210)))
    bounds = rules.read_month(f"{year}-{month:02}", offset_min)
    records = draw(st.lists(tariffs(), min_size=1, max_size=3))
    texts = [json.dumps(record) for record in records]
    at_s = bounds.start_s - draw(st.integers(0, 40 * DAY_S))
    opened_s = at_s
    terms = []
    for _ in range(draw(st.integers(1, 5))):
        mode = draw(st.sampled_from(MODES))
        meter = draw(st.sampled_from(("M1", "M2")))
        if terms and (mode != terms[-1].mode or meter != terms[-1].meter_id):
            opened_s = at_s
        terms.append(
            rules.Terms(at_s, opened_s, mode, draw(st.sampled_from(texts)), 2000, 1, meter)
        )
        step_s = draw(st.one_of(st.integers(1, 20 * DAY_S), st.just(DAY_S)))
        at_s += step_s
        if draw(st.booleans()):  # as a new version of a tariff does, at midnight
            at_s -= (at_s - bounds.start_s) % DAY_S
            at_s += DAY_S if at_s <= terms[-1].from_s else 0
    return bounds, rules.terms_in(bounds, terms)


@st.composite
def split_months(draw):
    """A month with its parts, and the registers that they were split at."""
    bounds, terms = draw(months())
    rises = st.lists(st.integers(0, 90_000), min_size=4, max_size=4)
    registers = [draw(rises)]
    for _ in terms:
        registers.append([a + b for a, b in zip(registers[-1], draw(rises), strict=True)])
    return bounds, terms, registers, rules.split_month(bounds, terms, registers)


@settings(max_examples=60, deadline=None)
@given(split_months())
def test_the_parts_of_a_month_have_all_its_energy_and_none_of_its_days_twice(case):
    """MG-8: on a change of tariff, package or meter no unit and no day is billed twice or lost."""
    month, terms, registers, parts = case
    if not terms:
        return
    for rate in range(4):
        assert sum(part.rate_wh[rate] for part in parts) == (
            registers[-1][rate] - registers[0][rate]
        )
    days = [day for part in parts for day in range(part.first_day, part.last_day + 1)]
    assert len(days) == len(set(days))
    assert sum(part.days_supplied for part in parts) == len(days)
    assert set(days) <= set(range(1, month.days + 1))


@settings(max_examples=60, deadline=None)
@given(split_months())
def test_terms_that_only_change_pay_for_every_day_since_the_account_began(case):
    """MG-8: the days of the parts sum to the month, or to what is left of it for a new account."""
    month, terms, _registers, parts = case
    openings = [row for row in terms[1:] if row.mode == 2]  # may leave days before it unpaid
    if not terms or openings:
        return
    first = month.day_of(terms[0].opened_s)
    assert sum(part.days_supplied for part in parts) == max(0, month.days - first + 1)


@settings(max_examples=50, deadline=None)
@given(split_months())
def test_the_lines_of_every_part_are_what_it_costs_and_together_the_bill(case):
    """MG-8, UP-5, UP-9: each part is rated by itself, with its own days."""
    month, _terms, _registers, parts = case
    for part in parts:
        lines = rules.part_lines(month, part, alone=len(parts) == 1)
        assert sum(line.amount_paise for line in lines) == rules.part_paise(month, part)
        assert {line.days for line in lines} <= {part.days_supplied}


@settings(max_examples=50, deadline=None)
@given(tariffs(), st.integers(1, 30), st.integers(0, 200_000), st.integers(0, 200_000))
def test_a_tariff_that_changes_at_midnight_shares_the_fixed_charge_by_days(
    names, day, before_wh, after_wh
):
    """MG-8, UP-5: the same fixed charge before and after a version is the month's, to the paisa
    that rounding each part may cost."""
    month = rules.read_month("2026-04", 330)
    fixed = {**names, "fixed_per_kw_paise": 9_000, "fixed_basis_pct": 100}
    dearer = {**fixed, "duty_bp": (names["duty_bp"] + 1) % 10_001}
    change_s = month.start_s + day * DAY_S
    terms = [
        rules.Terms(month.start_s, 0, 0, json.dumps(fixed), 2000, 1, "M1"),
        rules.Terms(change_s, 0, 0, json.dumps(dearer), 2000, 1, "M1"),
    ]
    inside = rules.terms_in(month, terms)
    registers = [[0] * 4, [before_wh, 0, 0, 0], [before_wh + after_wh, 0, 0, 0]][: len(inside) + 1]
    parts = rules.split_month(month, inside, registers)
    lines = [line for part in parts for line in rules.part_lines(month, part, alone=False)]
    charged = sum(line.amount_paise for line in lines if line.kind == "fixed")
    assert abs(charged - rating.share(2000, 9_000, 1_000)) <= len(parts)
    assert [part.days_supplied for part in parts][:1] == [day if len(parts) == 2 else 30]
