"""Makes a bare clone ready to run: `python3 -m tools.setup [--dev]`.

Runs before anything is installed, so it and what it imports need only the standard library. A
step that has been done from the same lock and project is skipped.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from tools import broker, debian, interpreter
from tools.errors import ToolError, Unavailable
from tools.folders import CACHE, ROOT, VENV

STAMP = VENV / "bijli-installed"


def main() -> int:
    """Set up for running, or with --dev for testing too. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="what tests and checks need, too")
    arguments = parser.parse_args()
    CACHE.mkdir(exist_ok=True)
    try:
        with (CACHE / "setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two `make` at once: the second finds all done
            ensure_environment(arguments.dev)
            interpreter.ensure()
            broker.ensure()
    except ToolError as error:
        print(f"bijli: {error}", file=sys.stderr)
        return 1
    return 0


def ensure_environment(dev: bool) -> None:
    """Make `.venv` with the pinned packages and the project itself. Raises ToolError."""
    digest, has_dev = _installed()
    dev = dev or has_dev
    wanted = _wanted(dev)
    if digest == wanted and (VENV / "bin/python").exists():
        return
    if not (VENV / "bin/python").exists():
        _make_environment()
    print("  installing the pinned packages ...", flush=True)
    lock = "requirements-dev.txt" if dev else "requirements.txt"
    _pip(
        "install", "--require-hashes", "--only-binary", ":all:", "--requirement", str(ROOT / lock)
    )
    _pip("install", "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT))
    STAMP.write_text(f"{wanted}\n{'dev' if dev else 'run'}\n")


def _installed() -> tuple[str, bool]:
    if not STAMP.exists():
        return "", False
    digest, kind = STAMP.read_text().split()
    return digest, kind == "dev"


def _wanted(dev: bool) -> str:
    """What the environment depends on: the lock, the project's own facts, and where it lies."""
    lock = "requirements-dev.txt" if dev else "requirements.txt"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    content = f"{(ROOT / lock).read_text()} {project} {ROOT}"
    return hashlib.sha256(content.encode()).hexdigest()


def _make_environment() -> None:
    print(f"  making .venv with Python {sys.version.split()[0]} ...", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        import ensurepip  # noqa: F401  (Debian has it in python3-venv)

        venv.create(VENV, with_pip=True)
    except ImportError:
        venv.create(VENV, with_pip=False)
        _install_pip()


def _install_pip() -> None:
    """Put pip into the environment from the distribution's package of its wheel."""
    debian.fetch_with_dependencies("pip", "python3-pip-whl")
    places = [CACHE / "pip", Path("/")]  # it is not fetched where the system has it
    wheels = [path for place in places for path in place.glob("usr/share/python-wheels/pip-*.whl")]
    if not wheels:
        raise Unavailable(
            "This Python has no pip.", "install python3-venv, then run the same command again."
        )
    wheel = str(wheels[0])
    command = [str(VENV / "bin/python"), "-m", "pip", "install", "--no-index", "--quiet", wheel]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": wheel}, check=True)


def _pip(*arguments: str) -> None:
    # The machine's own pip configuration says where packages come from; nothing here overrides it.
    command = [
        str(VENV / "bin/python"),
        "-m",
        "pip",
        "--disable-pip-version-check",
        *arguments,
        "-qq",
    ]
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        raise Unavailable(
            "pip could not install the pinned packages (its own words are above).",
            "see that pip reaches its package index, then run the same command again.",
        )


if __name__ == "__main__":
    sys.exit(main())
