"""`bijli ledger` and `bijli task`: the books, and what a person must decide."""

from datetime import date
from typing import Annotated

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.printing import NOT_DONE, JsonOption, fail, show_facts, show_rows

ledger_app = typer.Typer(no_args_is_help=True, help="Accounts, and whether they are untouched.")
task_app = typer.Typer(no_args_is_help=True, help="What a person must decide.")


# --- ledger ---------------------------------------------------------------------------------


@ledger_app.command("trial")
def show_trial_balance(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """The balance of every account (debits less credits), and their sum, which is 0."""
    open_office(home)
    from controller.ledger import queries

    balances = queries.trial_balance()
    rows: list[dict[str, object]] = [
        {"account": code, "balance_paise": paise} for code, paise in balances.items()
    ]
    rows.append({"account": "sum", "balance_paise": sum(balances.values())})
    show_rows(rows, as_json=as_json, title="Trial balance")


@ledger_app.command("show")
def show_statement(
    account: Annotated[str, typer.Argument(help="e.g. consumer:BHKATS01112")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Everything that happened to one account, with its running balance."""
    open_office(home)
    from controller import clock
    from controller.ledger import queries

    found = queries.statement(account, 0, clock.now_s() + 1)
    rows: list[dict[str, object]] = [
        {
            "entry": line.entry.pk,
            "day": str(line.entry.day),
            "kind": line.entry.kind,
            "reference": line.entry.reference,
            "text": line.entry.text,
            "other": line.other,
            "debit_paise": line.debit_paise,
            "credit_paise": line.credit_paise,
            "balance_paise": line.balance_paise,
        }
        for line in found.lines
    ]
    show_rows(rows, as_json=as_json, title=f"{account}: {found.closing_paise} paise")


@ledger_app.command("seal")
def seal_days(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Seal all days that are over. Keep what it prints apart from the database."""
    open_office(home)
    from controller.ledger import services

    rows: list[dict[str, object]] = [
        {"day": str(seal.day), "entries": seal.entries, "digest": seal.digest}
        for seal in services.seal_past_days(actor=ACTOR)
    ]
    show_rows(rows, as_json=as_json, title="Sealed")


@ledger_app.command("verify")
def verify_days(
    day: Annotated[str | None, typer.Option(help="Of this day, YYYY-MM-DD …")] = None,
    digest: Annotated[str | None, typer.Option(help="… the hash was this one.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Read all sealed days again; exit status 1 when one is not as it was sealed."""
    if (day is None) != (digest is None):
        fail("Give --day and --digest together.")
    open_office(home)
    from controller.ledger import queries

    breaches = queries.verify(None if day is None else {_read_day(day): digest or ""})
    rows: list[dict[str, object]] = [{"day": str(b.day), "breach": b.what} for b in breaches]
    show_rows(rows, as_json=as_json, title="Breaches")
    if breaches:
        raise typer.Exit(NOT_DONE)


def _read_day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        fail(f"'{word}' is not a day. Write it like 2026-04-01.")


# --- tasks ----------------------------------------------------------------------------------


@task_app.command("list")
def list_tasks(
    kind: Annotated[str | None, typer.Option(help="Only of this kind.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """What waits to be decided, the oldest first."""
    open_office(home)
    from controller.tasks import queries

    rows: list[dict[str, object]] = [
        {
            "task": task.pk,
            "kind": task.kind,
            "subject": task.subject,
            "title": task.title,
            "evidence": task.evidence,
        }
        for task in queries.open_tasks(kind)[: queries.LIST_MAX]
    ]
    show_rows(rows, as_json=as_json, title="Open tasks")


@task_app.command("close")
def close_task(
    task: int,
    outcome: Annotated[str, typer.Argument(help="What was decided, in a word or two.")],
    note: Annotated[str, typer.Option(help="Why.")] = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Record what was decided."""
    open_office(home)
    from controller.tasks import services

    closed = services.close_task(task_id=task, outcome=outcome, note=note, actor=ACTOR)
    show_facts({"task": closed.pk, "state": closed.state, "outcome": outcome}, as_json=as_json)
