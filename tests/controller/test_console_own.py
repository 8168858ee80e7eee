"""A consumer's own page, reached with a code by text message; and changes in four lists."""

import re

import pytest
from django.test import Client

from controller.access.models import ConsumerLogin
from controller.changes.models import Change
from controller.consumers.models import Consumer
from controller.fleet import sealing
from controller.notices.models import Message
from controller.requests.models import ServiceRequest
from tests.controller import till
from tests.controller.test_console_access import browser_of
from tests.controller.test_console_sheets import order, text_of
from tests.controller.till import ASHA, OFFICE


@pytest.fixture
def asha(board, clock) -> Consumer:
    """Asha, who owes ₹123.45, with a phone and a package of 500 W; Ravi is somebody else."""
    till.open_tills()
    till.supply(ASHA, "BHK01")
    till.add_consumer(13)
    till.owe(ASHA, 12_345)
    Consumer.objects.filter(pk=ASHA).update(phone="+919876543210")
    return Consumer.objects.get(pk=ASHA)


def code_sent() -> str:
    """The code of the latest text message, as its phone gets it."""
    message = Message.objects.order_by("-pk")[0]
    text = message.body or sealing.unseal(f"notice {message.key}", bytes(message.sealed)).decode()
    return re.search(r"\b\d{6}\b", text)[0]


def entered(number: str = ASHA) -> Client:
    browser = Client()
    assert order(browser, "/own/enter/", number=number)[0] == 200
    return browser


def logged_in() -> Client:
    browser = entered()
    status, page = order(browser, "/own/code/", code=code_sent())
    assert status == 200
    assert "Owes" in page
    return browser


def test_a_consumer_logs_in_by_number_and_code_and_sees_status_and_dues(asha) -> None:
    """MG-5, MG-11: the number, and a code to the phone that we know."""
    page = text_of(logged_in(), "/own/")
    for part in ("Asha Devi", "₹123.45", "BHK01"):
        assert part in page
    assert ConsumerLogin.objects.get().consumer_id == ASHA
    logged_in()
    assert ConsumerLogin.objects.count() == 1


def test_a_wrong_code_is_refused_and_few_tries_are_given(asha) -> None:
    browser = entered()
    code = code_sent()
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert order(browser, "/own/code/", code=wrong)[0] == 422
    assert order(browser, "/own/code/", code=code)[0] == 422
    assert browser.get("/own/").status_code == 302


def test_a_code_is_good_for_a_few_minutes_only(asha, clock) -> None:
    browser = entered()
    clock(200_000_000 + 601)
    assert order(browser, "/own/code/", code=code_sent())[0] == 422


def test_who_asks_for_another_number_learns_nothing_and_no_code_goes_out(asha) -> None:
    before = Message.objects.count()
    for number in ("BHKATS01199", "nonsense", "BHKATS01113"):
        browser = entered(number)
        assert "a code is on its way" in text_of(browser, "/own/code/")
        assert order(browser, "/own/code/", code="123456")[0] == 422
    assert Message.objects.count() == before


def test_only_a_few_codes_a_day_are_sent(asha) -> None:
    for _ in range(7):
        entered()
    assert Message.objects.filter(template="otp").count() == 5


def test_a_consumer_sees_receipts_and_bills_and_nothing_of_others(asha) -> None:
    """MG-10: the digital record, the same as the agent's view."""
    payment = till.pay()
    other = till.pay("key-00002", consumer_id="BHKATS01113", purpose="other")
    browser = logged_in()
    assert payment.receipt_number in text_of(browser, "/own/payments/")
    assert other.receipt_number not in text_of(browser, "/own/payments/")
    assert browser.get(f"/own/payments/{other.receipt_number}/").status_code == 404
    answer = browser.get(f"/own/payments/{payment.receipt_number}/pdf/")
    assert answer.content.startswith(b"%PDF-")
    assert "A bill" in text_of(browser, "/own/bills/")
    for page in ("/consumers/", f"/consumers/{ASHA}/", "/counter/", "/ledger/"):
        assert browser.get(page).status_code in (403, 404), page


def test_a_consumer_submits_a_request_and_rates_it(asha) -> None:
    """MG-12: from the customer's app, with the steps to be seen."""
    browser = logged_in()
    assert order(browser, "/own/submit/", kind="outage", text="Dark")[0] == 200
    request = ServiceRequest.objects.get()
    assert request.channel == "consumer"
    ServiceRequest.objects.update(state="completed", completed_s=200_000_000)
    assert order(browser, f"/own/requests/{request.pk}/rate/", stars="4")[0] == 200
    assert "★" in text_of(browser_of("operator", "KATS"), f"/requests/{request.pk}/")


def test_a_package_change_goes_through_four_lists_and_nobody_approves_their_own(asha) -> None:
    """MG-14: asked for by the consumer, approved by another person, ordered, complete by the
    board's word only.
    """
    from controller.consumers import services as consumers

    wanted = consumers.design_package("A2.1", "FD", 800, price_paise=700, **OFFICE)
    browser = logged_in()
    status, page = order(browser, "/own/package/", package=wanted.pk, effective="now")
    assert status == 200
    assert "another person decides" in page
    change = Change.objects.get()
    operator = browser_of("operator", "KATS")
    assert "800" in text_of(operator, "/changes/")
    place = f"/changes/{change.pk}/"
    assert order(operator, f"{place}approve/", note="")[0] == 200
    assert "800" in text_of(operator, "/changes/", show="in_process")
    status, page = order(operator, f"{place}process/")
    assert status == 422
    assert "security deposit is to be paid" in page
    assert "Deposit to be paid" in text_of(operator, f"/counter/{ASHA}/")
    till.pay("key-00003", 161_280, purpose="deposit")
    assert order(operator, f"{place}process/")[0] == 200
    assert "800" in text_of(operator, "/changes/", show="review")
    assert order(operator, f"{place}complete/", reason="By hand")[0] == 422
    clerk = browser_of("clerk", "KATS")
    assert clerk.post(f"{place}approve/").status_code == 403


def test_who_asked_for_a_change_is_not_offered_to_approve_it(asha) -> None:
    """MG-14: approval by another person."""
    operator = browser_of("operator", "KATS")
    asked = order(operator, f"/consumers/{ASHA}/changes/deactivate/", cause="wish", note="")
    assert asked[0] == 200
    change = Change.objects.get()
    assert "/approve/" not in text_of(operator, f"/changes/{change.pk}/").replace("approve/", "X")
    assert order(operator, f"/changes/{change.pk}/approve/", note="")[0] == 422


def test_contact_details_are_edited_with_the_consumers_code_only(asha) -> None:
    """MG-11: by an agent with the consumer's consent by OTP, and by the consumer."""
    agent = browser_of("sales agent", "KATS")
    typed = {"phone": asha.phone, "email": "", "address": "Pole 11, Katsa", "language": "hi"}
    place = f"/consumers/{ASHA}/contact/"
    status, page = order(agent, place, **typed)
    assert status == 200
    assert "type it here" in page
    assert Consumer.objects.get(pk=ASHA).address == ""
    code = code_sent()
    wrong = "000000" if code != "000000" else "111111"
    assert order(agent, f"{place}code/", code=wrong)[0] == 422
    status, page = order(agent, f"{place}code/", code=code)
    assert status == 200
    assert Consumer.objects.get(pk=ASHA).address == "Pole 11, Katsa"
    assert agent.get(f"{place}code/").status_code == 404
    browser = logged_in()
    assert order(browser, "/own/contact/", **typed | {"address": "Pole 12"})[0] == 200
    assert Consumer.objects.get(pk=ASHA).address == "Pole 12"


def test_a_deposit_is_used_for_dues_and_given_back_by_leaders_only(asha) -> None:
    """MG-13: dues are recovered from it; it is returned when the connection is given up."""
    till.pay("key-00004", 20_000, purpose="deposit")
    clerk, leader = browser_of("clerk", "KATS"), browser_of("cluster in-charge", "KATS")
    place = f"/consumers/{ASHA}/deposit/"
    assert "give-back" not in text_of(clerk, place)
    assert clerk.post(f"{place}use/", {"reason": "x"}).status_code == 403
    status, page = order(leader, f"{place}use/", reason="Did not pay for two months")
    assert status == 200
    assert "₹123.45" in page
    status, page = order(leader, f"{place}give-back/", source="bank")
    assert status == 422
    assert "Deactivate the connection" in page
