"""The bills in the console: by period, line by line, with the readings behind them."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from controller.billing.models import Bill
from tests.controller.village import close_last_month, settle_village

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client: Client) -> Client:
    """A browser in which a user has logged in."""
    client.force_login(get_user_model().objects.create_superuser("asha"))
    return client


def test_without_a_closed_period_the_page_says_how_to_close_one(clerk: Client) -> None:
    assert "bijli bill run" in clerk.get("/bills/").content.decode()


@pytest.mark.parametrize("address", ["/bills/", "/bills/?period=x", "/bills/?page=99"])
def test_the_bills_of_the_latest_closed_period_are_listed(clerk: Client, address: str) -> None:
    close_last_month(settle_village(meters=3))
    page = clerk.get(address).content.decode()
    assert "2026-10 · Katsa" in page
    assert page.count("₹617.28") == 3


def test_a_bill_shows_every_line_and_the_signed_readings_it_rests_on(clerk: Client) -> None:
    close_last_month(settle_village(meters=3))
    page = clerk.get("/bills/BHKATS00101-2026-10/").content.decode()
    for part in ("23.456 units at ₹6.00", "−₹16.18", "number 672", "key 1, message 1"):
        assert part in page


def test_a_statement_shows_the_account_and_any_disagreement(clerk: Client) -> None:
    close_last_month(settle_village(meters=3))
    Bill.objects.update(
        kind="statement", account_unit="Wh", bought=9_000, used=4_001, balance=-2, difference=1,
        note="The meter charged 4001 Wh, +1 against the tariff.",
    )  # fmt: skip
    page = clerk.get("/bills/BHKATS00101-2026-10/").content.decode()
    for part in ("Statement", "9.000", "4.001", "−0.002", "against the tariff"):
        assert part in page


def test_an_unknown_bill_is_not_found(clerk: Client) -> None:
    assert clerk.get("/bills/none/").status_code == 404
