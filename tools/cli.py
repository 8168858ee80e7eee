"""`bijli`: the one command line, for operators, clerks, integrators and the demo.

It parses words, calls the controller's services or the simulator, and prints; it decides nothing.
Exit status: 0 done · 1 something did not hold or was refused by a board · 2 bad input.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tools import (
    bills,
    books,
    customers,
    live,
    money,
    notices,
    office,
    papers,
    people,
    reprogramming,
    standing,
    tariffs,
)
from tools.bench.commands import bench_app
from tools.board.commands import board_app
from tools.pay import pay_app
from tools.printing import NOT_DONE, JsonOption, fail
from tools.profile import profile_app
from tools.recharges import recharge_app
from tools.reconcile import reconcile
from tools.tokens import token_app
from tools.trial import trial_app
from tools.vouchers import voucher_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Bijli: smart meters and load limiters for mini-grids, and the fleet that they form.",
)
app.add_typer(office.meter_app, name="meter")
app.add_typer(board_app, name="board")
app.add_typer(bench_app, name="bench")
app.add_typer(customers.consumer_app, name="consumer")
app.add_typer(customers.package_app, name="package")
customers.package_app.command("reprogramme")(reprogramming.reprogramme)
customers.package_app.command("batch")(reprogramming.show_batch)
customers.package_app.command("batches")(reprogramming.list_batches)
app.add_typer(people.user_app, name="user")
app.add_typer(standing.status_app, name="status")
app.add_typer(tariffs.tariff_app, name="tariff")
app.add_typer(bills.bill_app, name="bill")
app.add_typer(books.ledger_app, name="ledger")
app.add_typer(books.task_app, name="task")
app.add_typer(notices.notices_app, name="notices")
app.add_typer(pay_app, name="pay")
app.add_typer(papers.paper_app, name="paper")
app.add_typer(profile_app, name="profile")
app.add_typer(recharge_app, name="recharge")
app.add_typer(token_app, name="token")
app.add_typer(voucher_app, name="voucher")
app.add_typer(trial_app, name="trial")
app.command("reconcile")(reconcile)
app.command("credit")(money.sell_credit)
app.command("command", context_settings={"allow_extra_args": True})(office.send_command)
app.command("up")(live.up)
app.command("sim")(live.simulate)


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="One seed, one run.")] = 1,
    profile: Annotated[
        str | None, typer.Option(help="CSV of measured loads; columns in docs/simulator.md.")
    ] = None,
    days: Annotated[
        int, typer.Option(help="So many days of the mini-grid's month; 0: not told.", max=28)
    ] = 28,
    keep: Annotated[
        bool, typer.Option(help="Leave console, broker and boards running at the end.")
    ] = False,
    chaos: Annotated[
        bool, typer.Option(help="Kill headend, broker and boards at random moments meanwhile.")
    ] = False,
    home: Annotated[
        Path | None, typer.Option(help="Folder for the demo's data (default: a temporary one).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell three days of three boards, then a month of a mini-grid, and reconcile both."""
    from tools.demo.run import run_demo
    from tools.demo.saur import DAYS_MIN

    if 0 < days < DAYS_MIN or days < 0:
        fail(f"{days} days: choose 0, or {DAYS_MIN} to 28.")
    status = run_demo(seed, profile, days=days, keep=keep, chaos=chaos, home=home, as_json=as_json)
    sys.exit(status)


def main() -> None:
    """Entry point: every expected error is one clear text on stderr, never a traceback."""
    from django.db import DatabaseError

    from controller.errors import Refused
    from simulator.errors import SimulatorError
    from tools.errors import ToolError

    try:
        app()
    except (Refused, SimulatorError, ToolError) as error:
        fail(str(error))
    except DatabaseError as error:
        fail(
            f"The database cannot be used: {error}. If it is locked, try again; if it is new,"
            " start `bijli up` once.",
            status=NOT_DONE,
        )
