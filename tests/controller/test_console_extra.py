"""Pages of water and appliances: recorded and sold at the desk, seen on the account (MG-15)."""

import pytest

from controller.consumers.models import Plant
from controller.extras.models import ApplianceSale, WaterDay, WaterSale
from controller.ledger.queries import balance_paise
from tests.controller import till
from tests.controller.test_console_access import browser_of
from tests.controller.test_console_sheets import order, text_of
from tests.controller.till import ASHA


@pytest.fixture
def desk(db, clock):
    """An operator's browser at Asha's plant, where a litre costs ₹0.50."""
    clock(200_000_000)
    till.open_tills()
    till.set_profile(water_price_paise=50)
    return browser_of("operator", "KATS")


def test_a_day_of_water_is_recorded_corrected_and_added_up(desk) -> None:
    """MG-15a: production and electricity by day; what is sold stands beside it."""
    typed = {"plant": "KATS", "day": "2026-05-03", "litres": "1200", "electricity": "3.5"}
    assert order(desk, "/water/record/", **typed)[0] == 200
    status, page = order(desk, "/water/record/", **typed | {"litres": "1300"})
    assert (status, "1,300" in page) == (200, True)
    assert WaterDay.objects.get().electricity_wh == 3_500
    assert order(desk, "/water/record/", **typed | {"litres": "-1"})[0] == 422
    assert order(desk, "/water/record/", **typed | {"day": "2027-01-01"})[0] == 422
    Plant.objects.create(code="SITA", state="BH", name="Sitapur")
    elsewhere = browser_of("cluster in-charge", "SITA")
    assert order(elsewhere, "/water/record/", **typed)[0] == 422
    assert "1,300" not in text_of(elsewhere, "/water/")
    assert browser_of("technician", "KATS").get("/water/").status_code == 403


def test_water_and_an_appliance_are_sold_once_and_stand_on_the_account(desk) -> None:
    """MG-15: sent twice it counts once; instalments come with the bills."""
    place = f"/consumers/{ASHA}/extras/"
    for _ in range(2):
        assert order(desk, f"{place}water/", key="a" * 16, litres="20")[0] == 200
    fan = {"key": "b" * 16, "item": "Fan", "price": "1300", "down": "100", "instalments": "12",
           "first_month": "2026-06"}  # fmt: skip
    for _ in range(2):
        assert order(desk, f"{place}appliance/", **fan)[0] == 200
    assert (WaterSale.objects.count(), ApplianceSale.objects.count()) == (1, 1)
    assert balance_paise(f"consumer:{ASHA}") == 1_000 + 10_000
    page = text_of(desk, place)
    for part in ("Fan", "₹1,300.00", "₹1,200.00", "0 / 12", "₹10.00"):
        assert part in page
    assert (
        order(desk, f"{place}appliance/", **fan | {"instalments": "0", "key": "c" * 16})[0] == 422
    )
    assert "20" in text_of(desk, "/water/")
