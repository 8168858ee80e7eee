"""The rating engine: by hand, against an independent one, and what it refuses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import rating
from protocol.errors import RatingError
from tests.rating import oracle

FLAT = {"code": "FLAT", "tables": [[None, True, [[None, 650]]]]}


def changed(**names):
    """A plain tariff of ₹6.50 a unit with some names changed."""
    return {**FLAT, **names}


def amounts(names, wh, load_w=1000, phases=1, day=31, days=31):
    """The bill's (kind, amount) pairs, all energy at rate 0."""
    lines = rating.bill_lines(rating.from_names(names), [wh, 0, 0, 0], load_w, phases, day, days)
    return [(kind, amount) for kind, _, _, amount in lines]


SURCHARGED = changed(surcharge_bp=238, duty_bp=500, rebate_bp=25)


@pytest.mark.parametrize(
    ("names", "wh", "expected"),
    [
        # 1 Wh at ₹6.50 is 0.65 paise: up; 769 Wh is 499.85: up; 2 × 0.5 is exactly half: up.
        (FLAT, 1, [(rating.LINE_ENERGY, 1)]),
        (FLAT, 769, [(rating.LINE_ENERGY, 500)]),
        (changed(tables=[[None, True, [[None, 500]]]]), 1, [(rating.LINE_ENERGY, 1)]),
        (changed(tables=[[None, True, [[None, 499]]]]), 1, [(rating.LINE_ENERGY, 0)]),
        # 650 × 2.38 % = 15.47, × 5 % = 32.5 (half up), (650+15+33) × 0.25 % = 1.745.
        (
            SURCHARGED,
            1000,
            [
                (rating.LINE_ENERGY, 650),
                (rating.LINE_SURCHARGE, 15),
                (rating.LINE_DUTY, 33),
                (rating.LINE_REBATE, -2),
            ],
        ),
        # The minimum holds surcharge and duty (UP-9) and is raised before the rebate.
        (
            changed(minimum_per_kw=[[2, 12000], [None, 7000]], duty_bp=1000, rebate_bp=100),
            10_000,
            [
                (rating.LINE_ENERGY, 6500),
                (rating.LINE_DUTY, 650),
                (rating.LINE_MINIMUM, 4850),
                (rating.LINE_REBATE, -120),
            ],
        ),
        # A bound is not exceeded until the first Wh beyond it.
        (
            changed(tables=[[1, True, [[1, 100]]], [None, False, [[None, 200]]]]),
            1000,
            [(rating.LINE_ENERGY, 100)],
        ),
        (
            changed(tables=[[1, True, [[1, 100]]], [None, False, [[None, 200]]]]),
            1005,
            [(rating.LINE_ENERGY, 201)],
        ),
    ],
)
def test_a_line_is_rounded_once_half_up(names, wh, expected):
    assert amounts(names, wh) == expected


def test_the_fixed_charge_is_on_the_sanctioned_load_for_the_days_supplied():
    names = changed(fixed_per_kw_paise=11000, fixed_basis_pct=75)
    assert amounts(names, 0, load_w=4000) == [(rating.LINE_FIXED, 33000)]
    assert amounts(names, 0, load_w=4000, day=1, days=30) == [(rating.LINE_FIXED, 1100)]


def test_time_of_day_adders_are_part_of_the_energy_charge():
    record = rating.from_names(changed(rate_adder_paise=[100, -50, 0], duty_bp=1000))
    lines = rating.bill_lines(record, [1000, 1000, 1000, 1000], 1000, 1, 31, 31)
    assert [line[3] for line in lines] == [2600, 100, -50, 265]


BANDS = [[31, 1080, 1320, 1], [127, 1320, 360, 2], [64, 600, 700, 3]]


@pytest.mark.parametrize(
    ("weekday", "minute", "rate"),
    [
        (0, 1079, 0),
        (0, 1080, 1),
        (0, 1319, 1),
        (0, 1320, 2),
        (1, 0, 2),
        (1, 359, 2),
        (1, 360, 0),
        (5, 1100, 0),
        (6, 650, 3),
        (0, 100, 2),  # Sunday's band runs into Monday
    ],
)
def test_a_rate_band_over_midnight_belongs_to_the_day_it_starts(weekday, minute, rate):
    assert rating.rate_at(rating.from_names(changed(rate_bands=BANDS)), weekday, minute) == rate


REFUSED = {
    "unknown name": {"tabels": []},
    "no tables": {"tables": []},
    "code too long": {"code": "X" * 33},
    "slabs not ascending": {"tables": [[None, True, [[100, 1], [50, 2], [None, 3]]]]},
    "last slab closed": {"tables": [[None, True, [[100, 1]]]]},
    "last table closed": {"tables": [[100, True, [[100, 1]]]]},
    "bounded table with a gap": {"tables": [[100, True, [[50, 1]]], [None, True, [[None, 1]]]]},
    "thirteen slabs": {"tables": [[None, True, [[n, 1] for n in range(1, 13)] + [[None, 1]]]]},
    "negative price": {"tables": [[None, True, [[None, -1]]]]},
    "price too high": {"tables": [[None, True, [[None, 1_000_001]]]]},
    "price a float": {"tables": [[None, True, [[None, 6.5]]]]},
    "price a truth": {"tables": [[None, True, [[None, True]]]]},
    "telescopic a number": {"tables": [[None, 1, [[None, 1]]]]},
    "duty above all": {"duty_bp": 10_001},
    "adder below the price": {"rate_adder_paise": [-651, 0, 0]},
    "two adders": {"rate_adder_paise": [0, 0]},
    "overlapping bands": {"rate_bands": [[1, 0, 100, 1], [1, 99, 200, 2]]},
    "overlap over the week's end": {"rate_bands": [[64, 1380, 60, 1], [1, 59, 200, 2]]},
    "rate four": {"rate_bands": [[1, 0, 100, 4]]},
    "nine bands": {"rate_bands": [[1, n, n + 1, 1] for n in range(9)]},
    "basis nothing": {"fixed_basis_pct": 0},
}


@pytest.mark.parametrize("names", REFUSED.values(), ids=REFUSED.keys())
def test_a_tariff_that_cannot_be_rated_is_refused(names):
    with pytest.raises(RatingError):
        rating.from_names(changed(**names))


def test_a_record_from_the_wire_must_be_whole():
    record = rating.from_names(FLAT)
    for broken in (None, [], {}, {**record, 12: 0}, {k: record[k] for k in range(11)}):
        with pytest.raises(RatingError):
            rating.validate(broken)


@st.composite
def rows(draw, size=5, paise=100_000):
    """[[upper or null, paise], …], ascending and open at the end."""
    uppers = sorted(draw(st.sets(st.integers(1, 1000), max_size=size)))
    return [[upper, draw(st.integers(0, paise))] for upper in [*uppers, None]]


@st.composite
def tariffs(draw, one_telescopic=False):
    """Tariffs of every form, in names."""
    maxima = [] if one_telescopic else sorted(draw(st.sets(st.integers(1, 1200), max_size=3)))
    tables = [
        [maximum, one_telescopic or draw(st.booleans()), draw(rows(paise=2000))]
        for maximum in [*maxima, None]
    ]
    lowest = min(price for table in tables for _, price in table[2])
    optional = st.one_of(st.just([]), rows())
    adder = st.integers(0 if one_telescopic else -lowest, 500)
    return {
        "code": "ANY",
        "tables": tables,
        "fixed_per_kw_paise": draw(st.integers(0, 50_000)),
        "fixed_basis_pct": draw(st.integers(1, 200)),
        "fixed_by_units_1ph": [] if one_telescopic else draw(optional),
        "fixed_by_units_3ph": [] if one_telescopic else draw(optional),
        "minimum_per_kw": draw(optional),
        "surcharge_bp": draw(st.integers(0, 10_000)),
        "duty_bp": draw(st.integers(0, 10_000)),
        "rebate_bp": draw(st.integers(0, 10_000)),
        "rate_adder_paise": [draw(adder), draw(adder), draw(adder)],
        "rate_bands": [],
    }


ENERGY = st.lists(st.integers(0, 500_000), min_size=4, max_size=4)
SUPPLY = st.tuples(st.integers(1, 45_000), st.sampled_from((1, 3)), st.integers(0, 31))


@settings(max_examples=150, deadline=None)
@given(tariffs(), ENERGY, SUPPLY)
def test_the_total_is_the_sum_of_the_lines_and_what_exact_fractions_give(names, rate_wh, supply):
    record = rating.from_names(names)
    lines = rating.bill_lines(record, rate_wh, *supply, 31)
    total = rating.total_paise(record, rate_wh, *supply, 31)
    assert total == sum(line[3] for line in lines) == oracle.total(names, rate_wh, *supply, 31)
    assert all(line[1] for line in lines)


@settings(max_examples=60, deadline=None)
@given(tariffs(one_telescopic=True), ENERGY, ENERGY, SUPPLY)
def test_more_energy_never_costs_less_under_slabs(names, rate_wh, more_wh, supply):
    record = rating.from_names(names)
    more = [wh + added for wh, added in zip(rate_wh, more_wh, strict=True)]
    before = rating.total_paise(record, rate_wh, *supply, 31)
    assert before <= rating.total_paise(record, more, *supply, 31)


@settings(max_examples=40, deadline=None)
@given(tariffs(), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9000)), max_size=40))
def test_what_a_board_debits_step_by_step_is_the_bill(names, steps):
    record = rating.from_names(names)
    rate_wh, debited = [0, 0, 0, 0], 0
    for rate, wh in steps:
        before = rating.total_paise(record, rate_wh, 2000, 1, 10, 30)
        rate_wh[rate] += wh
        debited += rating.total_paise(record, rate_wh, 2000, 1, 10, 30) - before
    opening = rating.total_paise(record, [0, 0, 0, 0], 2000, 1, 10, 30)
    lines = rating.bill_lines(record, rate_wh, 2000, 1, 10, 30)
    assert opening + debited == sum(line[3] for line in lines)


@settings(max_examples=200)
@given(st.integers(-(2**30), 2**30), st.integers(-(2**20) + 1, 2**20 - 1), st.integers(1, 2**18))
def test_a_share_is_exact_and_half_goes_away_from_zero(amount, numerator, denominator):
    exact = oracle.Fraction(amount * numerator, denominator)
    assert rating.share(amount, numerator, denominator) == oracle.rounded(exact)


@settings(max_examples=50)
@given(tariffs())
def test_names_and_record_say_the_same(names):
    assert rating.to_names(rating.from_names(names)) == names
