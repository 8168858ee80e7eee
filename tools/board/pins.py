"""The pin table of a board definition, for the installation guide and for whoever wires a board.

The definition in firmware/boards is the only source; its comments say what hangs on a pin.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ToolError
from tools.folders import ROOT

BOARDS = ROOT / "firmware/boards"
PIN = "_PIN"
PINS = "_PINS"
MARK = "<!-- pins -->"
END_MARK = "<!-- end -->"


@dataclass(frozen=True)
class Wire:
    """One connection: the chip's pin, what the firmware calls it, and what stands beside it."""

    gpio: int
    name: str
    comment: str


def names() -> list[str]:
    """The boards that are defined."""
    return sorted(path.stem for path in BOARDS.glob("*.py") if path.stem != "__init__")


def read_wires(board: str) -> list[Wire]:
    """All wires of `board`, by pin number. Raises ToolError for a board that is not defined."""
    if board not in names():
        raise ToolError(f"There is no board {board!r}.", f"name one of {', '.join(names())}.")
    wires = [wire for group in _read(board).values() for wire in group]
    return sorted(wires, key=lambda wire: wire.gpio)


def _read(board: str) -> dict[str, list[Wire]]:
    """The wires of each constant, those of the board that it is made from first."""
    text = (BOARDS / f"{board}.py").read_text()
    lines = text.splitlines()
    found: dict[str, list[Wire]] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("firmware.boards."):
            found |= _read(str(node.module).rpartition(".")[2])
        elif isinstance(node, ast.Assign):
            comment = _comment(lines, node.lineno)
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = _wires(target.id, node.value, comment)
    return found


def _wires(name: str, value: ast.expr, comment: str) -> list[Wire]:
    """A pin that is None is not wired."""
    if not name.endswith((PIN, PINS)):
        return []
    numbers = ast.literal_eval(value)
    if numbers is None:
        return []
    what = name.removesuffix(PINS).removesuffix(PIN).lower().replace("_", " ")
    if isinstance(numbers, int):
        return [Wire(numbers, what, comment)]
    return [Wire(pin, f"{what} {place}", comment) for place, pin in enumerate(numbers, 1)]


def _comment(lines: list[str], number: int) -> str:
    """The comment block above line `number`, or above the group of assignments it ends."""
    index = number - 2
    while index >= 0 and lines[index] and not lines[index].startswith("#"):
        index -= 1
    block: list[str] = []
    while index >= 0 and lines[index].startswith("#"):
        block.insert(0, lines[index].lstrip("# "))
        index -= 1
    return " ".join(block)


def markdown(board: str) -> str:
    """The table as it stands in docs/fitting.md."""
    rows = ["| GPIO | signal | wiring |", "|---|---|---|"]
    rows += [f"| {wire.gpio} | {wire.name} | {wire.comment} |" for wire in read_wires(board)]
    return "\n".join(rows)


def generated() -> str:
    """The tables of all boards between their marks, as `write_guide` puts them into the guide."""
    tables = "\n\n".join(f"**{board}**\n\n{markdown(board)}" for board in names())
    return f"{MARK}\n{tables}\n{END_MARK}"


def write_guide(guide: Path) -> None:
    """Put the tables into the guide, in place of those that stand there.

    Raises ToolError when the guide has no place for them.
    """
    before, mark, rest = guide.read_text().partition(MARK)
    _old, end_mark, after = rest.partition(END_MARK)
    if not mark or not end_mark:
        raise ToolError(
            f"{guide} has no place for pin tables.",
            f"put {MARK} and {END_MARK} where they are to stand.",
        )
    guide.write_text(before + generated() + after)
