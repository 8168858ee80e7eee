"""Puts the compiled firmware on a board that runs a stock MicroPython: as ROMFS, or as files.

Only what differs is written. A file replaces its predecessor by one rename. This module must not
know the board's configuration, which it leaves as it is.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tools.board.build import Build
from tools.board.device import Device
from tools.errors import ToolError


def install_files(device: Device, build: Build, say: Callable[[str], None]) -> int:
    """Write every file that differs; return how many. `main.py` comes last, and starts it."""
    root = build.folder / "mpy"
    names = [
        path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file()
    ]
    names.sort(key=lambda name: name == "main.py")
    written = 0
    for name in names:
        content = (root / name).read_bytes()
        if device.holds(name, content):
            continue
        device.make_folder(name.rpartition("/")[0])
        device.write(name, content)
        written += 1
        say(f"{name}: {len(content)} B")
    return written


def install_main(device: Device, build: Build) -> None:
    """Write only `main.py`, which starts what lies in the ROMFS partition."""
    device.write("main.py", (build.folder / "mpy/main.py").read_bytes())


def deploy_romfs(port: str, image: Path) -> None:
    """Let mpremote write the image into the board's ROMFS partition. Raises ToolError."""
    command = [sys.executable, "-m", "mpremote", "connect", port, "romfs", "deploy", str(image)]
    if subprocess.run(command).returncode != 0:
        raise ToolError(
            "mpremote could not deploy the ROMFS image (its own words are above).",
            "stock builds have the partition from MicroPython 1.25 on with the variant that says"
            " so; otherwise install as files, or freeze the firmware into an image.",
        )
