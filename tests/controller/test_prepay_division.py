"""What a recharge becomes: pure, exact to the paisa, and monotone."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.prepay import rules
from controller.prepay.inverse import Meterage, energy_for, price_paise
from controller.prepay.rules import Days, Dues, Energy, Money, Stretch
from controller.vouchers.rules import sellable_wh
from protocol import rating

# The domestic tariff of the order's year, with its rebate of 1.25 % (UP-2).
LMV1 = {
    "code": "LMV1",
    "tables": [[None, True, [[150, 400], [300, 450], [500, 500], [None, 550]]]],
    "fixed_per_kw_paise": 7_500,
    "rebate_bp": 125,
}


def meterage(names=LMV1, load_w=2_000, day=10, days=30, phases=1) -> Meterage:
    return Meterage(rating.from_names({**LMV1, **names}), load_w, phases, day, days)


def shares(division) -> dict:
    return {share.kind: (share.amount_paise, share.quantity) for share in division.shares}


def test_a_recharge_is_divided_in_the_orders_sequence():
    """UP-4, UP-5, UP-8, UP-2. ₹400: instalment ₹50, fixed ₹30; half of the other ₹320 may go to
    arrears, which are ₹100. For ₹220 after 100 kWh: 50 kWh at ₹4 and 5.0 at ₹4.50 are ₹222.50
    (5.1: ₹222.95), which raise the month's rebate of 1.25 % from ₹5.63 to ₹8.41 on ₹672.50 with
    ₹50 of fixed charge: ₹219.72. Of them 2 kWh are used already: ₹8 less 10 paise.
    """
    goods = Energy(meterage(), month_wh=100_000, advance_wh=2_000)
    division = rules.divide_recharge(40_000, Dues(5_000, 3_000, 10_000, 50), goods)
    assert shares(division) == {
        "instalment": (5_000, 0),
        "fixed": (3_000, 0),
        "arrears": (10_000, 0),
        "lifeline": (790, 2_000),
        "credit": (21_182, 53_000),
        "rest": (28, 0),
    }
    assert division.amount == 55_000


def test_what_comes_first_takes_what_there_is():
    goods = Money()
    assert shares(rules.divide_recharge(300, Dues(500, 200, 900, 50), goods)) == {
        "instalment": (300, 0)
    }
    assert shares(rules.divide_recharge(600, Dues(500, 200, 900, 50), goods)) == {
        "instalment": (500, 0), "fixed": (100, 0),
    }  # fmt: skip


def test_arrears_take_their_share_and_no_more_than_is_owed():
    goods = Money()
    assert rules.divide_recharge(1_001, Dues(0, 0, 10_000, 50), goods).paise("arrears") == 500
    assert rules.divide_recharge(1_000, Dues(0, 0, 30, 50), goods).paise("arrears") == 30
    assert rules.divide_recharge(1_000, Dues(0, 0, 30, 0), goods).paise("arrears") == 0


def test_a_money_account_gets_its_money_and_the_advance_is_shown():
    """UP-8: the board repays the advance from the credit; here it is only told."""
    division = rules.divide_recharge(1_000, Dues(), Money(advance_paise=300))
    assert (division.unit, division.amount) == (2, 1_000)
    assert shares(division) == {"lifeline": (300, 300), "credit": (700, 700)}


def test_a_flat_package_gets_whole_days_and_the_rest_stays():
    """MG-7: a load limiter has no units; ₹160 are 30 days, ₹80.05 are 15 days and 5 paise."""
    assert rules.divide_recharge(16_000, Dues(), Days(16_000)).amount == 30
    division = rules.divide_recharge(8_005, Dues(), Days(16_000))
    assert shares(division) == {"credit": (8_000, 15), "rest": (5, 0)}


def test_the_smallest_voucher_of_the_order_buys_what_a_clerk_works_out_by_hand():
    """UP-11, UP-2. ₹400 from 0 kWh at ₹4 a unit less 1.25 %: 101.2 kWh = ₹404.80 less ₹5.06 =
    ₹399.74; 101.3 kWh = ₹405.20 less ₹5.07 = ₹400.13, too much. 26 paise stay.
    """
    division = rules.divide_recharge(40_000, Dues(), Energy(meterage(), 0))
    assert shares(division) == {"credit": (39_974, 101_200), "rest": (26, 0)}


def test_energy_that_costs_nothing_is_part_of_the_credit():
    """A first slab of ₹0 (as in Nepal) comes with the first recharge of a month."""
    goods = Energy(meterage({"tables": [[None, True, [[10, 0], [None, 300]]]], "rebate_bp": 0}), 0)
    assert rules.divide_recharge(3_000, Dues(), goods).amount == 20_000
    assert rules.divide_recharge(0, Dues(), goods).amount == 10_000


def test_a_table_that_is_cheaper_above_an_edge_is_found():
    """Rates that fall at a total: more energy may cost less, and the largest amount is sold."""
    falling = {"tables": [[100, True, [[None, 500]]], [None, True, [[None, 300]]]], "rebate_bp": 0}
    assert energy_for(meterage(falling), 0, 31_000) == 103_300
    assert energy_for(meterage(falling), 0, 30_000) == 60_000  # 100.0 units are of the dear table


# --- against the rating itself ----------------------------------------------------------------

prices = st.integers(0, 2_000)


@st.composite
def tariffs(draw):
    uppers = sorted(draw(st.sets(st.integers(1, 600), max_size=4)))
    slabs = [[upper, draw(prices)] for upper in [*uppers, None]]
    slabs[-1][1] += 1
    tables = [[None, draw(st.booleans()), slabs]]
    if draw(st.booleans()):
        edge = draw(st.integers(1, 400))
        tables.insert(0, [edge, draw(st.booleans()), [[None, draw(prices)]]])
    # Rising: a monthly charge that fell with more units would have to be paid back by the sale of
    # energy that is free, and nobody is paid for energy.
    charges = sorted([draw(prices), draw(prices)])
    bands = [[draw(st.integers(1, 300)), charges[0]], [None, charges[1]]]
    names = {
        "tables": tables,
        "fixed_per_kw_paise": draw(prices),
        "fixed_by_units_1ph": draw(st.sampled_from([[], bands])),
        "minimum_per_kw": draw(st.sampled_from([[], [[None, draw(prices)]]])),
        "surcharge_bp": draw(st.integers(0, 1_000)),
        "duty_bp": draw(st.integers(0, 1_000)),
        "rebate_bp": draw(st.integers(0, 500)),
    }
    days = draw(st.sampled_from([28, 30, 31]))
    return meterage(names, draw(st.integers(1, 10_000)), draw(st.integers(1, days)), days)


@given(tariffs(), st.integers(0, 700_000), st.integers(0, 500_000))
def test_what_is_sold_costs_no_more_than_the_money_and_the_next_tenth_does(by, month_wh, money):
    """The inverse of rating is exact: no larger amount up to the next edges fits."""
    sold_wh = energy_for(by, month_wh, money)
    assert sold_wh == sellable_wh(sold_wh)
    assert price_paise(by, month_wh, sold_wh) <= money or sold_wh == 0
    for more in (100, 200, 1_000, 50_000):
        if sellable_wh(sold_wh + more) == sold_wh + more:
            assert price_paise(by, month_wh, sold_wh + more) > money


@given(tariffs(), st.integers(0, 700_000), st.integers(0, 500_000), st.integers(0, 9_999))
def test_more_money_never_buys_less(by, month_wh, money, more):
    assert energy_for(by, month_wh, money + more) >= energy_for(by, month_wh, money)


@given(
    tariffs(), st.lists(st.integers(100, 60_000), min_size=1, max_size=6),
)  # fmt: skip
def test_a_months_recharges_cost_together_what_the_months_bill_does(by, sums):
    """UP-2, UP-5, UP-9: sold month-to-date, fixed charge since the last sale: the same paisa."""
    month_wh, day, paid = 0, 0, 0
    for number, money in enumerate(sums, start=1):
        until = by.days * number // len(sums)
        now = by._replace(day=until)
        paid += rules.fixed_due_paise([Stretch(now, day, month_wh)])
        division = rules.divide_recharge(money, Dues(), Energy(now, month_wh))
        paid += division.paise("credit")
        month_wh, day = month_wh + division.amount, until
    assert paid == by._replace(day=by.days).paise(month_wh)


goods = st.one_of(
    st.builds(Energy, tariffs(), st.integers(0, 500_000), st.integers(0, 20_000)),
    st.builds(Money, st.integers(0, 20_000)),
    st.builds(Days, st.integers(1, 200_000)),
)
dues = st.builds(
    Dues, st.integers(0, 9_999), st.integers(0, 9_999), st.integers(0, 99_999),
    st.integers(0, 100),
)  # fmt: skip


@given(st.integers(0, 200_000), dues, goods)
def test_no_paisa_of_a_recharge_is_lost_or_made(money, due, good):
    division = rules.divide_recharge(money, due, good)
    assert sum(share.amount_paise for share in division.shares) == money
    assert all(share.amount_paise >= 0 for share in division.shares)
    assert division.amount == sum(share.quantity for share in division.shares)


# --- instalments ------------------------------------------------------------------------------


def test_twelve_equal_instalments_add_up_to_the_cost():
    """UP-4: ₹1,000 in 12: four of ₹83.34 and eight of ₹83.33."""
    due = [rules.instalments_due_paise(100_000, 12, begun, 0) for begun in range(14)]
    steps = [later - earlier for earlier, later in pairwise(due)]
    assert steps == [8_334] * 4 + [8_333] * 8 + [0]
    assert due[12] == 100_000


def test_what_was_paid_is_not_due_again():
    assert rules.instalments_due_paise(1_200, 12, 3, 250) == 50
    assert rules.instalments_due_paise(1_200, 12, 3, 900) == 0


@pytest.mark.parametrize(
    ("last", "months"), [((2026, 5, 31), 0), ((2026, 6, 1), 1), ((2027, 1, 1), 8)]
)
def test_months_are_those_of_the_calendar(last, months):
    assert rules.months_between(date(2026, 5, 1), date(*last)) == months
