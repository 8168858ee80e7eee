"""`bijli voucher`: keys from files, vouchers one by one and by the sheet."""

import pytest

from controller.vouchers import openpaygo
from tests.tools.test_cli import BAD_INPUT, desk  # noqa: F401  the fixture

pytestmark = pytest.mark.django_db
GROUP = "123457"


@pytest.fixture
def shop(desk, tmp_path):  # noqa: F811
    """A meter, and a vending key out of a file."""
    desk.ask("meter", "add", "KATS0001")
    file = tmp_path / "vending.key"
    file.write_text("ab" * 20 + "\n")
    desk.ask("voucher", "add-key", GROUP, "--key-file", str(file))
    return desk


def test_a_voucher_is_issued_and_brings_the_meters_key(shop):
    """UP-11."""
    assert [key["key"] for key in shop.ask("voucher", "keys")] == ["123457/1"]
    facts = shop.ask("voucher", "issue", "KATS0001", "25600")
    assert (facts["amount_tenths"], len(facts["token"])) == (256, 24)
    tokens = shop.ask("voucher", "key", "KATS0001")
    assert " ".join(token["token"] for token in tokens) == facts["key_change"]


def test_a_sheet_of_vouchers_is_issued_whole(shop, tmp_path):
    """UP-12."""
    sheet = tmp_path / "orders.csv"
    sheet.write_text("meter,energy_wh\nKATS0001,1000\nKATS0001,2000\n")
    rows = shop.ask("voucher", "bulk", str(sheet))
    assert [row["amount_tenths"] for row in rows] == [10, 20]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("issue", "KATS0001", "25650"), "whole hundreds"),
        (("issue", "NONE", "1000"), "no meter"),
        (("add-key", GROUP), "already"),
        (("add-key", GROUP, "--revision", "2", "--key-file", "nowhere"), "cannot be read"),
        (("bulk", "nowhere"), "cannot be read"),
    ],
)
def test_what_cannot_be_issued_says_why(shop, words, why):
    status, _out, err = shop.say("voucher", *words)
    assert (status, why in err) == (BAD_INPUT, True), err


@pytest.mark.parametrize("text", ["meter,wh\n", "meter,energy_wh\nKATS0001,many\n"])
def test_a_sheet_of_another_form_says_what_it_must_have(shop, tmp_path, text):
    sheet = tmp_path / "orders.csv"
    sheet.write_text(text + "KATS0001,1000\n")
    status, _out, err = shop.say("voucher", "bulk", str(sheet))
    assert (status, "columns meter and energy_wh" in err) == (BAD_INPUT, True), err


def test_a_key_file_that_holds_no_key_says_so(shop, tmp_path):
    file = tmp_path / "bad.key"
    file.write_text("secret")
    status, _out, err = shop.say("voucher", "add-key", "000001", "--key-file", str(file))
    assert (status, "hexadecimal" in err) == (BAD_INPUT, True)


def test_a_device_of_another_maker_gets_its_own_tokens(shop, tmp_path):
    file = tmp_path / "device.key"
    file.write_text(bytes(range(16)).hex())
    shop.ask("voucher", "add-device", "SHS-0001", "--key-file", str(file))
    facts = shop.ask("voucher", "device", "SHS-0001", "7")
    assert openpaygo.Decoder(bytes(range(16))).take(facts["token"]) == ("add", 7)
    assert shop.say("voucher", "device", "SHS-0001", "--kind", "sync")[0] == 0
    assert shop.say("voucher", "device", "SHS-0001", "996")[0] == BAD_INPUT
