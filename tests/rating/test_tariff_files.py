"""Tariff files: every documented form is data, and both runtimes bill it alike (issue 2, item 4).

The ten published tariffs are read where they lie; without them the same is done with our own.
"""

import csv
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from controller import document
from controller.tariffs.entry import TariffEntry, read_entry
from protocol import rating
from simulator import interpreter

ROOT = Path(__file__).resolve().parents[2]
OURS = Path(__file__).with_name("forms.json")
PUBLISHED = ROOT.parent / "shared/data/tariffs"
FILES = [OURS, PUBLISHED / "tariffs.json"]

needs_published = pytest.mark.skipif(not PUBLISHED.exists(), reason="published tariffs not here")


def read_records(path: Path) -> dict[str, dict]:
    """The file's tariffs by code, in names."""
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    return {tariff.code: tariff.versions[0].record for tariff in read_tariffs(path)}


def read_tariffs(path: Path) -> list[TariffEntry]:
    """The file's tariffs, read as the controller does."""
    read = document.read(path.read_bytes(), path.name)
    return read_all(read.value["tariffs"])


def read_all(entries: list) -> list[TariffEntry]:
    """The tariffs of entries in which nothing is wrong."""
    faults: list[document.Fault] = []
    found = [read_entry(each, ("tariffs", at), faults) for at, each in enumerate(entries)]
    assert faults == []
    return found


def bill(names: dict, units: int, load_w: int = 1000, phases: int = 1) -> dict[int, int]:
    """Amounts by kind of line, and the total under 0."""
    lines = rating.bill_lines(
        rating.from_names(names), [units * 1000, 0, 0, 0], load_w, phases, 31, 31
    )
    amounts = {0: sum(line[3] for line in lines)}
    for kind, _, _, amount in lines:
        amounts[kind] = amounts.get(kind, 0) + amount
    return amounts


def run(command: list[str], script: str, given: str = "") -> str:
    """What the script prints on that runtime."""
    path = {"MICROPYPATH": f"{ROOT}:.frozen", "PYTHONPATH": str(ROOT)}
    argv = [*command, str(Path(__file__).with_name(script))]
    done = subprocess.run(
        argv, input=given, capture_output=True, text=True, timeout=240, env={**os.environ, **path}
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.parametrize("path", FILES, ids=["ours", "published"])
def test_chip_and_server_print_the_same_bills_for_every_unit_to_a_thousand(path):
    records = list(read_records(path).values())
    given = json.dumps(records)
    chip = run(list(interpreter.find().argv), "sweep.py", given)
    server = run([sys.executable], "sweep.py", given)
    assert chip == server
    assert len(chip.splitlines()) == len(records)


def test_rating_the_largest_month_takes_nothing_from_the_chips_heap():
    locked, from_lines, rate = run(list(interpreter.find().argv), "heap.py").split()
    assert locked == from_lines
    assert rate == "1"


@needs_published
def test_there_are_ten_published_tariffs():
    assert len(read_records(FILES[1])) == 10


@needs_published
def test_the_published_2014_15_slabs_give_the_worked_energy_charges():
    names = read_records(FILES[1])["UP-LMV1-urban-2014-15"]
    with (PUBLISHED / "up_2014_15_golden.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    for row in rows:
        amounts = bill(names, int(row["units_kwh"]))
        assert amounts.get(rating.LINE_ENERGY, 0) == int(row["energy_charge_paise"])


# Worked by hand from the entries: code, units, load W, phases, kind of line (0 total), paise.
BY_HAND = [
    # Kerala 2023: 250 telescopic = 50×(325+405+510+695+820); 251 × 640, all units.
    ("KL-LT1-2023-11", 250, 1000, 1, rating.LINE_ENERGY, 137_750),
    ("KL-LT1-2023-11", 251, 1000, 1, rating.LINE_ENERGY, 160_640),
    ("KL-LT1-2023-11", 250, 1000, 1, rating.LINE_SERVICE, 13_000),
    ("KL-LT1-2023-11", 251, 1000, 1, rating.LINE_SERVICE, 15_000),
    ("KL-LT1-2023-11", 251, 1000, 3, rating.LINE_SERVICE, 20_500),
    ("KL-LT1-2019", 250, 1000, 1, rating.LINE_ENERGY, 128_250),
    ("KL-LT1-2019", 251, 1000, 1, rating.LINE_ENERGY, 145_580),
    # Haryana: the table is chosen by the total.
    ("HR-DS-2015-16", 100, 1000, 1, 0, 36_000),
    ("HR-DS-2015-16", 101, 1000, 1, 0, 50_500),
    ("HR-DS-2015-16", 500, 1000, 1, 0, 276_250),
    ("HR-DS-2015-16", 501, 1000, 1, 0, 338_175),
    # its minimum: 2 kW × ₹120, 3 kW × ₹70; 50 × 2.70 = 135 stays above 1 kW's 120.
    ("HR-DS-2015-16", 0, 2000, 1, 0, 24_000),
    ("HR-DS-2015-16", 0, 3000, 1, 0, 21_000),
    ("HR-DS-2015-16", 50, 1000, 1, 0, 13_500),
    ("HR-DS-2015-16", 10, 1000, 1, rating.LINE_MINIMUM, 9_300),
    # Nepal: ten units free of energy charge, service by band.
    ("NP-NEA-1ph-5A-2020", 10, 1000, 1, 0, 3_000),
    ("NP-NEA-1ph-5A-2020", 20, 1000, 1, 0, 6_000),
    ("NP-NEA-1ph-5A-2020", 21, 1000, 1, 0, 8_650),
    ("NP-NEA-1ph-5A-2020", 21, 1000, 3, rating.LINE_SERVICE, 5_000),
    # Uttar Pradesh: 151 units = 60,450; 2.38 % = 1,438.71; 5 % = 3,022.5; 2 kW × ₹75.
    ("UP-LMV1-urban-2014-15", 151, 2000, 1, rating.LINE_SURCHARGE, 1_439),
    ("UP-LMV1-urban-2014-15", 151, 2000, 1, rating.LINE_DUTY, 3_023),
    ("UP-LMV1-urban-2014-15", 151, 2000, 1, rating.LINE_FIXED, 15_000),
    # (60,450 + 15,000 + 1,439 + 3,023) × 0.25 % = 199.78.
    ("UP-LMV1-urban-2014-15", 151, 2000, 1, rating.LINE_REBATE, -200),
    ("UP-LMV1-urban-2014-15", 151, 2000, 1, 0, 79_712),
]


@needs_published
@pytest.mark.parametrize(("code", "units", "load_w", "phases", "kind", "paise"), BY_HAND)
def test_published_tariffs_give_the_bills_worked_by_hand(code, units, load_w, phases, kind, paise):
    assert bill(read_records(FILES[1])[code], units, load_w, phases)[kind] == paise


@pytest.mark.parametrize(
    ("code", "units", "load_w", "phases", "paise"),
    [
        # 300 + 0.85 units… by hand: 101 units = 30,000 + 425; 1.75 % = 532.44; 4 % = 1,217;
        # 1 kW × ₹60; sum 38,174; 0.5 % = 190.87.
        ("TELESCOPIC", 101, 1000, 1, 37_983),
        ("WHOLE", 50, 1000, 1, 10_000),
        ("WHOLE", 51, 1000, 1, 17_850),
        ("SWITCH", 100, 1000, 1, 40_000),
        ("SWITCH", 101, 1000, 1, 42_875),
        ("SWITCH", 101, 1000, 3, 46_875),
        ("BYTOTAL", 80, 1000, 1, 26_000),
        ("BYTOTAL", 81, 1000, 1, 36_450),
        ("BYTOTAL", 0, 3000, 1, 24_000),
        ("SERVICE", 10, 1000, 1, 3_000),
        ("SERVICE", 11, 1000, 1, 5_900),
    ],
)
def test_every_form_of_a_tariff_file_is_data(code, units, load_w, phases, paise):
    assert bill(read_records(OURS)[code], units, load_w, phases)[0] == paise


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"id": "X", "slabs": [[None, 1]], "green_cess_pct": 1}, "green_cess_pct"),
        ({"id": "X"}, "no prices"),
        ({"id": "X", "slabs": [[50, 2], [40, 1], [None, 3]]}, "ascend"),
        ({"id": "X", "slabs": [[None, 1]], "electricity_duty_pct": Decimal("1.234")}, "0.01"),
        ({"id": "X" * 33, "slabs": [[None, 1]]}, "31 letters"),
    ],
)
def test_an_entry_that_would_lose_a_charge_is_refused(entry, says):
    faults: list[document.Fault] = []
    assert read_entry(entry, ("tariffs", 0), faults) is None
    assert says in " ".join(fault.what + fault.what_to_do for fault in faults)


def test_what_had_to_be_assumed_is_said():
    remarks = [remark for tariff in read_tariffs(OURS) for remark in tariff.remarks]
    assert len(remarks) == 1
    assert "SERVICE" in remarks[0]
