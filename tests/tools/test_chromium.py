"""A browser can be had for the console's tests."""

import subprocess
import sys

import pytest

from tools import chromium
from tools.errors import Unavailable
from tools.folders import ROOT

# In a process of its own, as playwright allows one driver in each and the console's tests hold it.
SHOW_A_PAGE = """
from tools import chromium
with chromium.browser() as browser:
    page = browser.new_page()
    page.goto("data:text/html,<h1>supply is on</h1>")
    print(page.inner_text("h1"))
"""


def test_the_browser_shows_a_page():
    try:
        chromium.find()
    except Unavailable as reason:
        pytest.skip(str(reason))
    command = [sys.executable, "-c", SHOW_A_PAGE]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("supply is on\n", "")


def test_a_browser_named_by_the_environment_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("BIJLI_CHROMIUM", str(tmp_path / "chrome"))
    assert chromium.find().path == tmp_path / "chrome"
