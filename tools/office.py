"""The utility's desk on the command line: meters, their commands, and what all commands share.

Every command is one call of a service of the controller; the console does the same in a browser.
Consumers and packages are in `tools.customers`; tariffs and credit in `tools.money`, bills in
`tools.bills`.
"""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.printing import NOT_DONE, JsonOption, fail, show_facts, show_rows
from tools.stack import connect_database, environment

ACTOR = "command line"
DEFAULT_HOME = Path(".bijli")
RECEIPT_POLL_S = 0.05
FINAL = ("applied", "refused", "expired")

# What a person calls the arguments of a command, in the order of the wire's keys.
ARGUMENT_NAMES = {
    "set_clock": ("now_s",),
    "read_profile": ("first", "last"),
    "show_message": ("text", "seconds"),
    "set_emergency_limit": ("limit_w", "until_s"),
    "set_source": ("source", "until_s"),
}
# These go with an entry in our books, which a bare command would leave out.
OWN_COMMANDS = {
    "credit": "bijli credit",
    "set_programme": "bijli package assign",
    "set_token_key": "bijli voucher key",
}

HomeOption = Annotated[Path, typer.Option(help="The controller's data folder.")]

meter_app = typer.Typer(no_args_is_help=True, help="Register and look at meter boards.")


def open_office(home: Path) -> None:
    """Connect to the data folder of a running (or once run) `bijli up`."""
    if not home.exists():
        fail(f"There is no data folder {home}. Start `bijli up` first, or name it with --home.")
    connect_database(environment(home, broker_port=0))


# --- meters ---------------------------------------------------------------------------------


@meter_app.command("add")
def add_meter(
    meter: Annotated[str, typer.Argument(help="Its identity, e.g. KATS0001.")],
    note: Annotated[str, typer.Option(help="For your own use.")] = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Register a meter board; its keys are made here and its broker account opened."""
    open_office(home)
    register_meter(home, meter, note)
    show_facts({"meter": meter, "registered": True}, as_json=as_json)


def register_meter(home: Path, meter: str, note: str = "") -> None:
    """Register the meter and open its account at the broker below `home`. Raises Refused."""
    from django.db import transaction

    from controller.fleet import services
    from tools.broker import Broker

    with transaction.atomic():  # a meter that may speak to the broker, or none
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
    state = meter.state
    return {
        "meter": meter.id,
        **_supply_facts(state),
        "load_w": state.power_w,
        "limit_w": state.limit_w,
        "energy_wh": state.energy_wh,
    }


def _supply_facts(state: Any) -> dict[str, object]:
    """Whether there is supply, why not, and the credit: once in words, once as a number."""
    from controller.console.templatetags.format import credit
    from controller.fleet.queries import supply, why_off

    return {
        "supply": supply(state),
        "why": why_off(state),
        "credit": credit(state),
        "balance": state.balance,
    }


@meter_app.command("config")
def print_config(
    meter: str,
    broker: Annotated[str, typer.Option(help="Address of this machine, as the board sees it.")],
    ssid: Annotated[str, typer.Option(help="Wi-Fi network.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Print the config.json of a board, root key included: the reading of it is audited.

    The Wi-Fi password is left empty, so that it never stands in a shell's history.
    """
    open_office(home)
    print(json.dumps(meter_settings(home, meter, broker, ssid), indent=1))


def meter_settings(home: Path, meter: str, broker: str, ssid: str) -> dict[str, Any]:
    """What config.json of a registered meter says, the Wi-Fi password left out.

    The root key is in it, and that it was read is audited. Raises Refused.
    """
    from controller.fleet import services
    from tools.broker import Broker

    found = services.find_meter(meter)
    port = Broker(home / "broker").configured_port()
    return {
        "meter": found.id,
        "root_key": services.reveal_root_key(found.id, actor=ACTOR).hex(),
        "epoch": found.key_epoch,
        "broker": {"host": broker, "port": port, "tls": False},
        "wifi": {"ssid": ssid, "password": ""},
        "board": "esp32_devkit",
    }


@meter_app.command("show")
def show_meter(meter: str, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Everything the controller knows of one meter now."""
    open_office(home)
    from controller.fleet.services import find_meter

    found = find_meter(meter)
    state = found.state
    facts = {
        field.name: getattr(state, field.name)
        for field in state._meta.concrete_fields
        if field.name != "meter"
    }
    show_facts({**_meter_row(found), **facts}, as_json=as_json)


# --- commands --------------------------------------------------------------------------------


def send_command(
    context: typer.Context,
    meter: str,
    name: Annotated[str, typer.Argument(help="disconnect, reconnect, show_message, …")],
    wait_s: Annotated[float, typer.Option(help="Wait so long for the receipt.")] = 60.0,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Send a command to a meter and wait for its signed receipt. Arguments as NAME=VALUE."""
    if name in OWN_COMMANDS:
        fail(f"Use `{OWN_COMMANDS[name]}` for {name}, so that it stands in the books, too.")
    arguments = _arguments(name, context.args)
    open_office(home)
    from controller.headend import services

    command = services.queue_command(meter, name, arguments, actor=ACTOR)
    wait_and_show(command.pk, wait_s, as_json=as_json)


def _arguments(name: str, words: list[str]) -> dict[int, object]:
    """`text=hello seconds=60` → {0: "hello", 1: 60}, the keys of docs/wire.md."""
    known = ARGUMENT_NAMES.get(name, ())
    arguments: dict[int, object] = {}
    for word in words:
        key, _equals, value = word.partition("=")
        if key not in known:
            takes = " ".join(f"{each}=…" for each in known) or "no arguments"
            fail(f"'{word}' does not fit: {name} takes {takes}.")
        try:
            arguments[known.index(key)] = json.loads(value)
        except json.JSONDecodeError:
            arguments[known.index(key)] = value
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


def wait_and_show(command_id: str, wait_s: float, *, as_json: bool) -> None:
    """Print what became of a command within `wait_s`; exit status 1 unless it was applied."""
    from controller.headend.queries import reason_text

    command = wait_for_receipt(command_id, wait_s)
    facts: dict[str, object] = {
        "command": command.pk,
        "meter": command.meter_id,
        "name": command.name,
        "state": command.state,
        "reason": reason_text(command.reason),
        **_facts_after(command),
    }
    show_facts(facts, as_json=as_json)
    if command.state not in FINAL:
        fail("No receipt yet; the command keeps waiting for the meter.", status=NOT_DONE)
    if command.state != "applied":
        raise typer.Exit(NOT_DONE)


def _facts_after(command: Any) -> dict[str, object]:
    """How the board stood when it gave its last receipt, by its own signed word."""
    from controller.fleet.models import MeterState
    from controller.fleet.rules import STATUS_FIELDS, names

    receipt = command.receipts.last()
    if receipt is None:
        return {}
    told = {name: value for name, value in receipt.status.items() if name in STATUS_FIELDS}
    state = MeterState(reported_s=receipt.received_s, **told)
    return {**_supply_facts(state), "holds": names(state.holds)}


# --- logins ---------------------------------------------------------------------------------


def ensure_operator() -> str:
    """Words that say how to log in to the console; makes the first login if there is none."""
    import secrets

    from django.contrib.auth import get_user_model
    from django.db import transaction

    from controller.audit import services as audit

    users = get_user_model()
    if users.objects.exists():
        return "(log in with the name and password you have)"
    password = secrets.token_urlsafe(9)
    with transaction.atomic():
        users.objects.create_superuser("operator", password=password)
        audit.record(ACTOR, "add login", "user operator")
    return f"login: operator  password: {password}  (shown this once)"
