"""`bijli reconcile`: whether sold, credited, charged, paid and posted are one and the same."""

from datetime import date, timedelta
from typing import Annotated, Any

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.printing import NOT_DONE, JsonOption, fail, show_facts, show_rows

FIGURES = ("meters", "spans", "silent", "open_spans", "receipts", "mismatches")


def reconcile(
    first: Annotated[str | None, typer.Argument(help="First day, YYYY-MM-DD.")] = None,
    last: Annotated[str | None, typer.Argument(help="Last day; default: the first.")] = None,
    night: Annotated[
        bool, typer.Option(help="What is due every night: seal the ledger, look back 35 days.")
    ] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Compare all books of some days (default: yesterday); exit status 1 on a mismatch.

    Each mismatch is a task, with its evidence (`bijli task list`).
    """
    if night and first is not None:
        fail("Give days or --night, not both.")
    open_office(home)
    from controller import clock
    from controller.ledger.services import local_day
    from controller.reconcile import services

    if night:
        report = services.run_night(actor=ACTOR)
    else:
        yesterday = local_day(clock.now_s()) - timedelta(days=1)
        first_day = yesterday if first is None else _read_day(first)
        report = services.run(
            first_day=first_day, last_day=None if last is None else _read_day(last), actor=ACTOR
        )
    _show(report, as_json=as_json)
    if not report.is_closed:
        raise typer.Exit(NOT_DONE)


def _read_day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        fail(f"'{word}' is not a day. Write it like 2026-04-01.")


def _show(report: Any, *, as_json: bool) -> None:
    facts: dict[str, object] = {
        "report": report.pk,
        "first_day": str(report.first_day),
        "last_day": str(report.last_day),
        **{name: getattr(report, name) for name in FIGURES},
    }
    if as_json:
        show_facts({**facts, "findings": report.findings}, as_json=True)
        return
    show_facts(facts, as_json=False)
    show_rows(report.findings, as_json=False, title="Mismatches")
