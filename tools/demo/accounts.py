"""The office's side of the reconciliation: closes the month; what was stored and billed."""

from itertools import pairwise
from typing import Any

from tools.demo.reconcile import CreditRow, EnergyRow
from tools.demo.village import ACTOR, START_S, Home

MONTH = "2026-01"  # in which the story of the three boards ends
UNITS = {1: "Wh", 2: "paise"}


def close_month(plant: str, month: str = MONTH) -> list[str]:
    """Close the month, make its bills; a sentence for each."""
    from controller.billing.services import close_period

    period = close_period(plant, month, actor=ACTOR)
    return [
        f"{bill.kind} {bill.number}: {bill.units_wh / 1000:.3f} kWh,"
        f" ₹ {bill.total_paise / 100:.2f}" + (f" ({bill.note})" if bill.note else "")
        for bill in period.bills.order_by("number")
    ]


def bill_of(home: Home, month: str) -> Any:
    """The bill or statement of a month."""
    from controller.billing.models import Bill

    return Bill.objects.get(connection_id=home.connection, period__month=month)


def energy_row(home: Home, end_s: int, start_s: int = START_S, month: str = MONTH) -> EnergyRow:
    """Plant and board as seen at `end_s`, the stored intervals up to it, and the bill."""
    seen = home.month_end
    return EnergyRow(
        meter=home.meter,
        delivered_mwh=seen["delivered_mwh"],
        register_wh=seen["energy_wh"],
        stored_wh=_stored_wh(home, start_s, end_s),
        billed_wh=bill_of(home, month).units_wh,
        power_w=seen["power_w"],
    )


def _stored_wh(home: Home, start_s: int, end_s: int) -> int:
    """Sum over the stored intervals of what each added; every interval must be there."""
    from controller.readings.models import Reading

    rows = Reading.objects.filter(meter_id=home.meter, end_s__gt=start_s, end_s__lte=end_s)
    registers = [0, *rows.order_by("sequence").values_list("energy_wh", flat=True)]
    return sum(after - before for before, after in pairwise(registers))


def credit_row(home: Home, month: str = MONTH) -> CreditRow:
    """Sold by the office's books, used and left by the signed reading, rated by the tariff."""
    bill = bill_of(home, month)
    return CreditRow(
        meter=home.meter,
        unit=bill.account_unit,
        sold=_sold(home),
        used=bill.used,
        balance=bill.balance,
        rated=bill.used - bill.difference,
    )


def _sold(home: Home) -> int:
    from controller.prepay.models import Purchase

    rows = Purchase.objects.filter(connection_id=home.connection, state="credited")
    return sum(rows.values_list("amount", flat=True))
