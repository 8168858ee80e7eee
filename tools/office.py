"""The utility's desk on the command line: meters, consumers, packages, tariffs, credit, bills, commands.

Every command is one call of a service of the controller; the console does the same in a browser.
"""

import json
import time
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.printing import JsonOption, console, fail, show_facts, show_rows
from tools.stack import connect_database, environment

ACTOR = "command line"
DEFAULT_HOME = Path(".bijli")
RECEIPT_POLL_S = 0.05
FINAL = ("applied", "refused", "expired")

HomeOption = Annotated[Path, typer.Option(help="The controller's data folder.")]

meter_app = typer.Typer(no_args_is_help=True, help="Register and look at meter boards.")
consumer_app = typer.Typer(no_args_is_help=True, help="Consumers and their connections.")
package_app = typer.Typer(no_args_is_help=True, help="Design, list and assign packages.")
tariff_app = typer.Typer(no_args_is_help=True, help="Dated tariffs.")
bill_app = typer.Typer(no_args_is_help=True, help="Close a month, show bills.")


def open_office(home: Path) -> None:
    """Connect to the data folder of a running (or once run) `bijli up`."""
    if not home.exists():
        fail(f"There is no data folder {home}. Start `bijli up` first, or name it with --home.")
    connect_database(environment(home, broker_port=0))


# --- meters ---------------------------------------------------------------------------------


@meter_app.command("add")
def add_meter(
    meter: str, note: str = "", home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False
) -> None:
    """Register a meter board; its keys are made here and its broker account opened."""
    open_office(home)
    register_meter(home, meter, note)
    show_facts({"meter": meter, "registered": True}, as_json=as_json)


def register_meter(home: Path, meter: str, note: str = "") -> None:
    from controller.fleet import services
    from tools.broker import Broker

    services.add_meter(meter, note=note, actor=ACTOR)
    Broker(home / "broker").set_user(meter, services.broker_password(meter))


@meter_app.command("list")
def list_meters(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """All meters with their live state."""
    open_office(home)
    from controller.fleet.models import Meter

    meters = Meter.objects.select_related("state").order_by("id")
    show_rows([_meter_row(meter) for meter in meters], as_json=as_json, title="Meters")


def _meter_row(meter: Any) -> dict[str, object]:
    from controller.fleet.queries import supply, why_off

    state = meter.state
    return {
        "meter": meter.id,
        "supply": supply(state),
        "why": why_off(state),
        "load_w": state.power_w,
        "limit_w": state.limit_w,
        "energy_wh": state.energy_wh,
        "balance": state.balance,
    }


@meter_app.command("show")
def show_meter(
    meter: str, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False
) -> None:
    """Everything the controller knows of one meter now."""
    open_office(home)
    found = _find_meter(meter)
    facts = _meter_row(found)
    state = getattr(found, "state", None)
    if state is not None:
        facts |= {
            field.name: getattr(state, field.name)
            for field in state._meta.concrete_fields
            if field.name != "meter"
        }
    show_facts(facts, as_json=as_json)


def _find_meter(meter: str) -> Any:
    from controller.fleet.models import Meter

    found = Meter.objects.select_related("state").filter(id=meter).first()
    if found is None:
        fail(f"No meter {meter} is registered. `bijli meter list` shows those that are.")
    return found


# --- consumers, packages, tariffs -----------------------------------------------------------


@consumer_app.command("add-plant")
def add_plant(
    code: Annotated[str, typer.Argument(help="Four letters, e.g. KATS.")],
    state: Annotated[str, typer.Argument(help="Two letters, e.g. BH.")],
    name: str,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Register a plant (MG-5: its code is part of every customer ID)."""
    open_office(home)
    from controller.consumers import services

    services.add_plant(code=code, state=state, name=name, actor=ACTOR)
    console.print(f"plant {code} registered")


@consumer_app.command("add")
def add_consumer(
    plant: str,
    name: str,
    pole: Annotated[int, typer.Option(help="Number of the pole, 1–999.")],
    number: Annotated[int, typer.Option(help="Number of the connection at the pole, 1–99.")],
    load_w: Annotated[int, typer.Option(help="Sanctioned load in W.")],
    phases: int = 1,
    phone: str = "",
    meter: Annotated[str, typer.Option(help="Meter fitted there, if already known.")] = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Register a consumer and the connection; optionally fit a meter."""
    open_office(home)
    from controller.consumers import services

    consumer = services.add_consumer(
        plant_code=plant,
        name=name,
        phone=phone,
        pole=pole,
        number=number,
        phases=phases,
        sanctioned_load_w=load_w,
        actor=ACTOR,
    )
    if meter:
        services.fit_meter(consumer_id=consumer.id, meter_id=meter, actor=ACTOR)
    show_facts({"consumer": consumer.id, "meter": meter or None}, as_json=as_json)


@package_app.command("list")
def list_packages(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """All packages."""
    open_office(home)
    from controller.consumers.models import Package

    rows: list[dict[str, object]] = [
        {"package": p.id, "kind": p.kind, "limit_w": p.limit_w, "monthly_paise": p.monthly_paise}
        for p in Package.objects.order_by("id")
    ]
    show_rows(rows, as_json=as_json, title="Packages")


@package_app.command("assign")
def assign_package(
    meter: str,
    package: str,
    at: Annotated[str, typer.Option(help="Active from, e.g. 2026-02-01T06:00+05:30.")] = "",
    wait_s: Annotated[float, typer.Option(help="Wait so long for the receipt.")] = 60.0,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Programme a meter with a package; done only when the board has confirmed it (MG-14)."""
    open_office(home)
    from controller.consumers import services

    connection = _find_meter(meter).connection
    assignment = services.assign_package(
        connection_id=connection.id,
        package_id=package,
        activation_s=_board_time(at) if at else 0,
        actor=ACTOR,
    )
    _wait_and_show(assignment.command_id, wait_s, as_json=as_json)


def _board_time(text: str) -> int:
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
    kind: Annotated[str, typer.Argument(help="A2.1, A2.2, B2.1, … (docs/packages.md)")],
    timing: Annotated[str, typer.Argument(help="FD, DD, NN, EE")],
    limit_w: int,
    monthly_rupees: int = 0,
    price_paise: Annotated[int | None, typer.Option(help="One price for every unit.")] = None,
    tariff: Annotated[str | None, typer.Option(help="Code of a tariff instead.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Add a package; its ID is made from these words (MG-2)."""
    open_office(home)
    from controller.consumers import services

    package = services.design_package(
        kind, timing, limit_w, monthly_rupees, price_paise, tariff, actor=ACTOR
    )
    show_facts({"package": package.id}, as_json=as_json)


@tariff_app.command("import")
def import_tariffs(
    file: Annotated[Path, typer.Argument(help="JSON: {\"tariffs\": [...]}, docs/rating.md.")],
    valid_from: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Load tariffs from a file; each gets its first dated version. Prints what was assumed."""
    open_office(home)
    from controller.tariffs import services

    try:
        entries = json.loads(file.read_text())["tariffs"]
        first_day = date.fromisoformat(valid_from)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        fail(f"{file} is not a tariff file ({error!r}); its form stands in docs/rating.md.")
    except ValueError:
        fail(f"'{valid_from}' is not a day. Write it like 2026-04-01.")
    remarks = services.import_entries(entries, first_day, actor=ACTOR)
    show_rows([{"remark": text} for text in remarks], as_json=as_json, title="Assumed")


# --- commands and credit --------------------------------------------------------------------


def sell_credit(
    meter: str,
    amount: Annotated[int, typer.Argument(help="Wh or paise, by the package's credit unit.")],
    unit: Annotated[str, typer.Option(help="energy or money")] = "money",
    paid_paise: Annotated[
        int | None, typer.Option(help="What was paid; default: the amount, for money.")
    ] = None,
    wait_s: float = 60.0,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Sell prepaid credit; waits for the board's receipt."""
    open_office(home)
    from controller.prepay import services

    purchase = services.sell_credit(
        meter_id=meter,
        amount=amount,
        unit=unit,
        paid_paise=amount if paid_paise is None else paid_paise,
        actor=ACTOR,
    )
    _wait_and_show(purchase.command_id, wait_s, as_json=as_json)


def send_command(
    context: typer.Context,
    meter: str,
    name: Annotated[str, typer.Argument(help="disconnect, reconnect, show_message, …")],
    wait_s: Annotated[float, typer.Option(help="Wait so long for the receipt.")] = 60.0,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Send a command to a meter and wait for its signed receipt. Arguments as KEY=VALUE."""
    open_office(home)
    from controller.headend import services

    command = services.queue_command(meter, name, _arguments(context.args), actor=ACTOR)
    _wait_and_show(command.pk, wait_s, as_json=as_json)


def _arguments(words: list[str]) -> dict[int, object]:
    """`0=hello 1=60` → {0: "hello", 1: 60}; keys are those of docs/wire.md."""
    arguments: dict[int, object] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.isdigit():
            fail(f"'{word}' is not KEY=VALUE with a number as key; see docs/wire.md, Commands.")
        try:
            arguments[int(key)] = json.loads(value)
        except json.JSONDecodeError:
            arguments[int(key)] = value
    return arguments


def wait_for_receipt(command_id: str, wait_s: float) -> Any:
    """The command once it is final, or as it stands after `wait_s` seconds."""
    from controller.headend.models import Command

    deadline = time.monotonic() + wait_s
    while True:
        command = Command.objects.get(pk=command_id)
        if command.state in FINAL or time.monotonic() > deadline:
            return command
        time.sleep(RECEIPT_POLL_S)


def _wait_and_show(command_id: str, wait_s: float, *, as_json: bool) -> None:
    command = wait_for_receipt(command_id, wait_s)
    facts: dict[str, object] = {
        "command": command.pk,
        "meter": command.meter_id,
        "name": command.name,
        "state": command.state,
        "reason": command.reason,
    }
    show_facts(facts, as_json=as_json)
    if command.state != "applied":
        raise typer.Exit(1)


# --- bills ----------------------------------------------------------------------------------


@bill_app.command("run")
def run_bills(
    plant: str,
    month: Annotated[str, typer.Argument(help="YYYY-MM")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Close a month of a plant and make its bills from signed readings."""
    open_office(home)
    from controller.billing import services

    period = services.close_period(plant, month, actor=ACTOR)
    rows = [_bill_row(bill) for bill in period.bills.order_by("number")]
    show_rows(rows, as_json=as_json, title=f"Bills of {plant} for {month}")


def _bill_row(bill: Any) -> dict[str, object]:
    return {
        "number": bill.number,
        "consumer": bill.connection.consumer_id,
        "kind": bill.kind,
        "units_wh": bill.units_wh,
        "total_paise": bill.total_paise,
    }


@bill_app.command("show")
def show_bill(
    number: str, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False
) -> None:
    """One bill, every line explained."""
    open_office(home)
    from controller.billing.models import Bill

    bill = Bill.objects.filter(number=number).first()
    if bill is None:
        fail(f"No bill {number}. `bijli bill run PLANT MONTH` makes and lists them.")
    lines = [
        {"text": line.text, "quantity": line.quantity, "price": line.price,
         "amount_paise": line.amount_paise}
        for line in bill.lines.order_by("position")
    ]
    facts = _bill_row(bill)
    if as_json:
        show_facts({**facts, "lines": lines}, as_json=True)
        return
    show_facts(facts, as_json=False)
    show_rows(lines, as_json=False, title="Lines")


# --- logins ---------------------------------------------------------------------------------


def ensure_operator() -> str:
    """Words that say how to log in to the console; makes the first login if there is none."""
    import secrets

    from django.contrib.auth import get_user_model

    users = get_user_model()
    if users.objects.exists():
        return "(log in with the name and password you have)"
    password = secrets.token_urlsafe(9)
    users.objects.create_superuser("operator", password=password)
    return f"login: operator  password: {password}  (shown this once)"
