"""Statements, ledger pages and deposit slips, as they are issued from the books."""

import pytest

from controller.documents import accounts, queries
from controller.errors import Refused
from controller.payments import points
from controller.profile import services as profile
from tests.controller import till
from tests.controller.conftest import NOW_S

DAY_S = 86_400


@pytest.fixture(autouse=True)
def tills(db, clock):
    till.open_tills()


def test_a_consumers_statement_says_what_the_ledger_says(clock):
    """MG-10b: the same record for both sides, in the consumer's language."""
    till.pay(paise=50_000)
    till.owe(till.ASHA, 61_000, "B-1")
    stored = accounts.issue_statement(
        consumer_id=till.ASHA, from_s=NOW_S - DAY_S, until_s=NOW_S + DAY_S, actor="meena",
        language="hi",
    )  # fmt: skip
    table = queries.sheet(stored)["tables"][0]
    assert [row[1:] for row in table["rows"]] == [
        ["प्रारंभिक शेष", "", "", "", "₹0.00"],
        ["भुगतान", stored.data["rows"][0]["reference"], "", "₹500.00", "−₹500.00"],
        ["बिजली बिल", "B-1", "₹610.00", "", "₹110.00"],
    ]
    assert table["totals"][-1][-1] == "₹110.00"


def test_a_page_of_the_ledger_is_sealed():
    till.pay(paise=50_000)
    stored = accounts.issue_ledger_page(
        account="cash:C1", from_s=NOW_S - DAY_S, until_s=NOW_S + 1, actor="auditor"
    )
    assert stored.data["closing_paise"] == 50_000
    assert stored.subject == "account cash:C1"


def test_a_time_that_ends_before_it_begins_is_refused():
    with pytest.raises(Refused, match="ends before"):
        accounts.issue_ledger_page(account="bank", from_s=2, until_s=2, actor="auditor")


def test_the_slip_that_goes_to_the_bank_with_the_money():
    """UP-12: what the point of sale took is brought to the bank, counted out."""
    profile.change(name="utility_bank", value="State Bank, Gaya", actor="admin")
    till.pay(paise=50_000)
    deposit = points.log_deposit(
        key="deposit-0001", point_of_sale="C1", amount_paise=40_000, slip="SLIP-1", actor="meena"
    )
    stored = accounts.issue_slip(
        deposit_id=deposit.pk, notes=[(20_000, 1), (10_000, 2)], actor="meena", language="en"
    )
    sheet = queries.sheet(stored)
    assert [box["text"] for box in sheet["boxes"]] == ["₹500.00", "₹400.00", "₹100.00"]
    assert ["Bank account", "State Bank, Gaya"] in sheet["facts"]
    assert queries.sheet(accounts.issue_slip(deposit_id=deposit.pk, actor="meena"))
    with pytest.raises(Refused, match="notes and coins"):
        accounts.issue_slip(deposit_id=deposit.pk, notes=[(20_000, 1)], actor="meena")
    with pytest.raises(Refused, match="no deposit"):
        accounts.issue_slip(deposit_id="x", actor="meena")
