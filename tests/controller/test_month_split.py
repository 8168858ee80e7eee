"""Pro-rating: whatever changes inside a month, its parts are the whole, its days its days."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.billing import dating, rules
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


def test_a_day_on_which_terms_change_twice_is_billed_once():
    """A postpaid change and then a money account on one day: the account pays for that day."""
    month = rules.read_month("2026-04", 330)
    noon_s = month.start_s + DAY_S + 43_200
    free = json.dumps({"code": "F", "tables": [[None, True, [[None, 0]]]]})
    dear = json.dumps({"code": "D", "tables": [[None, True, [[None, 5]]]]})
    terms = [
        rules.Terms(month.start_s, 0, 0, free, 2000, 1, "M1"),
        rules.Terms(noon_s, 0, 0, dear, 2000, 1, "M1"),
        rules.Terms(noon_s + 3_600, noon_s + 3_600, 2, free, 2000, 1, "M1"),
    ]
    parts = rules.split_month(month, terms, [[0] * 4] * 4)
    assert [(part.first_day, part.days_supplied) for part in parts] == [(1, 1), (3, 0), (2, 29)]


MARCH, APRIL, MAY = (rules.read_month(f"2026-{number:02}", 330) for number in (3, 4, 5))


def dated(*changes, month=APRIL, **versions):
    """(from_s, record) of postpaid changes of tariff 7 by date."""
    rows = [
        (7, date(2026, int(name[1:3]), int(name[3:])), text, "[]")
        for name, text in versions.items()
    ]
    found = dating.by_date(
        [(rules.Terms(at_s, 0, mode, "old", 2000, 1, "M1"), 7) for at_s, mode in changes],
        dating.versions_at(rows, 330),
        month,
    )
    return [(terms.from_s, terms.record) for terms in found]


def test_a_postpaid_bill_follows_the_tariffs_dates_and_no_boards_word():
    """MG-8, UP-2: a board that has not heard of the new version is billed by it all the same."""
    tenth_s = APRIL.start_s + 9 * DAY_S
    assert dated((MARCH.start_s, 0), d0101="A", d0410="B") == [
        (MARCH.start_s, "A"),
        (tenth_s, "B"),
    ]
    # The board hears of it three days later: that changes nothing.
    assert dated((MARCH.start_s, 0), (tenth_s + 3 * DAY_S, 0), d0101="A", d0410="B") == [
        (MARCH.start_s, "A"),
        (tenth_s, "B"),
        (tenth_s + 3 * DAY_S, "B"),
    ]
    # A version of a month that is not billed yet stays out; before the first, the board's counts.
    assert dated((MARCH.start_s, 0), d0315="A", d0501="B") == [
        (MARCH.start_s, "old"),
        (MARCH.start_s + 14 * DAY_S, "A"),
    ]


def test_of_two_revisions_of_one_day_the_last_counts():
    day = date(2026, 4, 10)
    rows = [(7, day, "first", "[]"), (7, day, "second", "[]")]
    assert dating.versions_at(rows, 330)[7] == [(APRIL.start_s + 9 * DAY_S, "second", "[]")]


def test_prepaid_terms_are_what_the_board_has_charged_by():
    assert dated((MARCH.start_s, 2), d0101="A", d0410="B") == [(MARCH.start_s, "old")]
    assert dated((MARCH.start_s, 0), (APRIL.start_s + DAY_S, 2), d0101="A", d0410="B") == [
        (MARCH.start_s, "A"),
        (APRIL.start_s + DAY_S, "old"),
    ]


@pytest.mark.django_db
def test_a_version_that_begins_in_the_month_splits_the_bill_at_its_midnight(make_board, clock):
    """MG-8, UP-5: 40 units at ₹5.00 in ten days, 60 at ₹6.00 in twenty; no board was told."""
    from controller.billing.drafting import Office, Standing, draft
    from controller.billing.evidence import collect
    from controller.consumers import services
    from controller.consumers.models import Connection
    from controller.headend.models import SignedMessage
    from controller.readings.models import Reading
    from controller.tariffs import services as tariffs

    clerk = {"actor": "clerk"}
    clock(MARCH.start_s)
    services.add_plant("KATS", "BH", "Katsa", **clerk)
    tariffs.add_tariff("DATED", "Dated", **clerk)
    for day, price in ((date(2026, 1, 1), 500), (date(2026, 4, 11), 600)):
        record = {"tables": [[None, True, [[None, price]]]], "fixed_per_kw_paise": 9_000}
        tariffs.add_version("DATED", day, record, **clerk)
    services.design_package("B2.1", "FD", 2000, tariff_code="DATED", **clerk)
    consumer = services.add_consumer("KATS", "Asha", 1, 1, 2000, **clerk)
    make_board("BHK01")
    connection = services.fit_meter(consumer.id, "BHK01", **clerk)
    services.assign_package(connection.pk, "B2.1 (FD) / 2000 / 0 / DATED", **clerk)
    services.programme_activated("BHK01", 1, MARCH.start_s)
    message = SignedMessage.objects.create(
        meter_id="BHK01", epoch=1, counter=1, kind=2, envelope=b"", received_s=0
    )
    for number, (day, wh) in enumerate(((0, 7_000), (10, 47_000), (11, 50_000), (30, 107_000)), 1):
        Reading.objects.create(
            meter_id="BHK01", message=message, sequence=number, flags=0, energy_wh=wh,
            end_s=APRIL.start_s + day * DAY_S, rate0_wh=wh, rate1_wh=0, rate2_wh=0, rate3_wh=0,
            power_w_max=0, voltage_v_min=230, voltage_v_max=230, supply_s=900, credit_mode=0,
            balance=0, programme_version=1, charged_total=0,
        )  # fmt: skip
    (evidence,) = collect([Connection.objects.get().pk], APRIL)
    bill = draft(evidence, Office(APRIL, 1, 0, 0, 0, {}), Standing(), None)
    assert [(line.kind, line.quantity, line.amount_paise, line.days) for line in bill.lines] == [
        ("energy", 40_000, 20_000, 10),
        ("fixed", 2_000, 6_000, 10),  # 180.00 × 10/30
        ("energy", 60_000, 36_000, 20),
        ("fixed", 2_000, 12_000, 20),
    ]
    assert not bill.estimated
