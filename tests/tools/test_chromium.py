"""A browser can be had for the console's tests."""

import pytest

from tools import chromium
from tools.errors import Unavailable


def test_the_browser_shows_a_page():
    try:
        with chromium.browser() as browser:
            page = browser.new_page()
            page.goto("data:text/html,<h1>supply is on</h1>")
            assert page.inner_text("h1") == "supply is on"
    except Unavailable as reason:
        pytest.skip(str(reason))


def test_a_browser_named_by_the_environment_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("BIJLI_CHROMIUM", str(tmp_path / "chrome"))
    assert chromium.find().path == tmp_path / "chrome"
