"""Finds a Chromium for the console's tests and screenshots, or fetches one into the cache.

Knows nothing of the pages that it is to show.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tools import debian
from tools.errors import Unavailable
from tools.folders import CACHE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# It runs on pages of ours only, as root in many a container, where its own sandbox cannot work.
# Without background services of its own it starts faster, and what it sends and receives is the
# console's alone.
FLAGS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_PLACES = ("/Applications/Chromium.app/Contents/MacOS/Chromium",)
# What its own dependencies leave out: something to write with, and what playwright's driver needs.
MORE_PACKAGES = ("fonts-dejavu-core", "libatomic1")

FONT_CONFIGURATION = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


@dataclass(frozen=True)
class Chromium:
    """A Chromium to launch; in playwright `chromium.launch(executable_path=…, args=…, env=…)`."""

    path: Path
    flags: tuple[str, ...] = FLAGS
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))


def find() -> Chromium:
    """Chromium as named in `BIJLI_CHROMIUM`, the system's, playwright's own, or fetched, in this
    order.

    Raises Unavailable; a test then skips with its text.
    """
    named = os.environ.get("BIJLI_CHROMIUM")
    if named:
        return Chromium(Path(named))
    found = _of_system() or _of_playwright()
    if found:
        return Chromium(found)
    if not (CACHE / "chromium").exists():
        _fetch()
    return _of_cache()


@contextlib.contextmanager
def browser() -> Iterator["Browser"]:
    """A playwright browser of this Chromium, closed afterwards. Raises Unavailable."""
    from playwright.sync_api import sync_playwright

    found = find()
    before = dict(os.environ)
    os.environ.update(found.environment)  # playwright's driver takes its libraries from here
    try:
        playwright = sync_playwright().start()
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        opened = playwright.chromium.launch(
            executable_path=found.path, args=list(found.flags), env=dict(found.environment)
        )
        yield opened
        opened.close()
    finally:
        playwright.stop()


def _of_system() -> Path | None:
    """The system's, unless it is only the stand-in by which Ubuntu points to a snap."""
    places = [shutil.which(name) for name in NAMES]
    for place in [*places, *MAC_PLACES]:
        if place and Path(place).exists() and not _is_snap(Path(place)):
            return Path(place)
    return None


def _is_snap(path: Path) -> bool:
    return "/snap/" in str(path.resolve()) or b"/snap/" in path.read_bytes()[:4096]


def _of_playwright() -> Path | None:
    """The browser that `playwright install chromium` has put into the home folder."""
    home = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright"))
    found = sorted(home.glob("chromium-*/chrome-linux*/chrome"))
    return found[-1] if found else None


def _fetch() -> None:
    if sys.platform != "linux" or debian.read_os_release().get("ID") == "ubuntu":
        raise Unavailable(
            "There is no Chromium here, and no package of it to fetch (on Ubuntu it is a snap).",
            "`.venv/bin/playwright install --with-deps chromium`, or name one in BIJLI_CHROMIUM.",
        )
    debian.fetch_with_dependencies("chromium", "chromium", *MORE_PACKAGES)


def _of_cache() -> Chromium:
    """The fetched one, told where its libraries and fonts lie."""
    root = CACHE / "chromium"
    configuration = root / "fonts.conf"
    text = FONT_CONFIGURATION.format(fonts=root / "usr/share/fonts", cache=root / "font-cache")
    if not configuration.exists():
        configuration.write_text(text)
    libraries = [root / "usr/lib/chromium", *debian.library_folders(root)]
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": ":".join(str(path) for path in libraries),
        "FONTCONFIG_FILE": str(configuration),
        "XDG_DATA_DIRS": f"{root / 'usr/share'}:/usr/share",
    }
    return Chromium(root / "usr/lib/chromium/chromium", environment=environment)
