"""The whole-firmware gear: many lives of the real firmware under faults, on all cores.

Every life is a board of its own, with its own broker and far end, told by one seed; the sum of
them says what was checked how often, what did not hold and how fast it went. It must not know the
firmware, nor how a far end is made.
"""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator import interpreter
from simulator.far_end import OpenFarEnd
from simulator.faults import KINDS, Schedule
from simulator.invariants import tell
from simulator.life import Life, Record

DAY_S = 86_400
LIFE_DAYS = 7
FAULT_GAP_S = 7_200
COMMAND = "bijli trial firmware --seed {seed} --days {days!r} --one"
CALL = "trial_firmware.run({days!r}, {seed}, 1, open_far_end, {kinds!r}, {without!r}, {gap})"


@dataclass(frozen=True)
class Order:
    """One life to live."""

    seed: int
    days: float
    kinds: tuple[str, ...]
    without: tuple[str, ...]
    fault_gap_s: int
    build: Path
    open_far_end: OpenFarEnd


def run(
    board_days: float,
    seed: int,
    jobs: int,
    open_far_end: OpenFarEnd,
    kinds: Sequence[str] = KINDS,
    without: Sequence[str] = (),
    fault_gap_s: int = FAULT_GAP_S,
    life_days: float = LIFE_DAYS,
    progress: Callable[[Record], None] | None = None,
) -> dict[str, Any]:
    """Live `board_days` in lives of at most `life_days`, the first of them of `seed`.

    Returns facts that JSON can hold: `violations` with the command that repeats each. Raises
    SimulatorError.
    """
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bijli-trial-") as folder:
        build = Path(folder) / "build"  # of its own: the sources may change meanwhile
        shutil.copytree(interpreter.compile_sources(), build)
        orders = [
            Order(seed + number, days, tuple(kinds), tuple(without), fault_gap_s, build,
                  open_far_end)
            for number, days in enumerate(_split(board_days, life_days))
        ]  # fmt: skip
        records = []
        for record in _live_all(orders, jobs):
            records.append(record)
            if progress:
                progress(record)
    repeat = COMMAND
    if (tuple(kinds), tuple(without), fault_gap_s) != (KINDS, (), FAULT_GAP_S):
        repeat = CALL
    facts = _sum(records, seed, jobs, time.monotonic() - began_s)
    facts["violations"] = [
        {
            "seed": record.seed,
            "name": violation.name,
            "at_s": violation.at_s,
            "text": violation.text,
            "repeat": repeat.format(
                seed=record.seed, days=record.days, kinds=kinds, without=without, gap=fault_gap_s
            ),
        }
        for record in records
        for violation in record.violations
    ]
    return facts


def live_one(order: Order) -> Record:
    """Live one life in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bijli-life-") as folder:
        duration_s = int(order.days * DAY_S)
        faults = Schedule.random(
            order.seed, duration_s, order.kinds, order.fault_gap_s, order.without
        )
        life = Life(Path(folder), order.seed, duration_s, faults, order.open_far_end, order.build)
        return life.live()


def _live_all(orders: Sequence[Order], jobs: int) -> Any:
    if jobs <= 1 or len(orders) <= 1:
        yield from map(live_one, orders)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(live_one, orders)


def _split(board_days: float, life_days: float) -> list[float]:
    lives = []
    while board_days > 0:
        lives.append(min(life_days, board_days))
        board_days -= lives[-1]
    return lives


def _sum(records: Sequence[Record], seed: int, jobs: int, real_s: float) -> dict[str, Any]:
    board_days = sum(record.days for record in records)
    checks: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    worst: dict[str, tuple[float, float, float]] = {}
    for record in records:
        checks += record.checks
        faults += record.faults
        stages += record.commands
        for name, found in record.worst.items():
            if name not in worst or found[1] - found[0] < worst[name][1] - worst[name][0]:
                worst[name] = found
    broken = Counter(violation.name for record in records for violation in record.violations)
    return {
        "seed": seed,
        "jobs": jobs,
        "lives": len(records),
        "board_days": board_days,
        "real_s": round(real_s, 1),
        "board_days_per_minute": round(board_days * 60 / real_s, 1),
        "board_days_per_minute_per_core": round(
            board_days * 60 / sum(record.cpu_s for record in records), 1
        ),
        "looks": sum(record.looks for record in records),
        "readings": sum(record.readings for record in records),
        "starts": sum(record.starts for record in records),
        "trips": sum(record.trips for record in records),
        "faults": dict(sorted(faults.items())),
        "commands_by_stage": dict(sorted(stages.items())),
        **tell(checks, broken, worst),
    }
