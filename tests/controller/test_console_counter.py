"""The counter: dues are seen, money is taken once, a recharge is shown before it is paid, receipts
are printed, cash goes to the bank and is seen there by another person.
"""

import pytest
from django.test import Client

from controller.ledger.queries import balance_paise
from controller.payments.models import Deposit, Payment
from controller.prepay.models import Purchase
from tests.controller import till
from tests.controller.test_console_access import browser_of
from tests.controller.test_console_sheets import order, text_of
from tests.controller.till import ASHA, OFFICE

DESK = f"/counter/{ASHA}/"
KEY = "00" * 8


@pytest.fixture
def clerk(board, clock) -> Client:
    """A clerk's browser at a utility with tills; Asha is prepaid by LMV-1, with vouchers."""
    from controller.payments import points
    from controller.vouchers import services as vouchers

    till.open_tills()
    till.supply_by_tariff()
    vouchers.add_key(supply_group="123457", revision=1, base_year=2014, **OFFICE)
    points.add_point_of_sale(
        code="KA1", name="Katsa counter", kind="counter", plant_code="KATS", **OFFICE
    )
    return browser_of("clerk", "KATS")


def pay(browser: Client, amount: str = "100", key: str = KEY, **more: str) -> tuple[int, str]:
    typed = {"amount": amount, "method": "cash", "point": "KA1", "purpose": "bill", "key": key}
    return order(browser, f"{DESK}pay/", **typed | more)


def recharge(browser: Client, amount: str = "500", **more: str) -> tuple[int, str]:
    typed = {"amount": amount, "method": "cash", "point": "KA1", "key": KEY}
    return order(browser, f"{DESK}recharge/", **typed | more)


@pytest.mark.parametrize("search", ["bhkats01112", "asha", "BHK01"])
def test_a_search_that_finds_one_consumer_leads_to_the_desk(clerk, search) -> None:
    answer = clerk.get("/counter/", {"q": search})
    assert answer.status_code == 302
    assert answer["Location"] == DESK


def test_the_desk_shows_the_dues_and_they_stand_in_the_form(clerk) -> None:
    """MG-9: what is due is seen before it is paid."""
    till.owe(ASHA, 12_345)
    assert "Owes ₹123.45" in text_of(clerk, DESK)
    page = text_of(clerk, f"{DESK}pay/")
    assert 'value="123.45"' in page
    assert '<option value="KA1">' in page


def test_money_is_taken_once_however_often_the_form_is_sent_and_leads_to_the_receipt(clerk):
    """MG-9, MG-10: one key, one payment, one receipt."""
    till.owe(ASHA, 12_345)
    for _ in range(2):
        status, page = pay(clerk, "100.50")
        assert status == 200
        assert "₹100.50" in page
    payment = Payment.objects.get()
    assert (payment.actor, payment.amount_paise) == ("a clerk", 10_050)
    assert balance_paise(f"consumer:{ASHA}") == 2_295
    status, page = pay(clerk, "99")
    assert status == 422
    assert 'value="99"' in page
    assert till.open_tasks("payment_conflict")


@pytest.mark.parametrize("amount", ["0", "-1", "1.005", "", "abc"])
def test_an_amount_that_cannot_be_is_refused_and_kept_as_typed(clerk, amount) -> None:
    status, page = pay(clerk, amount)
    assert status == 422
    assert "errorlist" in page
    assert not Payment.objects.exists()


def test_part_of_the_dues_is_refused_where_the_profile_wants_all(clerk) -> None:
    """MG-9: part payment is a setting of the utility profile."""
    till.owe(ASHA, 12_345)
    till.set_profile(part_payment_allowed=False)
    status, _page = pay(clerk, "100")
    assert status == 422
    assert not Payment.objects.exists()
    assert pay(clerk, "123.45")[0] == 200


def test_a_recharge_shows_its_division_before_anything_is_taken(clerk) -> None:
    """UP-2, UP-5, UP-11, UP-12: first what the money becomes, then a second button takes it."""
    status, page = recharge(clerk)
    assert status == 200
    for part in ("₹500.00 becomes 125.300", "Fixed charge", "₹494.93", "Kept for the next"):
        assert part in page
    assert not Payment.objects.exists()
    for _ in range(2):
        status, page = recharge(clerk, take="1")
        assert status == 200
        assert "125.300" in page
    assert Purchase.objects.count() == Payment.objects.count() == 1


def test_a_recharge_below_the_smallest_voucher_is_refused(clerk) -> None:
    """UP-11: nothing smaller than the smallest voucher is sold."""
    status, page = recharge(clerk, "399")
    assert status == 422
    assert "smallest recharge" in page
    assert not Payment.objects.exists()


def test_the_digits_of_a_voucher_are_shown_on_demand_only(clerk) -> None:
    """UP-12: 20 digits, handed out to who sold them, recorded."""
    recharge(clerk, take="1")
    number = Payment.objects.get().receipt_number
    assert "Voucher:" not in text_of(clerk, f"/receipts/{number}/")
    status, page = order(clerk, f"/receipts/{number}/voucher/")
    assert status == 200
    digits = page.split("Voucher: ", 1)[1].split("</p>")[0]
    assert len(digits.replace(" ", "")) == 20
    leader = browser_of("cluster in-charge", "KATS")
    assert leader.post(f"/receipts/{number}/voucher/").status_code == 403


@pytest.mark.parametrize(
    ("kind", "begins"), [("pdf", b"%PDF-"), ("thermal", b"\x1b"), ("picture", b"\x89PNG")]
)
def test_a_receipt_is_printed_as_pdf_thermal_strip_and_picture(clerk, kind, begins) -> None:
    """MG-10: paper from the thermal printer, digital record, image to send."""
    recharge(clerk, take="1")
    number = Payment.objects.get().receipt_number
    answer = clerk.get(f"/receipts/{number}/{kind}/")
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert clerk.get(f"/receipts/{number}/scroll/").status_code == 404


def test_a_payment_is_taken_back_by_a_leader_with_a_reason(clerk) -> None:
    till.owe(ASHA, 10_000)
    pay(clerk)
    number = Payment.objects.get().receipt_number
    assert clerk.post(f"/receipts/{number}/reverse/", {"reason": "x"}).status_code == 403
    leader = browser_of("cluster in-charge", "KATS")
    assert order(leader, f"/receipts/{number}/reverse/", reason="")[0] == 422
    status, page = order(leader, f"/receipts/{number}/reverse/", reason="Wrong consumer")
    assert status == 200
    assert "Reversed: Wrong consumer" in page
    assert balance_paise(f"consumer:{ASHA}") == 10_000


def test_an_agent_sees_the_cash_in_hand_and_brings_it_to_the_bank(clerk) -> None:
    """UP-12: cash in hand has a ceiling; a deposit is logged by one and verified by another."""
    from controller.payments import points

    points.add_point_of_sale(
        code="AG1", name="Agent Ravi", kind="agent", user="a sales agent", plant_code="KATS",
        ceiling_paise=20_000, **OFFICE,
    )  # fmt: skip
    agent = browser_of("sales agent", "KATS")
    assert agent.get("/cash/")["Location"] == "/cash/AG1/"
    assert pay(agent, "200", point="AG1")[0] == 200
    page = text_of(agent, "/cash/AG1/")
    assert "Cash in hand: ₹200.00" in page
    assert "ceiling is reached" in page
    status, page = pay(agent, "1", key="11" * 8, point="AG1")
    assert status == 422
    typed = {"amount": "150", "slip": "SBI-1", "source": "cash", "key": KEY}
    for _ in range(2):
        assert order(agent, "/cash/AG1/deposit/", **typed)[0] == 200
    deposit = Deposit.objects.get()
    assert agent.post(f"/cash/deposits/{deposit.pk}/verify/").status_code == 403
    head = browser_of("head office")
    assert "SBI-1" in text_of(head, "/cash/deposits/")
    assert order(head, f"/cash/deposits/{deposit.pk}/verify/")[0] == 200
    assert balance_paise("bank") == 15_000
    assert order(head, f"/cash/deposits/{deposit.pk}/verify/")[0] == 422


def test_an_agent_does_not_see_other_points_of_sale(clerk) -> None:
    agent = browser_of("sales agent", "KATS")
    assert agent.get("/cash/C1/").status_code == 404
    assert agent.get("/cash/KA1/").status_code == 404
    assert "no open point of sale" not in text_of(agent, f"{DESK}pay/")


@pytest.mark.parametrize(("language", "said"), [("hi", "सबसे छोटे रिचार्ज"), ("ml", "ചെറിയ റീചാർജി")])
def test_a_refusal_is_told_in_the_language_of_the_page(clerk, language, said) -> None:
    """UP-11: what cannot be sold is refused in words that the clerk reads."""
    clerk.cookies["language"] = language
    status, page = recharge(clerk, "399")
    assert status == 422
    assert said in page
    assert "₹400.00" in page
