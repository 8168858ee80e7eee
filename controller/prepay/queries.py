"""How a prepaid account stands: what was sold, what the board says of it, what a sum would buy."""

from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import F, Max, Sum
from django.db.models.functions import Coalesce

from controller import clock
from controller.consumers import identity
from controller.consumers import queries as consumers
from controller.consumers.models import AssignmentState, Connection, Package, PackageAssignment
from controller.errors import Refused
from controller.fleet.models import MeterState
from controller.ledger import queries as ledger
from controller.payments.models import Payment
from controller.prepay import dues, rules, vending
from controller.prepay.models import Purchase, PurchaseState
from controller.profile.queries import setting

OVERDUE_MAX = 10_000


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


class Quote(NamedTuple):
    """What a recharge would become now; `carried_paise` is the consumer's credit that goes in."""

    division: rules.Division
    carried_paise: int
    smallest_paise: int
    recharge_by: date  # UP-10; a day in the past is a warning


def quote(consumer_id: str, amount_paise: int) -> Quote:
    """What a recharge of so much would become now, without doing it. Raises Refused."""
    consumer = consumers.find_consumer(consumer_id)
    connection = consumer.connection
    vending.check_meter(connection)
    known = dues.facts(connection, ledger.balance_paise(f"consumer:{consumer.pk}"))
    division = vending.divide(known, amount_paise)
    return Quote(division, known.carried_paise, known.smallest_paise, recharge_by(connection))


def is_prepaid(connection: Connection) -> bool:
    """Whether the connection's package takes credit. Raises Refused: it has none."""
    return dues.assignment_of(connection).package.mode != Package.Mode.POSTPAID


def find_purchase(purchase_id: str) -> Purchase:
    """A purchase with all that its receipt shows. Raises Refused."""
    found = Purchase.objects.select_related(
        "connection__consumer__plant", "payment__point_of_sale", "command"
    ).prefetch_related("lines")
    purchase = found.filter(pk=purchase_id).first()
    if purchase is None:
        raise Refused(f"There is no purchase {purchase_id!r}", "Use the one on the receipt.")
    return purchase


def receipt_data(purchase: Purchase) -> dict[str, Any]:
    """What a recharge's receipt shows (MG-10), as JSON for the papers: the money's division.

    `kind` of a line is one of `rules.Share`'s; `quantity` is in `unit` (Wh, paise, days).
    """
    connection = purchase.connection
    payment: Payment | None = purchase.payment
    consumer = connection.consumer
    return {
        "purchase": purchase.pk,
        "receipt_number": payment.receipt_number if payment else None,
        "point_of_sale": payment.point_of_sale.name if payment else None,
        "method": payment.method if payment else None,
        "received_s": payment.received_s if payment else purchase.sold_s,
        "utc_offset_min": consumer.plant.utc_offset_min,
        "consumer": consumer.pk,
        "consumer_shown": identity.show_consumer_id(consumer.pk),
        "name": consumer.name,
        "meter": purchase.command.meter_id,
        "paid_paise": purchase.paid_paise,
        "carried_paise": purchase.carried_paise,
        "unit": purchase.get_unit_display(),
        "amount": purchase.amount,
        "lines": [
            {"kind": line.kind, "amount_paise": line.amount_paise, "quantity": line.quantity}
            for line in purchase.lines.all()
        ],
        "state": purchase.state,
        "cashier": purchase.actor,
        "recharge_by": str(recharge_by(connection)),
    }


class Overdue(NamedTuple):
    """A prepaid consumer who should have recharged by `due_day`; `last_day` is the last time."""

    consumer_id: str
    last_day: date
    due_day: date


def recharge_by(connection: Connection) -> date:
    """The day by which a prepaid consumer must recharge (UP-10). Raises Refused: no package."""
    last_s = connection.purchases.aggregate(last=Max("sold_s"))["last"]
    if last_s is None:
        last_s = dues.assignment_of(connection).opened_s
    return _due_day(dues.local_day(connection, last_s), setting("recharge_every_months"))


def overdue_recharges() -> list[Overdue]:
    """UP-10: the prepaid consumers who have not recharged in time, at most OVERDUE_MAX."""
    months = setting("recharge_every_months")
    now_s = clock.now_s()
    # Nobody is overdue sooner than after so many months of 28 days; the rest is told day by day.
    before_s = now_s - months * 28 * 86_400
    found = PackageAssignment.objects.filter(
        state=AssignmentState.ACTIVE,
        package__mode__in=(Package.Mode.ENERGY, Package.Mode.MONEY, Package.Mode.FLAT),
    )
    last = found.annotate(last_s=Coalesce(Max("connection__purchases__sold_s"), F("opened_s")))
    rows = last.filter(last_s__lt=before_s).select_related("connection__consumer__plant")
    overdue = []
    for row in rows.order_by("connection__consumer")[:OVERDUE_MAX]:
        last_day = dues.local_day(row.connection, row.last_s)
        due_day = _due_day(last_day, months)
        if dues.local_day(row.connection, now_s) > due_day:
            overdue.append(Overdue(row.connection.consumer_id, last_day, due_day))
    return overdue


def _due_day(last_day: date, months: int) -> date:
    """The same day so many months later, or that month's last."""
    year, month = divmod(last_day.year * 12 + last_day.month - 1 + months, 12)
    following = (date(year, month + 1, 1) + timedelta(days=31)).replace(day=1)
    return min(date(year, month + 1, 1) + timedelta(days=last_day.day - 1),
               following - timedelta(days=1))  # fmt: skip
