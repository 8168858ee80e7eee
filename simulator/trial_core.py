"""The core gear of the trials: thousands of board-days of the firmware's core, on CPython.

Plans by seed, houses around the core, one inspector each, in as many processes as are wanted.
`--interpreter` lets the same houses live inside the 32-bit interpreter. This module and the house
are all that runs firmware in here; the inspector sees only what the house tells.
"""

import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator import interpreter, trial_plan
from simulator.errors import SimulatorError
from simulator.invariants import Violation, tell
from simulator.trial_inspector import Inspector
from simulator.trial_plan import DAY_S, Plan

YEARS = (2028, 2034, 2053)  # a leap year, the ESP32's 2^30 s, the last year of the calendar
YEAR_DAYS = 365
YEARS_FROM_DAYS = 1500  # smaller batches have none
EDGE_DAYS = 2
MIX_DAYS = (2, 3, 5, 8)
HEAP = "256m"
INTERPRETER_TIMEOUT_S = 3600


@dataclass
class Outcome:
    """What one run gave."""

    run: str
    days: int
    checks: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    worst: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    cuts: int = 0
    cpu_s: float = 0.0
    timeline: list[tuple[float, int, int, bool, int, str]] = field(default_factory=list)


def runs(board_days: int, seed: int) -> list[str]:
    """The runs of a batch: years if it is long enough, then edges of the calendar and mixtures."""
    told = []
    left = board_days
    if board_days >= YEARS_FROM_DAYS:
        told = [f"{year}:{seed}:{YEAR_DAYS}" for year in YEARS]
        left -= YEAR_DAYS * len(YEARS)
    number = 0
    while left > 0:
        kind = ("edge", "mix")[number % 2]
        days = EDGE_DAYS if kind == "edge" else MIX_DAYS[number // 2 % len(MIX_DAYS)]
        days = min(days, left)
        told.append(f"{kind}:{seed * 10_000 + number}:{days}")
        left -= days
        number += 1
    return told


def check_run(run: str) -> str:
    """The run as it is, if there is such a one. Raises ValueError."""
    trial_plan.parse(run)
    return run


def days_of(told: Sequence[str]) -> int:
    """The board-days of all these runs."""
    return sum(trial_plan.parse(run)[2] for run in told)


def live(run: str, *, keep_timeline: bool = False, on_interpreter: bool = False) -> Outcome:
    """Let one house live through its plan under an inspector's eyes."""
    plan = trial_plan.make(run)
    inspector = Inspector(plan, keep_timeline)
    begun_s = _cpu_s()
    cuts = _live_inside(plan, inspector) if on_interpreter else _live_here(plan, inspector)
    checker = inspector.checker
    return Outcome(
        run=run,
        days=(plan.end_s - plan.start_s) // DAY_S,
        checks=checker.checks,
        violations=checker.violations,
        worst=checker.worst,
        faults=Counter(name for _at_s, name in plan.told),
        looks=inspector.looks,
        cuts=cuts,
        cpu_s=_cpu_s() - begun_s,
        timeline=inspector.timeline,
    )


def _cpu_s() -> float:
    """Processor time of this process and of the interpreters that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _live_here(plan: Plan, inspector: Inspector) -> int:
    from simulator import core_house

    make_house: Any = core_house.CoreHouse  # of both runtimes, so without types
    house = make_house(
        plan.start_s, plan.seed, inspector.take, phases=plan.phases, gain_bp=plan.gain_bp
    )
    house.live(plan.actions, plan.end_s)
    return int(house.cuts)


_INSIDE = """
import json, sys
from simulator.core_house import CoreHouse

def tell(facts):
    print(json.dumps(facts))

start_s, seed, end_s, phases, gain_bp = %r
house = CoreHouse(start_s, seed, tell, phases=phases, gain_bp=gain_bp)
with open(%r) as plan:
    house.live((json.loads(line) for line in plan), end_s)
"""


def _live_inside(plan: Plan, inspector: Inspector) -> int:
    """The same in the 32-bit interpreter: the plan goes in by file, facts come out by line."""
    with tempfile.TemporaryDirectory() as folder:
        script, story = Path(folder, "house.py"), Path(folder, "plan.jsonl")
        head = (plan.start_s, plan.seed, plan.end_s, plan.phases, plan.gain_bp)
        script.write_text(_INSIDE % (head, str(story)))
        story.write_text("".join(json.dumps(entry) + "\n" for entry in plan.actions))
        command = [*interpreter.find().argv, "-X", f"heapsize={HEAP}", str(script)]
        environment = {"MICROPYPATH": f"{interpreter.ROOT}:.frozen"}
        cuts = 0
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as done:
            for line in done.stdout or ():
                facts = json.loads(line)
                if facts["status"] is not None:
                    facts["status"] = {int(key): n for key, n in facts["status"].items()}
                inspector.take(facts)
                cuts = facts["cuts"]
        if done.returncode:
            raise SimulatorError(f"The run {plan.run} ended inside the interpreter; see above.")
    return cuts


def batch(
    told: Sequence[str],
    jobs: int | None = None,
    on_interpreter: bool = False,
    progress: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Live through many runs side by side; outcomes come in the order of the runs."""
    jobs = jobs or os.cpu_count() or 1
    done: dict[str, Outcome] = {}
    # One process holds some hundred runs' memory; a fresh one for each would start too slowly.
    with ProcessPoolExecutor(jobs) as pool:
        futures = [
            pool.submit(live, run, keep_timeline=number == 0, on_interpreter=on_interpreter)
            for number, run in enumerate(_longest_first(told))
        ]
        for future in as_completed(futures):
            outcome = future.result()
            done[outcome.run] = outcome
            progress(outcome)
    return [done[run] for run in told]


def _longest_first(told: Sequence[str]) -> Iterator[str]:
    """So that no processor waits at the end for a year begun last."""
    yield from sorted(told, key=lambda run: -trial_plan.parse(run)[2])


def repeat(run: str) -> str:
    """The command that lives through one run again, alone."""
    return f"bijli trial core --run {run}"


def summarise(outcomes: Sequence[Outcome], real_s: float = 0.0) -> dict[str, Any]:
    """Sums over a batch, as plain values for JSON and the report (as the other gear's)."""
    checks: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    worst: dict[str, tuple[float, float, float]] = {}
    for outcome in outcomes:
        checks += outcome.checks
        faults += outcome.faults
        for name, found in outcome.worst.items():
            if name not in worst or found[1] - found[0] < worst[name][1] - worst[name][0]:
                worst[name] = found
    broken = Counter(found.name for outcome in outcomes for found in outcome.violations)
    days = sum(outcome.days for outcome in outcomes)
    cpu_s = sum(outcome.cpu_s for outcome in outcomes)
    return {
        "board_days": days,
        "runs": len(outcomes),
        "looks": sum(outcome.looks for outcome in outcomes),
        "cuts": sum(outcome.cuts for outcome in outcomes),
        "real_s": round(real_s, 1),
        "cpu_s": round(cpu_s, 1),
        "board_days_per_minute_per_core": round(days * 60 / cpu_s, 1) if cpu_s else 0,
        "faults": dict(faults.most_common()),
        **tell(checks, broken, worst),
        "violations": [
            {
                "name": found.name,
                "at_s": found.at_s,
                "text": found.text,
                "repeat": repeat(outcome.run),
            }
            for outcome in outcomes
            for found in outcome.violations
        ],
    }
