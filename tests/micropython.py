"""Runs a script under the MicroPython interpreter that plays the chip, for tests of every room."""

import subprocess
import tempfile
from pathlib import Path

from simulator import interpreter

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 120


class ScriptFailed(AssertionError):
    """The script ended with an error; the text is what it printed."""


def run_micropython(path_or_source: Path | str, *, heap: str = "512k", cwd: Path = ROOT) -> str:
    """Run a script and return what it printed.

    A `Path` is run as it is; a `str` is the script itself. `protocol`, `firmware` and `simulator`
    can be imported. `heap` is the size of its heap. Raises ScriptFailed when it fails.
    """
    if isinstance(path_or_source, Path):
        return _run(path_or_source, heap, cwd)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        script.write_text(path_or_source, encoding="utf-8")
        return _run(script, heap, cwd)


def _run(script: Path, heap: str, cwd: Path) -> str:
    command = [*interpreter.find().argv, "-X", f"heapsize={heap}", str(script)]
    done = subprocess.run(
        command,
        cwd=cwd,
        env={"MICROPYPATH": f"{ROOT}:.frozen"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    if done.returncode != 0:
        raise ScriptFailed(done.stdout + done.stderr)
    return done.stdout
