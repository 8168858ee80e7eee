"""Random tariffs and consumptions: the chip's interpreter and the server give the same paisa.

A batch runs in one process of the 32-bit interpreter. The same cases are rated here, by the
independent engine, too; and what a money account charges step by step is the bill.
"""

import json
import os
import random
import subprocess
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from protocol import rating
from simulator import interpreter
from tests.rating import batch, oracle

ROOT = Path(__file__).resolve().parents[2]
TARIFFS = 110
USES = 10  # of each tariff; three seeds make 3,300 bills
STEPS = 40
DAY_S = 86_400


def random_rows(
    chance: random.Random, upper_max: int, paise_max: int, open_end: int | None = None
):
    """[[upper or null, paise], …], ascending; ends open, or at `open_end`."""
    last = upper_max if open_end is None else open_end - 1
    uppers = sorted(chance.sample(range(1, last + 1), min(chance.randrange(6), last)))
    return [[upper, chance.randrange(paise_max)] for upper in [*uppers, open_end]]


def random_tariff(chance: random.Random, paise_max: int) -> dict:
    """A tariff of any form, up to prices of `paise_max`."""
    maxima = sorted(chance.sample(range(2, 900), chance.choice((0, 0, 1, 3))))
    tables = [
        [top, chance.random() < 0.7, random_rows(chance, 900, paise_max, top)]
        for top in [*maxima, None]
    ]
    lowest = min(price for table in tables for _, price in table[2])
    optional = [list, lambda: random_rows(chance, 900, paise_max)]
    return {
        "code": "ANY",
        "tables": tables,
        "fixed_per_kw_paise": chance.choice((0, chance.randrange(paise_max))),
        "fixed_basis_pct": chance.randrange(1, 201),
        "fixed_by_units_1ph": chance.choice(optional)(),
        "fixed_by_units_3ph": chance.choice(optional)(),
        "minimum_per_kw": chance.choice(optional)(),
        "surcharge_bp": chance.choice((0, 238, chance.randrange(10_001))),
        "duty_bp": chance.choice((0, 500, chance.randrange(10_001))),
        "rebate_bp": chance.choice((0, 125, chance.randrange(10_001))),
        "rate_adder_paise": [chance.randrange(-lowest, paise_max) for _ in range(3)],
        "rate_bands": [],
    }


def random_use(chance: random.Random, tariff: dict) -> list:
    """[rate_wh, load_w, phases, day, days]: often just at, below or above an edge."""
    days = chance.randrange(28, 32)
    bounds = [slab[0] or 1000 for table in tariff["tables"] for slab in table[2]]
    total_wh = chance.choice(bounds) * 1000 + chance.choice((-1, 0, 1))
    if chance.random() < 0.4:
        total_wh = chance.randrange(30_000_000)
    cuts = sorted(chance.randrange(total_wh + 1) for _ in range(3))
    rate_wh = [b - a for a, b in zip([0, *cuts], [*cuts, total_wh], strict=True)]
    return [rate_wh, chance.randrange(1, 45_001), chance.choice((1, 3)),
            chance.randrange(days + 1), days]  # fmt: skip


def random_walk(chance: random.Random) -> list:
    """[opened_s, load_w, phases, offset_min, steps]: seconds, hours, days and weeks go by."""
    opened_s = chance.randrange(190_000_000, 230_000_000)
    steps = [
        [chance.choice((0, 900, 3_600, DAY_S, chance.randrange(20 * DAY_S))),
         chance.randrange(4), chance.choice((0, 1, 1_000, chance.randrange(60_000)))]
        for _ in range(STEPS)
    ]  # fmt: skip
    return [opened_s, chance.randrange(1, 45_001), chance.choice((1, 3)),
            chance.choice((330, 345, 0, -210, 840)), steps]  # fmt: skip


def random_cases(seed: int) -> list[list]:
    chance = random.Random(seed)
    cases = []
    for number in range(TARIFFS):
        # Every tenth at the highest prices: bills beyond what a small integer holds.
        paise_max = 1_000_000 if number % 10 == 0 else 2_000
        tariff = random_tariff(chance, paise_max)
        uses = [random_use(chance, tariff) for _ in range(USES)]
        cases.append([tariff, uses, random_walk(chance)])
    return cases


def ask_chip(cases: list[list]) -> list[list]:
    """What the 32-bit interpreter answers to all cases, in one process."""
    done = subprocess.run(
        [*interpreter.find().argv, "-X", "heapsize=8m", str(ROOT / "tests/rating/batch.py")],
        input="".join(json.dumps(case) + "\n" for case in cases),
        env={**os.environ, "MICROPYPATH": f"{ROOT}:.frozen"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout[-1000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_chip_and_server_bill_random_months_alike_to_the_paisa(seed):
    """MG-8, UP-2, UP-5, UP-9: 1,100 bills a seed, and 110 accounts of 40 steps, on both."""
    cases = random_cases(seed)
    answers = ask_chip(cases)
    assert len(answers) == TARIFFS
    for (names, uses, walk), (bills, charged) in zip(cases, answers, strict=True):
        record = rating.from_names(names)
        assert bills == batch.rate_uses(record, uses), names
        assert bills[:-1] == [oracle.total(names, *use) for use in uses], names
        assert charged == batch.live(record, walk), (names, walk)


@pytest.mark.parametrize("seed", [4, 5])
def test_what_a_money_account_charges_by_the_interval_is_the_bill_of_its_months(seed):
    """MG-8: whatever falls between two charges, they sum to the bill, also over months' ends."""
    for names, _uses, walk in random_cases(seed):
        record = rating.from_names(names)
        charged = batch.live(record, walk)
        expected = sum(month_bills(record, names, walk))
        assert charged[-1] == expected, (names, walk)


def month_bills(record, names, walk) -> list[int]:
    """The bill of every month that a walk touches, from its days and energy alone."""
    opened_s, load_w, phases, offset_min, steps = walk
    use = defaultdict(lambda: [0, 0, 0, 0])
    now_s = opened_s
    for later_s, rate, wh in steps:
        now_s += later_s
        day = day_of(now_s, offset_min)
        use[day.year, day.month][rate] += wh
    first, last = day_of(opened_s, offset_min), day_of(now_s, offset_min)
    bills = []
    month = first.replace(day=1)
    while month <= last:
        following = (month + timedelta(days=31)).replace(day=1)
        from_day, to_day = max(first, month), min(last, following - timedelta(days=1))
        days = (following - month).days
        supplied = (to_day - from_day).days + 1
        rate_wh = use[month.year, month.month]
        lines = rating.bill_lines(record, rate_wh, load_w, phases, supplied, days)
        bills.append(sum(line[3] for line in lines))
        assert bills[-1] == oracle.total(names, rate_wh, load_w, phases, supplied, days)
        month = following
    return bills


def day_of(at_s: int, offset_min: int) -> date:
    """The local day of a board time."""
    return date(2020, 1, 1) + timedelta(days=(at_s + offset_min * 60) // DAY_S)
