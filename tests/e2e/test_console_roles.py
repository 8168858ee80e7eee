"""A clerk, an approver, an agent and a consumer at their work, in Chromium, in three languages."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

PHONE = {"width": 360, "height": 740}
PASSWORD = "a lamp in the rain"
GEETA, RAMESH = "BHKATS00102", "BHKATS00101"


@pytest.fixture
def utility(village: None) -> None:
    """The village with a counter, an agent and logins of every role needed."""
    from controller.access import services as access
    from controller.consumers.models import Consumer
    from controller.payments import points

    head = {"actor": "head"}
    for name, role in (("meena", "clerk"), ("anil", "operator"), ("ravi", "sales agent")):
        access.add_user(username=name, password=PASSWORD, roles=[role], plants=["KATS"], **head)
    for code, kind, user in (("KA1", "counter", ""), ("AG1", "agent", "ravi")):
        points.add_point_of_sale(
            code=code, name=f"Point {code}", kind=kind, user=user, plant_code="KATS", **head
        )
    Consumer.objects.filter(pk=RAMESH).update(phone="+919876543210")


@pytest.fixture
def open_page(
    browser: Browser, utility: None, live_server: LiveServer
) -> Iterator[Callable[..., Page]]:
    """Opens a window; with a user's name that user has logged in."""
    contexts = []

    def open_one(user: str = "", **options: object) -> Page:
        contexts.append(browser.new_context(base_url=live_server.url, **options))
        page = contexts[-1].new_page()
        page.goto("/login/")
        if user:
            page.fill("#id_username", user)
            page.fill("#id_password", PASSWORD)
            page.click("button.go")
            page.wait_for_selector("h1")
        return page

    yield open_one
    for context in contexts:
        context.close()


def test_a_clerk_sells_a_recharge_whose_division_is_seen_before_it_is_paid(
    open_page: Callable[..., Page],
) -> None:
    """UP-12, MG-10: search, dues, what the money becomes, the receipt; in Hindi on the way."""
    page = open_page("meena")
    page.goto("/counter/")
    page.fill("[type=search]", GEETA)
    page.press("[type=search]", "Enter")
    page.click("main >> text=Recharge")
    page.fill("#id_amount", "500")
    page.click("button.go")
    expect(page.locator(".line")).to_contain_text("₹500.00 becomes")
    page.click("button.go")
    expect(page.locator("h1")).to_contain_text("Receipt KA1-")
    page.click("header >> text=हिन्दी")
    expect(page.locator("h1")).to_contain_text("रसीद KA1-")
    expect(page.locator("main")).to_contain_text("मीटर की ओर")


def test_what_an_agent_asks_for_an_approver_approves(open_page: Callable[..., Page]) -> None:
    """MG-14: asked for by one, approved by another."""
    agent = open_page("ravi", viewport=PHONE)
    agent.goto(f"/consumers/{RAMESH}/")
    agent.click("text=Ask for deactivation")
    agent.fill("#id_note", "Moves away")
    agent.click("button.danger, button.go")
    expect(agent.locator("[role=status]")).to_contain_text("another person decides")
    approver = open_page("anil")
    approver.goto("/")
    expect(approver.locator("a", has_text="Changes").locator(".count")).to_have_text("1")
    approver.goto("/changes/")
    approver.click("table a >> nth=0")
    approver.click("text=Approve")
    approver.click("button.go")
    expect(approver.locator("main")).to_contain_text("In process")


def test_an_agent_takes_cash_at_a_phone_and_brings_it_to_the_bank(
    open_page: Callable[..., Page],
) -> None:
    """UP-12: the agent's own page, in Malayalam, no wider than the phone."""
    page = open_page("ravi", viewport=PHONE, locale="ml-IN")
    page.goto(f"/counter/{RAMESH}/pay/")
    page.fill("#id_amount", "120")
    page.click("button.go")
    expect(page.locator("h1")).to_contain_text("രസീത് AG1-")
    page.goto("/cash/")
    expect(page.locator(".line")).to_contain_text("₹120.00")
    page.goto("/cash/AG1/deposit/")
    page.fill("#id_amount", "100")
    page.fill("#id_slip", "SBI-1")
    page.click("button.go")
    expect(page.locator(".line")).to_contain_text("₹20.00")
    for address in ("/", "/cash/AG1/", f"/counter/{RAMESH}/", f"/consumers/{RAMESH}/"):
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], address


def test_a_consumer_logs_in_by_a_code_and_asks_for_service(
    open_page: Callable[..., Page],
) -> None:
    """MG-11, MG-12: number and code, then the consumer's own page."""
    from controller.fleet import sealing
    from controller.notices.models import Message

    page = open_page(viewport=PHONE)
    page.click("text=I am a consumer")
    page.fill("#id_number", RAMESH)
    page.click("button.go")
    message = Message.objects.order_by("-pk")[0]
    sealed = sealing.unseal(f"notice {message.key}", bytes(message.sealed)).decode()
    page.fill("#id_code", re.search(r"\b\d{6}\b", sealed)[0])
    page.click("button.go")
    expect(page.locator("h1")).to_contain_text("Ramesh")
    page.click("main >> text=New service request")
    page.fill("#id_text", "Dark since noon")
    page.click("button.go")
    expect(page.locator("main")).to_contain_text("Dark since noon")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
