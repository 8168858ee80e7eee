"""Value-added services (MG-15): water that is made, sold and paid; appliances by instalments."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import Conflict, Refused
from controller.extras import rules
from tests.controller import till
from tests.controller.till import ASHA, CLERK

TODAY = date(2026, 5, 4)
ACCOUNT = f"consumer:{ASHA}"


@pytest.fixture
def asha(db, clock):
    """Asha, at a plant that sells water for 50 paise a litre."""
    from controller.consumers.queries import find_consumer

    till.open_tills()
    till.set_profile(water_price_paise=50)
    return find_consumer(ASHA)


def sell_water(key="water-001", litres=20, **more):
    from controller.extras import services

    to = more or {"consumer_id": ASHA}
    return services.sell_water(key=key, plant_code="KATS", litres=litres, **to, **CLERK)


def sell(key="fan-00001", **more):
    from controller.extras import services

    facts = {
        "consumer_id": ASHA, "item": "Fan", "price_paise": 200_000, "down_paise": 49_999,
        "instalments": 3, "first_month": "2026-11", **more,
    }  # fmt: skip
    return services.sell_appliance(key=key, **facts, **CLERK)


def charge(month):
    from controller.extras import services

    return services.charge_due(month=month, actor="bill run")


def record(produced_l=1_000, electricity_wh=2_050, day=TODAY):
    from controller.extras import services

    return services.record_water(
        plant_code="KATS", day=day, produced_l=produced_l, electricity_wh=electricity_wh, **CLERK
    )


def test_water_is_recorded_sold_and_paid_with_the_bill_or_in_cash(asha):
    """MG-15a: production, sale and electricity use of the purification unit."""
    from controller.extras.queries import water

    record(900)
    record()  # corrected
    assert sell_water().amount_paise == 1_000
    sell_water("water-002", 3, point_of_sale="C1")
    assert (till.balance(ACCOUNT), till.balance("cash:C1"), till.balance("income:water")) == (
        1_000, 150, -1_150,
    )  # fmt: skip
    assert water(asha.plant, TODAY, TODAY)._asdict() == {
        "produced_l": 1_000, "sold_l": 23, "electricity_wh": 2_050, "wh_per_litre_tenths": 21,
        "income_paise": 1_150,
    }  # fmt: skip


def test_a_sale_of_water_counts_once_for_its_key(asha):
    assert sell_water() == sell_water()
    with pytest.raises(Conflict):
        sell_water(litres=21)
    with pytest.raises(Conflict):
        sell_water(point_of_sale="C1")
    assert till.balance(ACCOUNT) == 1_000


def test_a_correction_says_what_was_recorded_before(asha):
    from controller.audit.models import AuditEvent

    record(900)
    record(1_000)
    event = AuditEvent.objects.filter(action="record water").last()
    assert (event.detail["before"]["produced_l"], event.detail["after"]["produced_l"]) == (
        900, 1_000,
    )  # fmt: skip


@pytest.mark.parametrize(
    "facts",
    [
        {"litres": 0},
        {"litres": 100_001},
        {"key": "short"},
        {"consumer_id": ASHA, "point_of_sale": "C1"},
        {"point_of_sale": "WEB"},  # nobody stands there
        {"point_of_sale": "NONE"},
        {"consumer_id": "BHKATS01199"},
    ],
)
def test_water_that_cannot_be_sold_is_not_posted(asha, facts):
    with pytest.raises(Refused):
        sell_water(**facts)
    assert till.balance("income:water") == 0


def test_water_without_a_price_is_not_sold_and_an_agents_cash_has_its_ceiling(asha):
    """UP-12: cash for water counts against the agent's ceiling too."""
    till.set_profile(agent_cash_ceiling_paise=1_000)
    sell_water("water-001", 20, point_of_sale="A1")
    with pytest.raises(Refused):
        sell_water("water-002", 1, point_of_sale="A1")
    till.set_profile(water_price_paise=0)
    with pytest.raises(Refused, match="no price"):
        sell_water("water-003")


@pytest.mark.parametrize(
    ("produced_l", "electricity_wh", "day"),
    [(-1, 0, TODAY), (1, -1, TODAY), (1, 1, date(2026, 5, 5))],
)
def test_a_day_that_cannot_be_is_not_recorded(asha, produced_l, electricity_wh, day):
    with pytest.raises(Refused):
        record(produced_l, electricity_wh, day)


def test_an_appliance_is_paid_down_and_its_instalments_come_with_the_bills(asha):
    """MG-15b: instalments collected along with the electricity bill, each month one."""
    from controller.extras.queries import due_instalments, left_paise

    sale = sell()
    assert till.balance(ACCOUNT) == 49_999
    assert charge("2026-10") == 0
    assert [charge("2026-11"), charge("2026-11")] == [1, 0]
    assert till.balance(ACCOUNT) == 49_999 + 50_001
    (due,) = due_instalments(asha, "2026-11")
    assert (due.amount_paise, due.number, due.sale.item) == (50_001, 1, "Fan")
    assert left_paise(sale) == 100_000
    assert charge("2027-01") == 2  # a month was left out
    sale.refresh_from_db()
    assert (sale.state, till.balance(ACCOUNT), till.balance("income:appliance")) == (
        "charged", 200_000, -200_000,
    )  # fmt: skip


def test_the_bill_run_of_a_month_charges_what_is_due_before_it(asha, clock):
    """MG-15b: the bill of November carries November's instalment."""
    from controller.billing.runs import start_run

    sell()
    clock(218_300_000)  # 2026-12-01
    start_run(plants=["KATS"], month="2026-11", **CLERK)
    assert till.balance(ACCOUNT) == 49_999 + 50_001


def test_an_appliance_is_sold_once_for_its_key(asha):
    assert sell() == sell()
    with pytest.raises(Conflict):
        sell(item="Iron")
    assert till.balance(ACCOUNT) == 49_999


def test_what_is_left_can_be_paid_off_or_is_dropped_when_the_appliance_comes_back(asha):
    from controller.extras import services
    from controller.extras.queries import due_instalments, left_paise

    first, second = sell(), sell("iron-0001", item="Iron", down_paise=0)
    services.pay_off(sale_id=first.pk, **CLERK)
    assert till.balance(ACCOUNT) == 200_000
    services.give_back(sale_id=second.pk, reason="broken", **CLERK)
    assert charge("2027-12") == 0
    second.refresh_from_db()
    assert (left_paise(second), len(due_instalments(asha, "2026-11"))) == (0, 1)
    for name, facts in (("pay_off", {}), ("give_back", {"reason": "again"})):
        with pytest.raises(Refused, match="it is"):
            getattr(services, name)(sale_id=second.pk, **facts, **CLERK)


@pytest.mark.parametrize(
    "facts",
    [
        {"item": " "},
        {"instalments": 0},
        {"instalments": 61},
        {"price_paise": 50_001, "down_paise": 49_999},  # 2 paise in three parts
        {"down_paise": -1},
        {"first_month": "2026-13"},
        {"consumer_id": "BHKATS01199"},
        {"key": "x"},
    ],
)
def test_an_appliance_that_cannot_be_paid_so_is_not_sold(asha, facts):
    from controller.extras.models import ApplianceSale

    with pytest.raises(Refused):
        sell(**facts)
    assert not ApplianceSale.objects.exists()


@given(st.integers(1, 10**9), st.integers(1, 60))
def test_instalments_are_equal_to_a_paisa_and_make_up_the_price(paise, instalments):
    if paise >= instalments:
        parts = rules.divide(paise, instalments)
        assert sum(parts) == paise
        assert max(parts) - min(parts) <= 1


@given(st.integers(0, 9_999 * 12))
def test_a_month_is_counted_and_named_again(number):
    assert rules.month_number(rules.month_name(number)) == number
