"""Recharges on the command line: quote, sell, voucher again, meter cost (docs/vending.md)."""

import secrets
from typing import Annotated, Any

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office
from tools.pay import ActorOption, KeyOption, MethodOption, Rupees, read_paise
from tools.printing import JsonOption, show_facts, show_rows

recharge_app = typer.Typer(no_args_is_help=True, help="Prepaid recharges and their vouchers.")


@recharge_app.command("sell")
def sell(
    consumer: str,
    rupees: Rupees,
    point: Annotated[str, typer.Option(help="Code of the point of sale, e.g. KATS1.")],
    method: MethodOption = "cash",
    key: KeyOption = None,
    actor: ActorOption = ACTOR,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Take money for a recharge, divide it, and send the credit; prints division and voucher."""
    open_office(home)
    from controller.prepay import queries, services

    purchase = services.recharge(
        key=key or f"cli-{secrets.token_hex(8)}",
        consumer_id=consumer,
        amount_paise=read_paise(rupees),
        method=method,
        point_of_sale=point,
        actor=actor,
    )
    told = queries.receipt_data(queries.find_purchase(purchase.pk))
    voucher = services.hand_out_voucher(purchase_id=purchase.pk, actor=actor)
    told["token"] = voucher.token if voucher else None
    told["key_change"] = list(voucher.key_change) if voucher else []
    _show(told, as_json)


@recharge_app.command("quote")
def quote(
    consumer: str, rupees: Rupees, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False
) -> None:
    """What a recharge would become now, without selling it."""
    open_office(home)
    from controller.prepay import queries
    from controller.prepay.models import Purchase

    quoted = queries.quote(consumer, read_paise(rupees))
    division = quoted.division
    told = {
        "unit": Purchase.Unit(division.unit).label,
        "amount": division.amount,
        "carried_paise": quoted.carried_paise,
        "smallest_paise": quoted.smallest_paise,
        "recharge_by": str(quoted.recharge_by),
        "lines": [share._asdict() for share in division.shares],
    }
    _show(told, as_json)


@recharge_app.command("voucher")
def show_voucher(
    purchase: str,
    actor: ActorOption = ACTOR,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """The 20 digits of a recharge again; who asked is recorded."""
    open_office(home)
    from controller.prepay import services

    voucher = services.hand_out_voucher(purchase_id=purchase, actor=actor)
    facts: dict[str, object] = {
        "purchase": purchase,
        "token": voucher.token if voucher else None,
        "key_change": list(voucher.key_change) if voucher else [],
    }
    show_facts(facts, as_json=as_json)


@recharge_app.command("meter-cost")
def lay_meter_cost(
    consumer: str,
    rupees: Annotated[
        str | None, typer.Argument(help="Rupees; default: the profile's meter cost.")
    ] = None,
    key: KeyOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Lay meter and cable on a consumer, to be paid by recharges in equal instalments (UP-4)."""
    open_office(home)
    from controller.prepay import services

    cost = services.lay_meter_cost(
        key=key or f"cli-{secrets.token_hex(8)}",
        consumer_id=consumer,
        total_paise=None if rupees is None else read_paise(rupees),
        actor=ACTOR,
    )
    facts: dict[str, object] = {
        "total_paise": cost.total_paise, "instalments": cost.instalments,
        "first_due": cost.first_due,
    }  # fmt: skip
    show_facts(facts, as_json=as_json)


@recharge_app.command("overdue")
def list_overdue(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Prepaid consumers who have not recharged in time (UP-10)."""
    open_office(home)
    from controller.prepay.queries import overdue_recharges

    rows: list[dict[str, object]] = [{**row._asdict()} for row in overdue_recharges()]
    show_rows(rows, as_json=as_json, title="Overdue")


def _show(told: dict[str, Any], as_json: bool) -> None:
    """The facts, then the division line by line."""
    if as_json:
        show_facts(told, as_json=True)
        return
    show_facts({name: value for name, value in told.items() if name != "lines"}, as_json=False)
    show_rows(told["lines"], as_json=False, title="Division")
