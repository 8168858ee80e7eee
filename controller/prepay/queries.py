"""How a prepaid account stands: what was sold, and what the board says of it."""

from typing import NamedTuple

from django.db.models import Sum

from controller.consumers import queries as consumers
from controller.consumers.models import Connection
from controller.fleet.models import MeterState
from controller.prepay.models import Purchase, PurchaseState


class Account(NamedTuple):
    """One account in its unit (Wh or paise). `difference` is 0 when board and sales agree."""

    unit: str
    sold: int  # all that was sold and not refused
    waiting: int  # of it, not yet confirmed by the board
    credited: int  # by the board's own register, as it last reported
    charged: int
    balance: int

    @property
    def difference(self) -> int:
        """Credited by the board beyond the sales that it has confirmed."""
        return self.credited - (self.sold - self.waiting)


def account(meter_id: str) -> Account | None:
    """The meter's account as last reported; None where nothing is sold. Raises Refused."""
    connection = consumers.connection_of_meter(meter_id)
    state = MeterState.objects.get(meter=meter_id)
    unit = state.credit_mode  # the wire numbers a unit as the mode that takes it
    if unit not in Purchase.Unit.values:
        return None
    return Account(
        unit=Purchase.Unit(unit).label,
        sold=_sum(connection, unit, PurchaseState.QUEUED, PurchaseState.CREDITED),
        waiting=_sum(connection, unit, PurchaseState.QUEUED),
        credited=state.credited_total,
        charged=state.charged_total,
        balance=state.balance,
    )


def _sum(connection: Connection, unit: int, *states: str) -> int:
    found = connection.purchases.filter(unit=unit, state__in=states)
    total: int = found.aggregate(total=Sum("amount"))["total"] or 0
    return total
