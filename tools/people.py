"""The people of the office on the command line: their logins, roles and plants.

Every command is one call of a service of `controller.access`.
"""

import secrets
from typing import Annotated

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.printing import JsonOption, show_facts, show_rows

PASSWORD_BYTES = 9

user_app = typer.Typer(no_args_is_help=True, help="Logins of staff and consumers, with roles.")

RolesOption = Annotated[list[str], typer.Option("--role", help="E.g. clerk; more than once.")]
PlantsOption = Annotated[list[str], typer.Option("--plant", help="Plant code; more than once.")]
StatesOption = Annotated[list[str], typer.Option("--state", help="Every plant of a state.")]


@user_app.command("add")
def add_user(
    name: str,
    role: RolesOption = [],  # noqa: B006  (typer never changes it)
    plant: PlantsOption = [],  # noqa: B006
    state: StatesOption = [],  # noqa: B006
    email: Annotated[str, typer.Option(help="Where notices of their work go.")] = "",
    consumer: Annotated[str, typer.Option(help="Instead: this consumer's own login.")] = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Open a login; its password is made up and shown once."""
    open_office(home)
    from controller.access import services

    password = secrets.token_urlsafe(PASSWORD_BYTES)
    if consumer:
        services.add_consumer_login(
            username=name, password=password, consumer_id=consumer, actor=ACTOR
        )
    else:
        services.add_user(
            username=name, password=password, roles=role, plants=plant, states=state, email=email,
            actor=ACTOR,
        )  # fmt: skip
    show_facts({"user": name, "password": password}, as_json=as_json)


@user_app.command("set")
def set_user(
    name: str,
    role: RolesOption = [],  # noqa: B006
    plant: PlantsOption = [],  # noqa: B006
    state: StatesOption = [],  # noqa: B006
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Give these roles and plants, and take all others away."""
    open_office(home)
    from django.db import transaction

    from controller.access import services

    with transaction.atomic():  # both, or neither
        services.set_roles(username=name, roles=role, actor=ACTOR)
        services.set_plants(username=name, plants=plant, states=state, actor=ACTOR)
    show_facts({"user": name, "roles": role, "plants": [*plant, *state]}, as_json=as_json)


@user_app.command("close")
def close_user(name: str, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Close a login; what the user did stays recorded."""
    open_office(home)
    from controller.access import services

    services.close_login(username=name, actor=ACTOR)
    show_facts({"user": name, "closed": True}, as_json=as_json)


@user_app.command("list")
def list_users(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """All logins with their roles and plants."""
    open_office(home)
    from django.contrib.auth.models import User

    from controller.access import queries

    rows: list[dict[str, object]] = [
        {
            "user": user.username,
            "active": user.is_active,
            "roles": "all" if user.is_superuser else ", ".join(sorted(queries.roles_of(user))),
            "plants": ", ".join(plant.code for plant in queries.plants_of(user)),
        }
        for user in User.objects.order_by("username")
    ]
    show_rows(rows, as_json=as_json, title="Users")
