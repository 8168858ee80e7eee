"""Gets a MicroPython interpreter into the cache: 32 bit like the chip, else 64 bit, saying so."""

import os
import sys

from tools import debian
from tools.errors import Unavailable
from tools.folders import CACHE

# The 32-bit architecture that a 64-bit machine can run.
NARROW = {"amd64": "i386", "arm64": "armhf"}
# Debian 12 has no MicroPython; its successor's runs there, with its own libraries.
NEWER_SUITE = {"bookworm": "trixie"}
PACKAGE = "micropython"


def ensure() -> None:
    """Fetch the interpreter unless it is there or `BIJLI_MICROPYTHON` names one. Raises
    Unavailable.
    """
    if os.environ.get("BIJLI_MICROPYTHON") or is_cached():
        return
    if sys.platform != "linux":
        raise Unavailable(
            "The MicroPython interpreter is missing, and there is no package of it to fetch.",
            "`brew install micropython`, then `export BIJLI_MICROPYTHON=$(which micropython)` "
            "(64 bit: sizes and limits of the 32-bit chip are then not those of the tests).",
        )
    try:
        _fetch("micropython32", NARROW.get(debian.machine_architecture(), ""))
    except Unavailable as reason:
        print(f"  no 32-bit MicroPython is to be had here ({reason.problem})")
        _fetch("micropython64", debian.machine_architecture())
        print("  the boards run on a 64-bit MicroPython: its heap and integers are not the chip's")


def is_cached() -> bool:
    """Whether an interpreter has been fetched."""
    return any((CACHE / name).exists() for name in ("micropython32", "micropython64"))


def _fetch(name: str, architecture: str) -> None:
    suite = debian.machine_suite()
    debian.fetch_self_contained(name, PACKAGE, NEWER_SUITE.get(suite, suite), architecture)
