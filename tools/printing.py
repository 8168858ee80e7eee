"""How the command line prints facts: a table for people, JSON for programs, errors on stderr."""

import json
import sys
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

NOT_DONE = 1
BAD_INPUT = 2

JsonOption = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]

console = Console()


def fail(text: str, status: int = BAD_INPUT) -> NoReturn:
    """End the program with `text` on stderr and the exit status `status`."""
    print(text, file=sys.stderr)
    raise SystemExit(status)


def show_rows(rows: list[dict[str, object]], *, as_json: bool, title: str = "") -> None:
    """Print a list of facts, one row each; the keys of the first row are the columns."""
    if as_json:
        print(json.dumps(rows, indent=1, default=str))
        return
    if not rows:
        console.print(f"{title}: none" if title else "none")
        return
    table = Table(title=title or None, title_justify="left")
    for number, column in enumerate(rows[0]):  # first comes the ID: cut or broken, it is of no use
        table.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)


def show_facts(facts: dict[str, object], *, as_json: bool) -> None:
    """Print one thing, a fact a line."""
    if as_json:
        print(json.dumps(facts, indent=1, default=str))
        return
    width = max((len(key) for key in facts), default=0)
    for key, value in facts.items():
        console.print(f"{key:<{width}}  {value}", highlight=False, soft_wrap=True)
