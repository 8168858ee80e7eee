"""Golden bills of the ten published tariffs, worked by hand: a unit below, at and above each edge.

golden.csv has every step of the working in rupees. The steps are worked out again here, without
the rating; then the rating must give each line of them, and so must the independent engine.
"""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from controller import document
from controller.tariffs.entry import read_entry
from controller.tariffs.rules import LINE_NAMES, rate
from protocol import rating
from tests.rating import oracle, working

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("golden.csv")
PUBLISHED = ROOT.parent / "shared/data/tariffs/tariffs.json"

needs_published = pytest.mark.skipif(not PUBLISHED.exists(), reason="published tariffs not here")


def read_rows() -> list[dict[str, str]]:
    with GOLDEN.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


ROWS = read_rows()


def read_records() -> dict[str, dict]:
    """The published tariffs by code, in names."""
    read = document.read(PUBLISHED.read_bytes(), PUBLISHED.name)
    faults: list[document.Fault] = []
    found = [read_entry(entry, (), faults) for entry in read.value["tariffs"]]
    assert faults == []
    return {tariff.code: tariff.versions[0].record for tariff in found}


def case(row: dict[str, str]) -> str:
    return f"{row['tariff']} {row['units']} units {row['load_w']} W {row['phases']}ph"


def test_every_step_of_every_working_is_right_by_itself():
    """MG-8: what stands in golden.csv can be checked with pencil and paper, and was."""
    for row in ROWS:
        lines = working.check(row["working"], Decimal(row["units"]))
        assert sum((amount for _, amount in lines), Decimal(0)) == Decimal(row["total"]), case(row)


@needs_published
def test_the_rating_gives_every_line_of_every_golden_bill():
    """MG-8, UP-2, UP-5, UP-9: energy by slabs, fixed charge, duty, surcharge, minimum, rebate."""
    records = read_records()
    for row in ROWS:
        lines = working.check(row["working"], Decimal(row["units"]))
        expected = [(kind, int(amount * 100)) for kind, amount in lines]
        rated = rate(records[row["tariff"]], *_use(row), 30, 30)
        assert [(LINE_NAMES[line[0]], line[3]) for line in rated] == expected, case(row)


@needs_published
def test_board_arithmetic_and_the_independent_engine_give_the_golden_totals():
    """MG-8: the sum that a board debits, and exact fractions, are the same paisa."""
    records = read_records()
    for row in ROWS:
        names, (rate_wh, load_w, phases) = records[row["tariff"]], _use(row)
        paise = int(Decimal(row["total"]) * 100)
        record = rating.from_names(names)
        assert rating.total_paise(record, rate_wh, load_w, phases, 30, 30) == paise, case(row)
        assert oracle.total(names, rate_wh, load_w, phases, 30, 30) == paise, case(row)


@needs_published
def test_no_edge_of_any_published_tariff_is_left_out():
    """One unit below, at, and one unit above each bound of slab, table and band, for one phase."""
    have = {(row["tariff"], row["units"]) for row in ROWS if row["phases"] == "1"}
    for code, names in read_records().items():
        bounds = {table[0] for table in names["tables"]}
        bounds |= {slab[0] for table in names["tables"] for slab in table[2]}
        bounds |= {row[0] for row in names["fixed_by_units_1ph"] + names["fixed_by_units_3ph"]}
        for bound in bounds - {None}:
            for units in (bound - 1, bound, bound + 1):
                assert (code, str(units)) in have, (code, units)


def _use(row: dict[str, str]) -> tuple[list[int], int, int]:
    units_wh = int(Decimal(row["units"]) * 1000)
    return [units_wh, 0, 0, 0], int(row["load_w"]), int(row["phases"])
