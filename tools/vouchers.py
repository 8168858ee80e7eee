"""The utility's desk on the command line: vending keys, vouchers, tokens of other devices.

Every command is one call of a service of the controller. Secret keys are read from a file, never
from the command line.
"""

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.printing import JsonOption, fail, show_facts, show_rows

voucher_app = typer.Typer(
    no_args_is_help=True, help="Vending keys and vouchers as 20-digit tokens: docs/tokens.md."
)


@voucher_app.command("add-key")
def add_key(
    supply_group: Annotated[str, typer.Argument(help="6 digits.")],
    revision: Annotated[int, typer.Option(help="1-9; the newest valid one vends.")] = 1,
    base: Annotated[int, typer.Option(help="Year that identities count from.")] = 2014,
    key_file: Annotated[
        Path | None, typer.Option(help="File with 40 digits 0-9 a-f; default: made up here.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Add a vending key, or the next revision of one."""
    open_office(home)
    from controller.vouchers import services

    secret = _read_key(key_file) if key_file else None
    added = services.add_key(
        supply_group=supply_group, revision=revision, base_year=base, key=secret, actor=ACTOR
    )
    show_facts({"key": f"{added.supply_group}/{added.revision}", "added": True}, as_json=as_json)


@voucher_app.command("keys")
def list_keys(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """All vending keys, without their secrets."""
    open_office(home)
    from controller.vouchers import queries

    rows: list[dict[str, object]] = [
        {
            "key": f"{key.supply_group}/{key.revision}",
            "type": key.get_key_type_display(),
            "base": key.base_year,
            "expiry": key.expiry_number,
            "valid_from_s": key.valid_from_s,
            "valid_until_s": key.valid_until_s,
        }
        for key in queries.vending_keys()
    ]
    show_rows(rows, as_json=as_json, title="Vending keys")


@voucher_app.command("issue")
def issue(
    meter: str,
    energy_wh: Annotated[int, typer.Argument(help="Wh, in hundreds: what a token carries.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Issue a voucher outside the books: for tests and for goodwill. Sales go by the counter."""
    open_office(home)
    from controller.vouchers import services

    voucher = services.issue(meter_id=meter, amount_tenths=_tenths(energy_wh), actor=ACTOR)
    show_facts(_facts(voucher), as_json=as_json)


@voucher_app.command("bulk")
def issue_bulk(
    file: Annotated[Path, typer.Argument(help="CSV with the columns meter, energy_wh.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Issue the vouchers of a file, all or none; at most 1,000, of one meter 20."""
    open_office(home)
    from controller.vouchers import services

    vouchers = services.issue_bulk(_read_orders(file), actor=ACTOR)
    show_rows([_facts(voucher) for voucher in vouchers], as_json=as_json, title="Vouchers")


@voucher_app.command("key")
def change_key(meter: str, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """The four tokens that give a meter its key; one on the network gets them by command, too."""
    open_office(home)
    from controller.vouchers import services

    tokens = services.issue_key_change(meter_id=meter, actor=ACTOR)
    show_rows([{"token": token} for token in tokens], as_json=as_json, title="Key change")


@voucher_app.command("add-device")
def add_device(
    device: Annotated[str, typer.Argument(help="The device's serial number.")],
    key_file: Annotated[Path, typer.Option(help="File with its key, 32 digits 0-9 a-f.")],
    starting_code: Annotated[int | None, typer.Option(help="If its maker has one.")] = None,
    count: Annotated[int, typer.Option(help="Counter of its last token.")] = 0,
    extended: Annotated[bool, typer.Option(help="Its tokens have 12 digits, not 9.")] = False,
    restricted: Annotated[bool, typer.Option(help="Its keys are 1 to 4 only.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Register a device of another maker that takes OpenPAYGO tokens."""
    open_office(home)
    from controller.vouchers import paygo

    paygo.add_device(
        device, key=_read_key(key_file), starting_code=starting_code, count=count,
        extended=extended, restricted=restricted, actor=ACTOR,
    )  # fmt: skip
    show_facts({"device": device, "registered": True}, as_json=as_json)


@voucher_app.command("device")
def issue_for_device(
    device: str,
    days: Annotated[int | None, typer.Argument(help="To add, or to set.")] = None,
    kind: Annotated[str, typer.Option(help="add, set, disable or sync")] = "add",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Issue an OpenPAYGO token for a registered device."""
    open_office(home)
    from controller.vouchers import paygo

    token = paygo.issue(device_id=device, days=days, kind=kind, actor=ACTOR)
    facts: dict[str, object] = {"device": device, "token": token.token, "days": token.days}
    show_facts({**facts, "purchase_id": token.purchase_id}, as_json=as_json)


def _facts(voucher: Any) -> dict[str, object]:
    return {
        "meter": voucher.meter_id,
        "token": voucher.token,
        "amount_tenths": voucher.amount_tenths,
        "purchase_id": voucher.purchase_id,
        "key_change": " ".join(voucher.key_change),
    }


def _tenths(energy_wh: int) -> int:
    from controller.vouchers import rules

    if energy_wh % rules.WH_PER_TENTH:
        fail(f"A token carries whole hundreds of Wh, not {energy_wh}.")
    return energy_wh // rules.WH_PER_TENTH


def _read_orders(file: Path) -> list[tuple[str, int]]:
    try:
        with file.open(newline="") as lines:
            return [
                (row["meter"], _tenths(int(row["energy_wh"]))) for row in csv.DictReader(lines)
            ]
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    except (KeyError, TypeError, ValueError):
        fail(f"{file} must have the columns meter and energy_wh (a whole number).")


def _read_key(file: Path) -> bytes:
    try:
        return bytes.fromhex(file.read_text().strip())
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    except ValueError:
        fail(f"{file} must hold hexadecimal digits only.")
