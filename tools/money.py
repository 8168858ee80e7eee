"""The utility's desk on the command line: prepaid credit and bills.

Every command is one call of a service of the controller.
"""

from typing import Annotated, Any

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office, wait_and_show
from tools.printing import JsonOption, fail, show_facts, show_rows

ACCOUNT_FACTS = ("account_unit", "bought", "sold", "used", "balance", "difference")

bill_app = typer.Typer(no_args_is_help=True, help="Close a month, show bills.")


def sell_credit(
    meter: str,
    amount: Annotated[
        int | None,
        typer.Argument(help="Wh, paise or days, by the unit; default: what is paid buys."),
    ] = None,
    unit: Annotated[str, typer.Option(help="energy, money or days")] = "money",
    paid_paise: Annotated[
        int | None, typer.Option(help="What was paid; default: the amount, for money.")
    ] = None,
    purchase_id: Annotated[
        str | None,
        typer.Option(help="16 digits 0-9 a-f: said again, it is refused and not sold twice."),
    ] = None,
    wait_s: Annotated[float, typer.Option(help="Wait so long for the receipt.")] = 60.0,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Sell prepaid credit; waits for the board's receipt."""
    if paid_paise is None:
        if amount is None or unit != "money":
            fail("Say what was paid, e.g. --paid-paise 5000 for ₹50.00.")
        paid_paise = amount
    open_office(home)
    from controller.prepay import services

    purchase = services.sell_credit(
        meter_id=meter,
        amount=amount,
        unit=unit,
        paid_paise=paid_paise,
        purchase_id=purchase_id,
        actor=ACTOR,
    )
    wait_and_show(purchase.command_id, wait_s, as_json=as_json)


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

    services.close_period(plant, month, actor=ACTOR)
    rows = bill_rows(plant, month)
    show_rows(rows, as_json=as_json, title=f"Bills of {plant} for {month}")


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
    from controller.billing.queries import find_bill

    bill = find_bill(number)
    facts = {**_bill_row(bill), "note": bill.note}
    if bill.account_unit:
        facts |= {name: getattr(bill, name) for name in ACCOUNT_FACTS}
    lines = [
        {"text": line.text, "quantity": line.quantity, "price": line.price,
         "amount_paise": line.amount_paise}
        for line in bill.lines.all()
    ]  # fmt: skip
    if as_json:
        show_facts({**facts, "lines": lines}, as_json=True)
        return
    show_facts(facts, as_json=False)
    show_rows(lines, as_json=False, title="Lines")
