"""`bijli trial …`: the three ways of trying to break a board, each by seed, each with a report.

It starts them, shows how far they are and prints what they sum up; it judges nothing itself.
Exit status 1 when any invariant was violated.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from simulator import report, trial_core
from simulator.errors import SimulatorError
from tools.errors import ToolError
from tools.printing import NOT_DONE, JsonOption, console, show_facts, show_rows

trial_app = typer.Typer(
    no_args_is_help=True, help="Try to break a board: core, whole firmware, every power cut."
)

Seed = Annotated[int, typer.Option(help="One seed, one trial.")]
Jobs = Annotated[int, typer.Option(min=0, help="Processes side by side (0: one a core).")]
Report = Annotated[
    Path | None, typer.Option("--report", help="Write a page (.html) or its picture (.svg).")
]


class Progress:
    """One line on a terminal's stderr that tells how far a trial is."""

    def __init__(self, board_days: float, quiet: bool) -> None:
        self._board_days = board_days
        self._quiet = quiet or not sys.stderr.isatty()
        self._done = 0.0
        self._broken = 0
        self._begun_s = time.monotonic()

    def add(self, days: float, broken: int) -> None:
        """So many more board-days are lived, with so many violations."""
        self._done += days
        self._broken += broken
        if self._quiet:
            return
        passed_s = time.monotonic() - self._begun_s
        rate = self._done * 60 / passed_s if passed_s else 0
        print(
            f"\r{self._done:,.0f} of {self._board_days:,.0f} board-days, {rate:,.0f} a minute, "
            f"{self._broken} violations ",
            end="",
            file=sys.stderr,
            flush=True,
        )

    def end(self) -> None:
        """Leave the line."""
        if not self._quiet:
            print(file=sys.stderr)


@trial_app.command("core")
def try_core(
    board_days: Annotated[int, typer.Option(min=1, help="How many days of one board.")] = 100,
    seed: Seed = 1,
    jobs: Jobs = 0,
    run: Annotated[
        str, typer.Option(help="One run alone, KIND:SEED:DAYS as a violation names it.")
    ] = "",
    interpreter: Annotated[
        bool, typer.Option(help="Inside the 32-bit interpreter, where integers are the chip's.")
    ] = False,
    report_file: Report = None,
    as_json: JsonOption = False,
) -> None:
    """Let the firmware's core live through faults, cuts and the edges of the calendar."""
    try:
        told = [trial_core.check_run(run)] if run else trial_core.runs(board_days, seed)
    except ValueError as error:
        raise ToolError("This is no run.", str(error)) from None
    progress = Progress(trial_core.days_of(told), as_json)
    begun_s = time.monotonic()
    outcomes = trial_core.batch(
        told,
        jobs or os.cpu_count() or 1,
        interpreter,
        lambda outcome: progress.add(outcome.days, len(outcome.violations)),
    )
    progress.end()
    facts = trial_core.summarise(outcomes, time.monotonic() - begun_s)
    timeline = next((outcome.timeline for outcome in outcomes if outcome.timeline), [])
    _conclude("Trial of the core", facts, timeline, report_file, as_json)


@trial_app.command("firmware")
def try_firmware(
    board_days: Annotated[
        float, typer.Option("--board-days", "--days", min=0.01, help="Days of one board.")
    ] = 10.0,
    seed: Seed = 1,
    jobs: Jobs = 0,
    one: Annotated[bool, typer.Option(help="One life of that many days, and no more.")] = False,
    report_file: Report = None,
    as_json: JsonOption = False,
) -> None:
    """Let the whole firmware live through them, on the 32-bit interpreter, with a far end."""
    from simulator import trial_firmware
    from tools.bench.far_end import open_far_end

    progress = Progress(board_days, as_json)
    facts = trial_firmware.run(
        board_days,
        seed,
        jobs or os.cpu_count() or 1,
        open_far_end,
        life_days=board_days if one else trial_firmware.LIFE_DAYS,
        progress=lambda record: progress.add(record.days, len(record.violations)),
    )
    progress.end()
    _conclude("Trial of the whole firmware", facts, [], report_file, as_json)


@trial_app.command("cuts")
def try_cuts(
    store: Annotated[
        list[str] | None, typer.Option(help="files, files+fram, partition or partition+fram.")
    ] = None,
    short: Annotated[bool, typer.Option(help="Only the story's first part.")] = False,
    every: Annotated[int, typer.Option(min=1, help="Only every so-manieth write.")] = 1,
    only: Annotated[str, typer.Option(help="One case, STORE:INDEX:MODEL.")] = "",
    jobs: Jobs = 0,
    as_json: JsonOption = False,
) -> None:
    """Cut the power at every persistent write of a story, torn in three ways, on every store."""
    from simulator import cuts

    case = _parse_case(only, cuts.STORES, cuts.MODELS) if only else None
    stores = [case[0]] if case else store or list(cuts.STORES)
    for name in stores:
        if name not in cuts.STORES:
            raise ToolError(f"There is no store {name!r}.", f"one of {', '.join(cuts.STORES)}.")
    facts = cuts.run(stores, short, every, case[1:] if case else None, jobs or None)
    if as_json:
        show_facts(facts, as_json=True)
    else:
        rows = [
            {
                "store": name,
                "writes": found["writes"],
                "cuts": found["cuts"],
                "violations": len(found["violations"]),
            }
            for name, found in facts["stores"].items()
        ]
        show_rows(rows, as_json=False, title=f"Power cut at every write, {facts['seconds']} s")
        for name, found in facts["stores"].items():
            for violation in found["violations"]:
                again = f"bijli trial cuts --only {name}:{violation['index']}:{violation['model']}"
                console.print(f"{violation['what']}\n  {again}", highlight=False, soft_wrap=True)
    raise typer.Exit(NOT_DONE if facts["violations"] else 0)


def _parse_case(text: str, stores: Sequence[str], models: Sequence[str]) -> tuple[str, int, str]:
    """One case of the cuts. Raises ToolError."""
    store, _, rest = text.partition(":")
    index, _, model = rest.partition(":")
    if store not in stores or not index.isdigit() or model not in models:
        raise ToolError(
            f"{text!r} is no case.",
            f"STORE:INDEX:MODEL, with {', '.join(stores)} and {', '.join(models)}.",
        )
    return store, int(index), model


def _conclude(
    title: str,
    facts: dict[str, Any],
    timeline: list[report.Entry],
    report_file: Path | None,
    as_json: bool,
) -> None:
    """Print what a trial summed up, write its report, and end with what it found."""
    if report_file:
        try:
            report.write(report_file, title, facts, timeline)
        except OSError as error:
            raise SimulatorError(f"The report cannot be written: {error}.") from None
    if as_json:
        show_facts(facts, as_json=True)
    else:
        _show(title, facts)
        if report_file:
            console.print(f"Report: {report_file}")
    raise typer.Exit(NOT_DONE if facts["violations"] else 0)


def _show(title: str, facts: dict[str, Any]) -> None:
    plain = {
        key.replace("_", " "): value
        for key, value in facts.items()
        if not isinstance(value, list | dict)
    }
    show_facts(plain, as_json=False)
    show_rows(
        [
            {"invariant": row["sentence"], "checks": row["checks"], "broken": row["violations"]}
            for row in facts["invariants"]
        ],
        as_json=False,
        title=title,
    )
    worst = facts["worst"].items()
    show_rows(
        [
            {
                "nearest to the limit": name,
                "worst": round(found["value"], 2),
                "allowed": found["bound"],
            }
            for name, found in worst
        ],
        as_json=False,
    )
    for found in facts["violations"]:
        console.print(
            f"{found['name']}: {found['text']}, at {found['at_s']:.0f} s\n  {found['repeat']}",
            highlight=False,
            soft_wrap=True,
        )
