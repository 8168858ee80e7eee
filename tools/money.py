"""The utility's desk on the command line: prepaid credit. Bills stand in `tools.bills`.

Every command is one call of a service of the controller.
"""

from typing import Annotated

import typer

from tools.office import ACTOR, DEFAULT_HOME, HomeOption, open_office, wait_and_show
from tools.printing import JsonOption, fail


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
