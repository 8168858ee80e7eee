"""The utility's desk on the command line: a whole group of connections programmed again.

The group is written down first; who is interrupted goes on with `package batch ID --go-on`.
"""

from typing import Annotated, Any

import typer

from tools.customers import board_time
from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.printing import JsonOption, console, fail, show_facts, show_rows
from tools.tariffs import read_day


def reprogramme(
    package: Annotated[
        str, typer.Argument(help="ID of what all get; left out: each its own anew.")
    ] = "",
    plant: Annotated[str, typer.Option(help="Of this plant.")] = "",
    running: Annotated[str, typer.Option(help="Whose newest package is this one.")] = "",
    category: Annotated[str, typer.Option(help="Of this category of consumers.")] = "",
    tariff: Annotated[str, typer.Option(help="Whose package has this tariff.")] = "",
    version_of: Annotated[
        str, typer.Option(help="The tariff's version of this day, at its midnight: YYYY-MM-DD.")
    ] = "",
    at: Annotated[str, typer.Option(help="Active from, e.g. 2026-02-01T06:00+05:30.")] = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Programme a group; prints how far it came. Done only where boards confirm (MG-14)."""
    if version_of and (not tariff or any((package, plant, running, category, at))):
        fail("--version-of goes with --tariff alone: it is for all who have the tariff.")
    open_office(home)
    from controller.consumers import reprogramming

    if version_of:
        batch = reprogramming.tariff_changed(
            tariff_code=tariff, valid_from=read_day(version_of), actor=ACTOR
        )
    else:
        batch = reprogramming.reprogramme_group(
            package_id=package or None,
            plant_code=plant or None,
            running_id=running or None,
            category=category or None,
            tariff_code=tariff or None,
            activation_s=board_time(at) if at else 0,
            actor=ACTOR,
        )
    _go_on(batch, as_json)


def show_batch(
    batch: int,
    go_on: Annotated[bool, typer.Option(help="Programme those that still wait.")] = False,
    retry: Annotated[bool, typer.Option(help="Let the refused ones wait again first.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """How far a group has come, and why some were refused."""
    open_office(home)
    from controller.consumers import reprogramming

    found = reprogramming.find_batch(batch)
    if retry:
        reprogramming.retry_batch(batch, actor=ACTOR)
    if go_on or retry:
        _go_on(found, as_json)
    else:
        _show(found, as_json)


def list_batches(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """All groups that were programmed, the newest first."""
    open_office(home)
    from controller.consumers.models import Batch

    rows: list[dict[str, object]] = [
        {"batch": batch.pk, "package": batch.package_id, "asked": batch.asked, "by": batch.actor}
        for batch in Batch.objects.order_by("-pk")[:100]
    ]
    show_rows(rows, as_json=as_json, title="Batches")


def _go_on(batch: Any, as_json: bool) -> None:
    from controller.consumers import reprogramming

    while left := reprogramming.advance_batch(batch.pk, actor=ACTOR):
        if not as_json:
            console.print(f"batch {batch.pk}: {left} to go")
    _show(batch, as_json)


def _show(batch: Any, as_json: bool) -> None:
    from controller.consumers import reprogramming

    facts: dict[str, object] = {"batch": batch.pk, **reprogramming.progress(batch)}
    refused: list[dict[str, object]] = [
        {"consumer": item.connection.consumer_id, "reason": item.reason}
        for item in reprogramming.refusals(batch)[:100]
    ]
    if as_json:
        show_facts({**facts, "refusals": refused}, as_json=True)
        return
    show_facts(facts, as_json=False)
    if refused:
        show_rows(refused, as_json=False, title="Refused at the desk")
