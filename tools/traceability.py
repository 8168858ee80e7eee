"""Holds docs/requirements.md: every requirement has code, and a test that cites it.

A row of that table is `| MG-9 | what it asks | code | tests |`; paths stand in backquotes. It
must not know what a requirement means.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TABLE = Path("docs/requirements.md")
# How many requirements each source has (the spec's pages MG and UP).
SOURCES = {"MG": 15, "UP": 12}

ROW = re.compile(r"\| ((?:MG|UP)-\d+) \|([^|]*)\|([^|]*)\|([^|]*)\|")
PATH = re.compile(r"`([^`]+)`")


class Row(NamedTuple):
    """One requirement: where it is built, and by which tests it is held."""

    requirement: str
    line: int
    code: list[str]
    tests: list[str]


def read(root: Path) -> list[Row]:
    """The rows of the table, in its order."""
    text = (root / TABLE).read_text(encoding="utf-8")
    return [
        Row(match[1], number, PATH.findall(match[3]), PATH.findall(match[4]))
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := ROW.match(line))
    ]


def check(root: Path) -> Iterator[tuple[str, int, str]]:
    """What does not hold: file, line, and what is wrong."""
    if not (root / TABLE).exists():
        yield TABLE.as_posix(), 1, "there is no table of requirements"
        return
    rows = read(root)
    told = [row.requirement for row in rows]
    for source, count in SOURCES.items():
        for number in range(1, count + 1):
            times = told.count(f"{source}-{number}")
            if times != 1:
                yield TABLE.as_posix(), 1, f"{source}-{number} stands here {times} times"
    for row in rows:
        yield from ((TABLE.as_posix(), row.line, what) for what in _faults(root, row))


def _faults(root: Path, row: Row) -> Iterator[str]:
    if not row.code:
        yield f"{row.requirement} names no code"
    if not row.tests:
        yield f"{row.requirement} names no test"
    for path in (*row.code, *row.tests):
        if not (root / path).exists():
            yield f"{row.requirement} names {path}, which does not exist"
    cited = re.compile(rf"\b{row.requirement}\b")
    for path in row.tests:
        file = root / path
        if file.is_file() and not cited.search(file.read_text(encoding="utf-8")):
            yield f"{path} does not cite {row.requirement}"
