"""Payments and recharges on the command line: from a point of sale to a verified deposit."""

import json
import os

import pytest
from typer.testing import CliRunner

from controller.errors import Refused
from tests.controller import till
from tests.controller.till import ASHA, OFFICE, balance
from tools import office
from tools.cli import app
from tools.pay import read_paise

SECRET = "a-secret-of-sixteen"


@pytest.fixture
def run(db, tmp_path, monkeypatch, settings):
    """Runs a command on the test's database and gives what it printed, as JSON where it can."""
    from controller.fleet import services as fleet
    from controller.vouchers import services as vouchers

    settings.BIJLI_CLOCK_FILE = tmp_path / "clock"
    settings.BIJLI_CLOCK_FILE.write_text("200000000")
    monkeypatch.setattr(office, "connect_database", lambda _settings: None)
    fleet.add_meter("BHK01", root_key=os.urandom(32), actor="test")
    till.open_tills()
    till.supply_by_tariff()
    vouchers.add_key(supply_group="123457", revision=1, base_year=2014, **OFFICE)

    def command(*words: str, typed: str | None = None, json_too: bool = True):
        more = ["--json"] if json_too else []
        result = CliRunner().invoke(app, [*words, *more, "--home", str(tmp_path)], input=typed)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.output) if json_too else result.output

    return command


def test_a_bill_is_paid_told_and_reversed(run):
    """MG-9, MG-10: money is taken, its receipt is numbered, and both sides can look it up."""
    till.owe(ASHA, 50_000)
    taken = run("pay", "take", f"{ASHA} 8", "100.50", "--point", "C1", "--key", "key-00001")
    assert (taken["receipt"], taken["dues_paise"]) == ("C1-2026-000001", 39_950)
    again = run("pay", "take", ASHA, "100.5", "--point", "C1", "--key", "key-00001")
    assert again == taken
    (row,) = run("pay", "list", ASHA)
    assert row["amount_paise"] == 10_050
    reversed_ = run("pay", "reverse", "C1-2026-000001", "--reason", "typed twice")
    assert reversed_["state"] == "reversed"


def test_a_deposit_is_logged_and_verified_by_another_person(run):
    run("pay", "take", ASHA, "100", "--point", "A1")
    logged = run("pay", "deposit", "A1", "100", "--slip", "SLIP 1", "--as", "ravi")
    (waiting,) = run("pay", "deposits")
    assert waiting == logged
    with pytest.raises(Refused, match="another person"):
        run("pay", "verify", logged["deposit"], "--as", "ravi")
    assert run("pay", "verify", logged["deposit"], "--as", "meena")["state"] == "verified"
    agent = next(row for row in run("pay", "points") if row["point"] == "A1")
    assert (agent["cash_paise"], agent["under_way_paise"]) == (0, 0)
    assert balance("bank") == 10_000


def test_a_recharge_is_quoted_and_sold_with_its_voucher(run):
    """UP-11, UP-12."""
    quoted = run("recharge", "quote", ASHA, "500")
    sold = run("recharge", "sell", ASHA, "500", "--point", "C1", "--key", "key-00001")
    assert (sold["amount"], sold["lines"]) == (quoted["amount"], quoted["lines"])
    assert len(sold["token"].replace(" ", "")) == 20
    assert run("recharge", "voucher", sold["purchase"])["token"] == sold["token"]
    assert "Division" in run("recharge", "quote", ASHA, "500", json_too=False)
    assert run("recharge", "overdue") == []


def test_meter_cost_is_laid_on_a_consumer(run):
    """UP-4."""
    told = run("recharge", "meter-cost", ASHA, "1200")
    assert (told["total_paise"], told["instalments"]) == (120_000, 12)


def test_a_point_a_provider_and_a_key_are_set_up_and_secrets_are_asked_for(run):
    run("pay", "add-point", "WEB2", "Our site", "--kind", "online", "--ceiling-rupees", "5000")
    words = ("pay", "add-provider", "bank", "--scheme", "generic", "--point", "WEB2")
    shown = run(*words, typed=f"{SECRET}\n", json_too=False)
    assert "/api/callbacks/bank" in shown
    assert SECRET not in shown
    run("pay", "rotate-secret", "bank", typed=f"{SECRET}2\n", json_too=False)
    key = run("pay", "add-key", "WEB2", "--note", "the site", json_too=False).strip()
    (row,) = run("pay", "keys")
    assert key.split("_")[1] == row["key"]
    run("pay", "revoke-key", row["key"], json_too=False)
    assert run("pay", "keys")[0]["good"] is False


def test_callbacks_are_worked_on_and_strays_claimed(run):
    till.call(till.body_of(payment="pay-1", amount_paise=50_000), 200_000_000)
    assert run("pay", "callbacks") == {"callbacks": 1, "expired": 0}
    told = run("pay", "claim", "acme", "pay-1", ASHA, "--purpose", "recharge")
    assert told["receipt"] == "WEB-2026-000001"
    assert balance(f"prepaid:{ASHA}") < 0
    assert run("pay", "remind") == {"cash": 0, "recharges": 0}


@pytest.mark.parametrize(("text", "paise"), [("400", 40_000), ("0.5", 50), ("12.34", 1_234)])
def test_rupees_are_read_exactly(text, paise):
    assert read_paise(text) == paise


@pytest.mark.parametrize("text", ["", "-1", "1.234", "1,000", "₹5", "1.x", "."])
def test_what_is_no_sum_is_refused(text):
    import typer

    with pytest.raises(typer.BadParameter):
        read_paise(text)
