"""An operator at the console in Chromium: with and without JavaScript, at a phone and a desk."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from controller.fleet.models import MeterState

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
PAGES = (
    "/",
    "/meters/",
    "/meters/?q=nobody",
    "/meters/BJ2400001/",
    "/meters/BJ2400007/",
    "/meters/BJ2400001/disconnect/",
    "/meters/BJ2400001/credit/",
    "/meters/BJ2400001/package/",
    "/bills/",
)


@pytest.mark.parametrize("javascript", [True, False])
def test_an_operator_disconnects_a_meter_and_sees_it_in_the_history(
    open_console: Callable[..., Page], javascript: bool
) -> None:
    page = open_console(java_script_enabled=javascript)
    page.click("text=BJ2400001")
    expect(page.locator("#now .line")).to_have_text("Supply is on.")
    page.click("main >> text=Disconnect")
    page.click("button >> text=Disconnect")
    expect(page.locator("#commands")).to_contain_text("Disconnect")
    expect(page.locator("#commands")).to_contain_text("asha")
    expect(page.locator("#commands")).to_contain_text("queued")


def test_pages_show_what_changed_without_being_loaded_again(
    open_console: Callable[..., Page],
) -> None:
    page = open_console()
    page.evaluate("window.stillTheSame = true")
    row = page.locator("#m-BJ2400001")
    expect(row).to_contain_text("on")
    MeterState.objects.filter(pk="BJ2400001").update(relay=0, holds=8)
    expect(row).to_contain_text("overload trip", timeout=15_000)
    assert page.evaluate("window.stillTheSame")

    page.goto("/meters/BJ2400001/")
    page.evaluate("window.stillTheSame = true")
    MeterState.objects.filter(pk="BJ2400001").update(relay=1, holds=0)
    expect(page.locator("#now .line")).to_have_text("Supply is on.", timeout=15_000)
    assert page.evaluate("window.stillTheSame")


def test_a_list_that_now_has_other_meters_is_loaded_anew(
    open_console: Callable[..., Page],
) -> None:
    page = open_console()
    page.goto("/meters/?show=off")
    expect(page.locator("#m-BJ2400001")).to_have_count(0)
    MeterState.objects.filter(pk="BJ2400001").update(relay=0, holds=8)
    expect(page.locator("#m-BJ2400001")).to_have_count(1, timeout=15_000)


def test_a_console_that_does_not_answer_says_so(
    open_console: Callable[..., Page],
) -> None:
    page = open_console()
    page.context.set_offline(True)
    expect(page.locator("#stale")).to_be_visible(timeout=15_000)
    page.context.set_offline(False)
    expect(page.locator("#stale")).to_be_hidden(timeout=15_000)


def test_no_page_is_wider_than_a_phone_and_every_target_can_be_hit(
    open_console: Callable[..., Page],
) -> None:
    page = open_console(viewport=PHONE)
    for address in PAGES:
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], address
        for target in page.locator("button:visible, .button:visible, input:visible").all():
            box = target.bounding_box()
            assert box is not None, address
            assert box["height"] >= 44, address


def test_the_browser_reports_no_error_on_any_page(
    open_console: Callable[..., Page],
) -> None:
    page = open_console(viewport=DESK)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for address in PAGES:
        page.goto(address)
    assert said == []
