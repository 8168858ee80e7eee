"""Gets a MicroPython interpreter into the cache: 32 bit like the chip, else 64 bit, saying so."""

import os
import sys

from tools import debian
from tools.errors import Unavailable
from tools.folders import CACHE

# The 32-bit architecture that a 64-bit machine can run.
NARROW = {"amd64": "i386", "arm64": "armhf"}
# Debian 12 has no MicroPython, and Ubuntu 24.04 an older one of 64 bit only. Debian 13's runs on
# both, as it comes with its own libraries.
NEWER_SUITE = {"bookworm": "trixie", "noble": "trixie"}
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
        _fetch_narrow()
    except Unavailable as reason:
        print(f"  no 32-bit MicroPython is to be had here ({reason.problem})")
        own, suite = debian.machine_architecture(), debian.machine_suite()
        debian.fetch_self_contained("micropython64", PACKAGE, suite, own)
        print("  the boards run on a 64-bit MicroPython: its heap and integers are not the chip's")


def is_cached() -> bool:
    """Whether an interpreter has been fetched."""
    return any((CACHE / name).exists() for name in ("micropython32", "micropython64"))


def _fetch_narrow() -> None:
    own = debian.machine_architecture()
    if own not in NARROW:
        raise Unavailable(f"{own} runs no 32-bit programs.", "go on with 64 bit.")
    suite = NEWER_SUITE.get(debian.machine_suite(), debian.machine_suite())
    is_ubuntu = debian.read_os_release().get("ID") == "ubuntu"
    sources = [debian.debian_on_ubuntu(suite)] if is_ubuntu else []
    debian.fetch_self_contained("micropython32", PACKAGE, suite, NARROW[own], sources)
