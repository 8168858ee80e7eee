"""Who is supplied, on the command line: who is to be deactivated, and what the rules order now.

Every command is one call of `controller.changes`.
"""

from typing import Annotated

import typer

from tools.office import DEFAULT_HOME, HomeOption, open_office
from tools.printing import JsonOption, show_facts, show_rows

status_app = typer.Typer(no_args_is_help=True, help="Who is supplied, and who is to be (MG-6).")

PlantOption = Annotated[str, typer.Option(help="Only this plant.")]


@status_app.command("due")
def show_due(
    plant: PlantOption = "", home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False
) -> None:
    """Who is to be deactivated: for debts, or because the plant's capacity does not suffice."""
    open_office(home)
    from controller.changes.queries import due_for_disconnection

    rows: list[dict[str, object]] = [due._asdict() for due in due_for_disconnection(plant or None)]
    show_rows(rows, as_json=as_json, title="To be deactivated")


@status_app.command("enforce")
def enforce(
    plant: PlantOption = "", home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False
) -> None:
    """Order what the rules say now: cuts outside friendly hours, and supply for who has paid."""
    open_office(home)
    from controller.changes import standing

    show_facts(dict(standing.enforce(plant or None)._asdict()), as_json=as_json)


@status_app.command("capacity")
def set_capacity(
    plant: str,
    watts: Annotated[int, typer.Argument(help="What the plant can supply at once; 0: unknown.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Say what a plant can supply, so that too much demand is noticed."""
    open_office(home)
    from controller.consumers import services
    from tools.office import ACTOR

    services.set_capacity(plant, watts, actor=ACTOR)
    show_facts({"plant": plant, "capacity_w": watts}, as_json=as_json)
