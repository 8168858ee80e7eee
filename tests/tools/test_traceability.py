"""The table of requirements is held: none without code, none without a test that cites it."""

import pytest

from tools import traceability
from tools.folders import ROOT


def table(root, missing: str = "", **rows: str) -> None:
    """A tree whose table is whole, but for the rows given and the one left out."""
    (root / "docs").mkdir(exist_ok=True)
    (root / "code.py").touch()
    (root / "test_all.py").write_text(
        " ".join(f"{s}-{n}" for s, count in traceability.SOURCES.items()
                 for n in range(1, count + 1))
    )  # fmt: skip
    lines = [
        rows.get(f"{source}_{number}", f"| {source}-{number} | x | `code.py` | `test_all.py` |")
        for source, count in traceability.SOURCES.items()
        for number in range(1, count + 1)
        if f"{source}-{number}" != missing
    ]
    (root / traceability.TABLE).write_text("\n".join(lines))


def faults(root) -> list[str]:
    return [what for _file, _line, what in traceability.check(root)]


def test_our_own_table_is_whole():
    assert faults(ROOT) == []


def test_a_whole_table_has_no_fault(tmp_path):
    table(tmp_path)
    assert faults(tmp_path) == []


def test_a_requirement_that_is_left_out_is_found(tmp_path):
    table(tmp_path, missing="UP-7")
    assert faults(tmp_path) == ["UP-7 stands here 0 times"]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("| MG-9 | x | | `test_all.py` |", "MG-9 names no code"),
        ("| MG-9 | x | `code.py` | |", "MG-9 names no test"),
        ("| MG-9 | x | `gone.py` | `test_all.py` |", "MG-9 names gone.py, which does not exist"),
        ("| MG-9 | x | `code.py` | `code.py` |", "code.py does not cite MG-9"),
    ],
)
def test_a_row_without_code_or_without_a_test_that_cites_it_is_found(tmp_path, row, fault):
    table(tmp_path, MG_9=row)
    assert faults(tmp_path) == [fault]
