"""A board on a serial line: the real interpreter with the real firmware's files, behind a pty."""

import os
import pty
import subprocess
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator import interpreter

CONSOLE = Path(__file__).parent / "chip_console.py"


@dataclass
class Bench:
    """`port` is the line; `files` the board's file system."""

    port: str
    files: Path
    process: subprocess.Popen[bytes]


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Bench]:
    files = tmp_path / "flash"
    files.mkdir()
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    # The board's console writes into one end; whoever opens the port by name has the other.
    process = subprocess.Popen(
        [*interpreter.find().argv, "-X", "heapsize=1m", str(CONSOLE)],
        stdin=ours,
        stdout=ours,
        stderr=subprocess.STDOUT,
        cwd=files,
        env={"MICROPYPATH": f"{interpreter.compile_sources()}:.frozen"},
    )
    yield Bench(os.ttyname(theirs), files, process)
    process.kill()
    process.wait()
    os.close(ours)
    os.close(theirs)
