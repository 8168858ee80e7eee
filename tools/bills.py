"""The billing desk on the command line: validate and bill a month, show, make anew, remind.

Every command is one call of a service of the controller.
"""

import os
import subprocess
import sys
import time
from typing import Annotated, Any

import typer
from rich.progress import Progress

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.printing import JsonOption, console, fail, show_facts, show_rows

ACCOUNT_FACTS = ("account_unit", "bought", "sold", "used", "balance", "difference")
POLL_S = 0.2
WORKERS_MAX = 16

bill_app = typer.Typer(no_args_is_help=True, help="Validate, bill, show, remind.")


@bill_app.command("run")
def run_bills(
    plant: str,
    month: Annotated[str, typer.Argument(help="YYYY-MM")],
    group: Annotated[
        str, typer.Option(help="Only these connections: 'pole=12 category=domestic'.")
    ] = "",
    workers: Annotated[
        int, typer.Option(min=1, max=WORKERS_MAX, help="Processes; more than one on PostgreSQL.")
    ] = 1,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make a month's bills of a plant from signed readings; goes on where it was interrupted."""
    open_office(home)
    from controller.billing import runs

    run = runs.start_run(plants=[plant], month=month, group=group, actor=ACTOR)
    if workers > 1:
        _work(run.pk, workers)
    with Progress(console=console, disable=as_json or not console.is_terminal) as progress:
        bar = progress.add_task(f"Bills of {month}", total=None)
        runs.run_to_end(
            run.pk, lambda done, total: progress.update(bar, completed=done, total=total)
        )
    rows = bill_rows(plant, month)
    show_rows(rows, as_json=as_json, title=f"Bills of {plant} for {month}")


def _work(run_id: int, workers: int) -> None:
    """Workers beside each other, of whom one that fails ends the command."""
    command = [sys.executable, "-m", "controller.billing", str(run_id)]
    started = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ)
        for _ in range(workers)
    ]
    while any(worker.poll() is None for worker in started):
        time.sleep(POLL_S)
    if any(worker.returncode for worker in started):
        fail("A worker of the bill run failed; what it said stands above. Start the run again.")


@bill_app.command("validate")
def validate(
    plant: str,
    month: Annotated[str, typer.Argument(help="YYYY-MM")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Look through a month's readings before they are billed; each odd meter becomes a task."""
    open_office(home)
    from controller.billing.validating import validate_month

    rows: list[dict[str, object]] = [
        {"meter": row.meter_id, "readings": row.readings, "findings": len(row.findings),
         "first": row.findings[0].reason if row.findings else ""}
        for row in validate_month(plant_code=plant, month=month, actor=ACTOR)
    ]  # fmt: skip
    show_rows(rows, as_json=as_json, title=f"Readings of {plant} in {month}")


@bill_app.command("again")
def make_again(
    number: str,
    reason: Annotated[str, typer.Option(help="What was wrong.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make a connection's latest bill anew from what is known now; the old one is reversed."""
    open_office(home)
    from controller.billing.services import rebill

    show_facts(_bill_row(rebill(number=number, reason=reason, actor=ACTOR)), as_json=as_json)


@bill_app.command("remind")
def remind(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Take every dunning step that is due today; shows those taken."""
    open_office(home)
    from controller.billing.dunning import take_steps

    rows: list[dict[str, object]] = [
        {"bill": step.bill_id, "step": step.step, "overdue_paise": step.paise}
        for step in take_steps(actor=ACTOR)
    ]
    show_rows(rows, as_json=as_json, title="Dunning steps")


def bill_rows(plant: str, month: str) -> list[dict[str, object]]:
    """The bills of a closed month, a row each."""
    from controller.billing.queries import bills_of

    return [_bill_row(bill) for bill in bills_of(plant, month)]


def _bill_row(bill: Any) -> dict[str, object]:
    from controller.consumers import identity

    return {
        "number": bill.number,
        "consumer": identity.show_consumer_id(bill.connection.consumer_id),
        "kind": bill.kind,
        "units_wh": bill.units_wh,
        "total_paise": bill.total_paise,
        "estimated": bill.estimated,
        "agrees": bill.agrees,
    }


@bill_app.command("show")
def show_bill(number: str, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """One bill, every line explained."""
    open_office(home)
    from controller.billing.explaining import reasons_of
    from controller.billing.queries import find_bill, lines_of
    from controller.tariffs.explain import say

    bill = find_bill(number)
    facts = {**_bill_row(bill), "note": bill.note}
    if bill.account_unit:
        facts |= {name: getattr(bill, name) for name in ACCOUNT_FACTS}
    lines = [
        {"text": line.text, "quantity": line.quantity, "price": line.price,
         "amount_paise": line.amount_paise,
         "why": "; ".join(say(one, bill.currency) for one in reason.sentences),
         **reason.basis._asdict()}
        for line, reason in zip(lines_of(bill), reasons_of([bill])[number], strict=True)
    ]  # fmt: skip
    if as_json:
        show_facts({**facts, "lines": lines}, as_json=True)
        return
    show_facts(facts, as_json=False)
    show_rows(lines, as_json=False, title="Lines")
