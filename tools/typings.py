"""Checks the firmware against the types of the chip's modules (micropython-esp32-stubs).

The stubs describe a whole standard library of their own, which must not be mistaken for CPython's:
so they are laid out in the cache folder, and the firmware is checked apart from everything else.
It has no annotations of its own; what is checked is how it uses `machine`, `network`, `asyncio`
and the like.
"""

import hashlib
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from tools.folders import CACHE, ROOT

PACKAGES = ("micropython-esp32-stubs", "micropython-stdlib-stubs")
# Run by MicroPython's build, with names of its own.
EXCLUDED = r"firmware/manifest\.py"

CONFIGURATION = """\
[mypy]
files = firmware
exclude = {excluded}
mypy_path = {stubs}:{root}
custom_typeshed_dir = {stubs}
explicit_package_bases = True
check_untyped_defs = True
# The firmware fills in later what it names at first with None.
strict_optional = False
disable_error_code = var-annotated
"""
# The stubs have faults of their own, which are not ours to mend.
NOT_OURS = "\n[mypy-{module}.*]\nignore_errors = True\n"


def lay_out(folder: Path = CACHE / "typings") -> Path:
    """Put the stubs of the installed release into a folder below `folder` and return it."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        digest.update(f"{package} {metadata.version(package)}\n".encode())
    target = folder / digest.hexdigest()[:16]
    if target.exists():
        return target
    shutil.rmtree(folder, ignore_errors=True)
    for package in PACKAGES:
        for entry in metadata.files(package) or []:
            if entry.suffix == ".pyi" or entry.name == "VERSIONS":
                place = target / entry
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(entry.locate(), place)
    return target


def check() -> int:
    """Run mypy over the firmware; returns its exit status."""
    stubs = lay_out()
    modules = sorted({path.stem for path in stubs.glob("*.pyi")} | {"_mpy_shed", "protocol"})
    configuration = stubs.parent / "mypy.ini"
    configuration.write_text(
        CONFIGURATION.format(excluded=EXCLUDED, stubs=stubs, root=ROOT)
        + "".join(NOT_OURS.format(module=module) for module in modules)
    )
    command = [sys.executable, "-m", "mypy", "--config-file", str(configuration)]
    command += ["--cache-dir", str(CACHE / "mypy-firmware")]
    return subprocess.run(command, cwd=ROOT).returncode
