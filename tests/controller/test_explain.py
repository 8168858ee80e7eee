"""Explain my bill: every line says from what and by which clause, and what others pay of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.tariffs import explain, rules
from protocol import rating
from tests.rating.test_rating import tariffs

RECORD = {
    "code": "ALL",
    "tables": [
        [250, True, [[100, 335], [200, 385], [250, 500]]],
        [None, False, [[300, 640], [None, 790]]],
    ],
    "fixed_per_kw_paise": 9000,
    "fixed_basis_pct": 75,
    "fixed_by_units_1ph": [[100, 4000], [None, 9000]],
    "minimum_per_kw": [[None, 50000]],
    "surcharge_bp": 238,
    "duty_bp": 500,
    "rebate_bp": 25,
    "rate_adder_paise": [100, 0, -50],
}
CLAUSES = {"energy": "Schedule 3(a)", "duty": "Duty Act s. 3"}


def told(record, rate_wh, load_w=2000, phases=1, days=30, **words) -> list[str]:
    """What is said in English of a month's bill."""
    names = rating.to_names(rating.from_names(record))
    lines = [
        explain.Line(rules.LINE_NAMES[kind], *rest, 0, days)
        for kind, *rest in rules.rate(names, rate_wh, load_w, phases, days, 30)
    ]
    terms = explain.Terms(names, CLAUSES, ("peak", "day", "night"), "Order of 2026", **words)
    supply = explain.Supply(load_w, phases, rate_wh, 30)
    return [explain.say(row, terms.currency) for row in explain.explain(lines, terms, supply)]


def test_every_line_says_from_what_and_by_which_clause():
    """MG-8, MG-10, UP-5, UP-9: a consumer can work the whole bill out again."""
    # 100×3.35 + 100×3.85 + 10×5.00 = 770; peak 30×1 = 30; night 20×−0.50 = −10: energy 790.
    # 1.5 kW×90 = 135, band 90, 2.38 % of 790 = 18.80, 5 % of 790 = 39.50: 1,073.30.
    assert told(RECORD, [160_000, 30_000, 0, 20_000]) == [
        "210 units are a month of up to 250: the prices for that apply (Schedule 3(a))",
        "100 units, of the first 100, at ₹3.35 each = ₹335.00 (Schedule 3(a))",
        "100 units, of those above 100 up to 200, at ₹3.85 each = ₹385.00 (Schedule 3(a))",
        "10 units, of those above 200 up to 250, at ₹5.00 each = ₹50.00 (Schedule 3(a))",
        "peak: 30 units at ₹1.00 each on top = ₹30.00 (Order of 2026)",
        "night: 20 units at −₹0.50 each on top = −₹10.00 (Order of 2026)",
        (
            "Fixed charge on 1.5 kW, 75 % of the sanctioned load of 2 kW: ₹90.00 a kW and month,"
            " whole month = ₹135.00 (Order of 2026)"
        ),
        (
            "Fixed charge of a month of more than 100 units, ₹90.00, whole month = ₹90.00"
            " (Order of 2026)"
        ),
        "Regulatory surcharge of 2.38 % on the energy charge of ₹790.00 = ₹18.80 (Order of 2026)",
        "Electricity duty of 5.00 % on the energy charge of ₹790.00 = ₹39.50 (Duty Act s. 3)",
        "Rebate of 0.25 % on ₹1,073.30 = −₹2.68 (Order of 2026)",
    ]


def test_a_month_in_which_all_units_cost_one_price_says_so():
    assert told(RECORD, [251_000, 0, 0, 0])[:2] == [
        "251 units are a month of more than 250: the prices for that apply (Schedule 3(a))",
        (
            "All 251 units at ₹6.40 each, the price of a month of up to 300 = ₹1,606.40"
            " (Schedule 3(a))"
        ),
    ]
    assert told(RECORD, [300_001, 0, 0, 0])[1] == (
        "All 300.001 units at ₹7.90 each, the price of a month of more than 300 = ₹2,370.01"
        " (Schedule 3(a))"
    )


def test_what_was_raised_to_the_minimum_and_days_are_said():
    """UP-9: the minimum holds duty and surcharge. 2 kW × ₹500 × 15/30 = ₹500."""
    sentences = told(RECORD, [10_000, 0, 0, 0], days=15)
    assert "15 of 30 days" in sentences[2]
    assert sentences[-2].startswith(
        "Raised to the minimum for 2 kW: ₹500.00 a kW and month, 15 of 30 days; duty and"
        " surcharge are part of it = ₹"
    )


def test_other_currencies_are_named():
    plain = {"code": "NP", "tables": [[None, True, [[None, 950]]]]}
    assert told(plain, [2_000, 0, 0, 0], currency="NPR") == [
        "2 units at NPR 9.50 each = NPR 19.00 (Schedule 3(a))"
    ]


def test_a_line_of_no_tariff_says_its_own_words():
    line = explain.Line("instalment", 1, 5000, 5000, text="Solar lamp, 3 of 12")
    (sentence,) = explain.explain([line], explain.Terms(RECORD), explain.Supply(1, 1, [0] * 4, 30))
    assert explain.say(sentence) == "Solar lamp, 3 of 12 = ₹50.00"


@settings(max_examples=100, deadline=None)
@given(
    tariffs(),
    st.lists(st.integers(0, 400_000), min_size=4, max_size=4),
    st.sampled_from((1, 3)),
    st.integers(0, 30),
)
def test_every_line_of_any_bill_is_explained_once_and_the_amounts_are_the_bill(
    names, rate_wh, phases, days
):
    lines = rules.rate(names, rate_wh, 2000, phases, days, 30)
    named = [explain.Line(rules.LINE_NAMES[kind], *rest, 0, days) for kind, *rest in lines]
    sentences = explain.explain(
        named, explain.Terms(names), explain.Supply(2000, phases, rate_wh, 30)
    )
    amounts = [row.amount_paise for row in sentences if row.amount_paise is not None]
    assert amounts == [line[3] for line in lines]
    assert all(explain.say(row) for row in sentences)


def subsidy(**changes):
    return {"name": "State", "clause": "G.O. 1", "kind": "fixed", "amount": 0, "of": "bill",
            "units_limit": None, "up_to_units": None, "max_paise": None, **changes}  # fmt: skip


# A bill of ₹700: 100 units for ₹600, fixed ₹100.
BILL = [[rating.LINE_ENERGY, 100_000, 600, 60_000], [rating.LINE_FIXED, 1000, 10_000, 10_000]]


@pytest.mark.parametrize(
    ("given_", "wh", "paise"),
    [
        (subsidy(kind="per_unit", amount=150), 100_000, 15_000),  # 100 × 1.50
        (subsidy(kind="per_unit", amount=150, units_limit=30), 100_000, 4_500),  # 30 × 1.50
        (subsidy(kind="per_unit", amount=333), 500, 167),  # 0.5 × 3.33 = 1.665
        (subsidy(kind="percent", amount=5_000), 100_000, 35_000),  # half of 700
        (subsidy(kind="percent", amount=5_000, of="energy"), 100_000, 30_000),  # half of 600
        (subsidy(kind="percent", amount=10_000, max_paise=20_000), 100_000, 20_000),
        (subsidy(amount=5_000), 100_000, 2_500),  # 15 of 30 days
        (subsidy(amount=5_000, up_to_units=100), 100_000, 2_500),
        (subsidy(amount=5_000, up_to_units=100), 100_001, 0),
        (subsidy(kind="per_unit", amount=999_999), 100_000, 70_000),  # never beyond the bill
    ],
)
def test_a_subsidy_is_what_the_order_says_and_never_beyond_the_bill(given_, wh, paise):
    """MG-8: a line after the rating; by unit, percent or a sum, with its limits."""
    lines = rules.subsidy_lines([given_], BILL, wh, 15, 30)
    assert sum(line.amount_paise for line in lines) == -paise
    for sentence in explain.explain_subsidies(lines):
        assert sentence.clause == "G.O. 1"
        assert explain.say(sentence).startswith("State: ")


def test_several_subsidies_together_never_exceed_the_bill():
    most = [subsidy(kind="percent", amount=8_000), subsidy(kind="percent", amount=8_000)]
    assert [line.amount_paise for line in rules.subsidy_lines(most, BILL, 100_000, 30, 30)] == [
        -56_000, -14_000,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tariff_bp", "profile_bp", "rebate_bp"),
    [(125, 200, 125), (0, 200, 0), (None, 200, 200), (None, 10, 25)],
)
def test_a_prepaid_account_has_the_rebate_of_its_tariff_or_profile(
    tariff_bp, profile_bp, rebate_bp
):
    """UP-2: 1.25 % in the order for 2014-15, as the order in force says."""
    record = {"code": "X", "rebate_bp": 25}
    assert rules.prepaid_record(record, tariff_bp, profile_bp)["rebate_bp"] == rebate_bp
