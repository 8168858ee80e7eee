"""A real browser at the console: Chromium by playwright, one for all tests of a worker."""

import contextlib
import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tools import chromium
from tools.errors import Unavailable

# Playwright keeps an event loop in this thread; Django would refuse the tests' own queries there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PASSWORD = "a lamp in the rain"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, or the reason why there is none."""
    with contextlib.ExitStack() as until_end:
        try:
            opened = until_end.enter_context(chromium.browser())
        except Unavailable as error:
            pytest.skip(str(error))
        yield opened


@pytest.fixture
def village(transactional_db: None) -> None:
    """Fifty meters, the first with a week of readings, and the user `asha`."""
    from django.contrib.auth import get_user_model  # models can be had only after Django's set-up

    from tests.controller.village import settle_village

    settle_village()
    get_user_model().objects.create_superuser("asha", password=PASSWORD)


@pytest.fixture
def open_console(
    browser: Browser, village: None, live_server: LiveServer
) -> Iterator[Callable[..., Page]]:
    """Opens new windows in which asha has logged in by the form; the list of meters is in view."""
    contexts = []

    def open_one(**options: object) -> Page:
        contexts.append(browser.new_context(base_url=live_server.url, **options))
        page = contexts[-1].new_page()
        page.goto("/meters/")
        page.fill("#id_username", "asha")
        page.fill("#id_password", PASSWORD)
        page.click("text=Log in")
        page.wait_for_selector("#counts")
        return page

    yield open_one
    for context in contexts:
        context.close()
