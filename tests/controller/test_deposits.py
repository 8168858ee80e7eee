"""Security deposits (MG-13): sized by the expected bill, used for dues, given back at the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.deposits import rules
from controller.errors import Refused
from tests.controller import till
from tests.controller.till import ASHA, CLERK, OFFICE


@pytest.fixture
def asha(make_board, clock):
    """Asha, supplied through BHK01: 500 W all day at ₹6.50 a unit, postpaid, confirmed."""
    from controller.consumers import services
    from controller.consumers.queries import find_consumer

    make_board("BHK01")
    till.open_tills()
    till.supply(ASHA, "BHK01", "B2.1")
    services.programme_activated("BHK01", 1, 200_000_060)
    return find_consumer(ASHA)


def do(name, **facts):
    from controller.deposits import services

    return getattr(services, name)(consumer_id=ASHA, **facts, **CLERK)


def pay(paise, key="key-00001"):
    return till.pay(key, paise, purpose="deposit")


def held():
    from controller.deposits.queries import held_paise

    return held_paise(ASHA)


def cut_off(asha):
    """The consumer moves away: no supply, no meter."""
    from controller.consumers import services

    services.set_status(ASHA, "inactive", "moved away", **OFFICE)
    services.release_meter(ASHA, None, "moved away", **OFFICE)


@pytest.mark.parametrize(
    ("windows", "minutes"),
    [
        ([], 1_440),
        ([[127, 1_080, 360]], 720),  # all night, over midnight
        ([[127, 360, 1_080], [31, 1_080, 1_140]], 720 + 42),  # and an hour on five days
        ([[127, 60, 60]], 1_440),  # 24 hours
        ([[128, 0, 1_440]], 0),  # special days only: they are few
    ],
)
def test_hours_of_supply_are_an_average_day(windows, minutes):
    assert rules.supply_minutes(windows) == minutes


def test_the_deposit_is_some_months_of_the_bill_that_is_expected(asha):
    """MG-13: 500 W × 24 h × 30 days × 20 % = 72 units at ₹6.50 are ₹468.00; two months of it."""
    from controller.consumers.queries import find_package
    from controller.deposits.queries import needed_paise

    package = find_package("B2.1 (FD) / 500 / 0 / 650p")
    assert needed_paise(asha.connection, package) == 2 * 46_800
    assert needed_paise(asha.connection, package, use_wh=10_000) == 2 * 6_500
    till.set_profile(deposit_months=3)
    assert needed_paise(asha.connection, package) == 3 * 46_800


def test_a_profile_may_ask_no_deposit_of_prepaid_consumers(asha):
    """MG-13 asks every new customer; the prepaid order's profile asks none of a prepaid one."""
    from controller.consumers.services import design_package
    from controller.deposits.queries import needed_paise

    package = design_package("A2.1", "FD", 500, price_paise=650, **OFFICE)
    assert needed_paise(asha.connection, package) > 0
    till.set_profile(deposit_for_prepaid=False)
    assert needed_paise(asha.connection, package) == 0


def test_a_demand_is_met_by_payments_for_the_deposit_and_only_then(asha):
    """MG-13, MG-9: what is paid for the deposit goes into it, dues or not."""
    till.owe(ASHA, 5_000)
    demand = do("demand", needed_paise=30_000, reason="joining")
    pay(10_000)
    demand.refresh_from_db()
    assert (demand.state, held(), till.balance(f"consumer:{ASHA}")) == ("open", 10_000, 5_000)
    pay(20_000, "key-00002")
    demand.refresh_from_db()
    assert (demand.state, held()) == ("met", 30_000)
    assert do("demand", needed_paise=30_000, reason="again") is None


def test_a_larger_package_demands_the_difference(asha):
    """MG-13, MG-14: the increase of the deposit is what is due for another package."""
    pay(30_000)
    first = do("demand", needed_paise=40_000, reason="package")
    second = do("demand", needed_paise=45_000, reason="another package")
    first.refresh_from_db()
    assert (first.state, second.amount_paise) == ("cancelled", 15_000)


def test_dues_are_recovered_from_the_deposit_which_is_then_demanded_anew(asha):
    """MG-13: dues are recovered from it when payment is irregular."""
    from controller.deposits.queries import open_demand

    pay(93_600)
    till.owe(ASHA, 20_000)
    do("use_for_dues", amount_paise=15_000, reason="three months late")
    assert (held(), till.balance(f"consumer:{ASHA}")) == (78_600, 5_000)
    assert open_demand(ASHA).amount_paise == 15_000
    do("use_for_dues", reason="the rest")
    assert (held(), till.balance(f"consumer:{ASHA}")) == (73_600, 0)
    with pytest.raises(Refused, match="nothing to settle"):
        do("use_for_dues", reason="pressed twice")


def test_a_deposit_is_given_back_less_dues_when_the_connection_is_given_up(asha):
    """MG-13: returned when the connection is given up."""
    pay(30_000)
    with pytest.raises(Refused, match="connected"):
        do("give_back", account="bank")
    till.owe(ASHA, 12_000)
    cut_off(asha)
    assert do("give_back", account="cash:C1") == 18_000
    assert (held(), till.balance(f"consumer:{ASHA}"), till.balance("cash:C1")) == (0, 0, 12_000)
    assert do("give_back", account="cash:C1") == 0
    assert [move.kind for move in asha.deposit_moves.all()] == ["collected", "used", "returned"]


def test_a_drawer_that_does_not_hold_the_deposit_cannot_give_it_back(asha):
    till.pay("key-00001", 30_000, method="upi", purpose="deposit")
    cut_off(asha)
    for account in ("cash:C1", "income:energy", "cash:"):
        with pytest.raises(Refused):
            do("give_back", account=account)
    assert held() == 30_000
    assert do("give_back", account="bank") == 30_000


def test_a_payment_for_a_deposit_is_reversed_with_it_unless_the_deposit_is_used(asha):
    from controller.payments.services import reverse_payment

    first, second = pay(10_000), pay(20_000, "key-00002")
    reverse_payment(payment_id=first.pk, reason="typed twice", actor="office")
    assert (held(), till.balance(f"consumer:{ASHA}"), till.balance("cash:C1")) == (
        20_000, 0, 20_000,
    )  # fmt: skip
    till.owe(ASHA, 5_000)
    do("use_for_dues", reason="late")
    with pytest.raises(Refused, match="used already"):
        reverse_payment(payment_id=second.pk, reason="typed twice", actor="office")
    assert held() == 15_000


def test_a_payment_counts_once_for_the_deposit(asha):
    for _ in range(2):
        do("collect", amount_paise=10_000, payment="p1")
    assert held() == 10_000


def test_movements_cannot_be_changed(asha, guarded_tables):
    from django.db import DatabaseError, connection, transaction

    pay(10_000)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE deposits_movement SET amount_paise = 1")


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_never_more_than_deposit_or_dues_is_taken(asked, deposit, dues):
    try:
        taken = rules.usable_paise(asked, deposit, dues)
    except Refused:
        assert asked > min(deposit, dues) or asked == 0 or min(deposit, dues) == 0
    else:
        assert taken == asked <= min(deposit, dues)
