"""`bijli bench …`: what firmware and billing cost on this machine, as JSON or in words.

Every figure is measured anew; docs/bench.md says what each one is, and how to measure the
rest of the controller. Machines are noisy: compare two runs only with the baseline beside them.
"""

import sys
from typing import Annotated, Any

import typer

from tools.bench import billing, firmware, papers, reconnect, wear
from tools.printing import JsonOption, show_facts

bench_app = typer.Typer(no_args_is_help=True, help="Measure what firmware and billing cost.")

CORE_DAYS = 30
PDF_BILLS = 2_000

Facts = dict[str, Any]


@bench_app.command("firmware")
def bench_firmware(
    hours: Annotated[int, typer.Option(min=1, help="Virtual time for board-days a minute.")] = 6,
    cycles: Annotated[int, typer.Option(min=10, help="TLS reconnects for the growth.")] = 1000,
    as_json: JsonOption = False,
) -> None:
    """Heap, allocation and time of the firmware on the chip's interpreter; several minutes."""
    facts: Facts = firmware.measure(hours, with_heap=True)
    steady = reconnect.measure(cycles)
    facts |= {
        "heap_growth_bytes": steady["heap_growth_bytes"],
        "reconnects": steady["reconnects"],
        "reconnect_failures": steady["failures"],
        "reconnect_heap_live_bytes": steady["heap_live_bytes"],
        "board_days_per_minute_core": _core_days_per_minute(),
    }
    show_facts(facts, as_json=as_json)


def _core_days_per_minute() -> float:
    """Board-days of the core gear that one core lives in a minute, by CPU time."""
    from simulator import trial_core

    outcomes = trial_core.batch(trial_core.runs(CORE_DAYS, seed=1), jobs=1)
    days = sum(outcome.days for outcome in outcomes)
    return round(days * 60 / sum(outcome.cpu_s for outcome in outcomes), 1)


@bench_app.command("reconnect")
def bench_reconnect(
    cycles: Annotated[int, typer.Option(min=10, help="How often.")] = 1000,
    plain: Annotated[bool, typer.Option(help="Without TLS.")] = False,
    as_json: JsonOption = False,
) -> None:
    """A board's memory over many reconnects."""
    show_facts(reconnect.measure(cycles, not plain), as_json=as_json)


@bench_app.command("wear")
def bench_wear(
    days: Annotated[
        int, typer.Option(min=1, help="Virtual days, from which a year is told.")
    ] = 30,
    as_json: JsonOption = False,
) -> None:
    """Writes and erases of the stores, and the years until the flash is worn."""
    show_facts(wear.run(days), as_json=as_json)


@bench_app.command("billing")
def bench_billing(
    consumers: Annotated[int, typer.Option(min=1_000, max=2_000_000)] = 1_000_000,
    as_json: JsonOption = False,
) -> None:
    """Bills a second of a month's run on PostgreSQL, against bare arithmetic and bare COPY.

    Then how many of them are set as PDF in a second.
    """
    facts = billing.measure(consumers, _say)
    _say(f"setting {PDF_BILLS} bills as PDF")
    facts["pdf_per_s"] = papers.measure(PDF_BILLS, billing.WORKERS)["pdf_per_s"]
    show_facts(facts, as_json=as_json)


def _say(text: str) -> None:
    """How far it is, beside the facts."""
    print(text, file=sys.stderr, flush=True)
