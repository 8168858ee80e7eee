"""The utility's desk on the command line: consumers with their connections, and packages.

Every command is one call of a service of the controller.
"""

import re
from datetime import datetime
from typing import Annotated

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office, wait_and_show
from tools.printing import JsonOption, fail, show_facts, show_rows

EVERY_DAY = 127
WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")

consumer_app = typer.Typer(no_args_is_help=True, help="Consumers and their connections.")
package_app = typer.Typer(no_args_is_help=True, help="Design, list and assign packages.")


@consumer_app.command("add-plant")
def add_plant(
    code: Annotated[str, typer.Argument(help="Four letters, e.g. KATS.")],
    state: Annotated[str, typer.Argument(help="Two letters, e.g. BH.")],
    name: str,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Register a plant (MG-5: its code is part of every customer ID)."""
    open_office(home)
    from controller.consumers import services

    plant = services.add_plant(code=code, state=state, name=name, actor=ACTOR)
    show_facts({"plant": plant.code, "state": plant.state, "name": plant.name}, as_json=as_json)


@consumer_app.command("add")
def add_consumer(
    plant: str,
    name: str,
    pole: Annotated[int, typer.Option(help="Number of the pole, 1–999.")],
    number: Annotated[int, typer.Option(help="Number of the connection at the pole, 1–99.")],
    load_w: Annotated[int, typer.Option(help="Sanctioned load in W.")],
    phases: int = 1,
    phone: str = "",
    category: Annotated[str, typer.Option(help="What the supply is for (UP-1).")] = "domestic",
    sector: Annotated[str, typer.Option(help="private or government")] = "private",
    meter: Annotated[str, typer.Option(help="Meter fitted there, if already known.")] = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Register a consumer and the connection; optionally fit a meter."""
    open_office(home)
    from django.db import transaction

    from controller.consumers import identity, services

    with transaction.atomic():  # a consumer with the meter, or neither
        consumer = services.add_consumer(
            plant_code=plant,
            name=name,
            phone=phone,
            category=category,
            sector=sector,
            pole=pole,
            number=number,
            phases=phases,
            sanctioned_load_w=load_w,
            actor=ACTOR,
        )
        if meter:
            services.fit_meter(consumer_id=consumer.id, meter_id=meter, actor=ACTOR)
    shown = identity.show_consumer_id(consumer.id)
    show_facts({"consumer": shown, "meter": meter or None}, as_json=as_json)


@consumer_app.command("fit")
def fit_meter(
    consumer: Annotated[str, typer.Argument(help="ID, with or without its check character.")],
    meter: str,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Fit a registered meter at a consumer's connection."""
    open_office(home)
    from controller.consumers import identity, services

    connection = services.fit_meter(consumer, meter, actor=ACTOR)
    shown = identity.show_consumer_id(connection.consumer_id)
    show_facts({"consumer": shown, "meter": meter}, as_json=as_json)


@consumer_app.command("list")
def list_consumers(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """All consumers with their meters."""
    open_office(home)
    from controller.consumers import identity
    from controller.consumers.models import Consumer

    rows: list[dict[str, object]] = [
        {
            "consumer": identity.show_consumer_id(consumer.id),
            "name": consumer.name,
            "meter": consumer.connection.meter_id,
            "sanctioned_load_w": consumer.connection.sanctioned_load_w,
        }
        for consumer in Consumer.objects.select_related("connection").order_by("id")
    ]
    show_rows(rows, as_json=as_json, title="Consumers")


@package_app.command("list")
def list_packages(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """All packages."""
    open_office(home)
    from controller.consumers import identity
    from controller.consumers.models import Package

    rows: list[dict[str, object]] = [
        {
            "package": identity.show_package_id(package.id),
            "account": package.get_mode_display(),
            "limit_w": package.limit_w,
            "monthly_paise": package.monthly_paise,
        }
        for package in Package.objects.order_by("id")
    ]
    show_rows(rows, as_json=as_json, title="Packages")


@package_app.command("assign")
def assign_package(
    meter: str,
    package: Annotated[str, typer.Argument(help="ID, with or without its check character.")],
    at: Annotated[str, typer.Option(help="Active from, e.g. 2026-02-01T06:00+05:30.")] = "",
    wait_s: Annotated[float, typer.Option(help="Wait so long for the receipt.")] = 60.0,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Programme a meter with a package; done only when the board has confirmed it (MG-14)."""
    open_office(home)
    from controller.consumers import services
    from controller.consumers.queries import connection_of_meter

    connection = connection_of_meter(meter)
    assignment = services.assign_package(
        connection_id=connection.id,
        package_id=package,
        activation_s=board_time(at) if at else 0,
        actor=ACTOR,
    )
    wait_and_show(assignment.command_id, wait_s, as_json=as_json)


def board_time(text: str) -> int:
    """Seconds of board time (docs/wire.md) of an ISO time with a zone."""
    from protocol.limits import EPOCH_UNIX_S

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"'{text}' is not a time. Write it like 2026-02-01T06:00+05:30.")
    if moment.tzinfo is None:
        fail(f"'{text}' has no time zone. Add it, e.g. +05:30.")
    return int(moment.timestamp()) - EPOCH_UNIX_S


@package_app.command("design")
def design_package(
    kind: Annotated[str, typer.Argument(help="A1.1, A2.1, A2.2, B1.1 or B2.1 (docs/packages.md)")],
    timing: Annotated[str, typer.Argument(help="FD, DD, NN, EE, or C0 to CZ")],
    limit_w: int,
    monthly_rupees: int = 0,
    price_paise: Annotated[int | None, typer.Option(help="One price for every unit.")] = None,
    tariff: Annotated[str | None, typer.Option(help="Code of a tariff instead.")] = None,
    window: Annotated[
        list[str] | None, typer.Option(help="For C0 to CZ: hours every day, 17:00-21:30.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Add a package; its ID is made from these words (MG-2)."""
    open_office(home)
    from controller.consumers import identity, services

    windows = [_read_window(text) for text in window or []]
    package = services.design_package(
        kind, timing, limit_w, monthly_rupees, price_paise, tariff, windows or None, actor=ACTOR
    )
    show_facts({"package": identity.show_package_id(package.id)}, as_json=as_json)


def _read_window(text: str) -> list[int]:
    """`17:00-21:30` → [every day, 1020, 1290]; an end before the begin is the next day's."""
    match = WINDOW.fullmatch(text)
    if match is None:
        fail(f"'{text}' are no supply hours. Write them like 17:00-21:30.")
    begin_hour, begin_minute, end_hour, end_minute = map(int, match.groups())
    return [EVERY_DAY, begin_hour * 60 + begin_minute, end_hour * 60 + end_minute]
