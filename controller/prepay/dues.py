"""Gathers what a recharge is divided by: dues, the account's terms, and what was sold before.

Reads only; the caller holds the locks. How the money is divided is in `rules`.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Max, Sum

from controller import clock
from controller.consumers import queries as consumers
from controller.consumers import rules as consumer_rules
from controller.consumers.models import (
    AssignmentState,
    Connection,
    Package,
    PackageAssignment,
)
from controller.errors import Refused
from controller.figures import rupees
from controller.ledger import queries as ledger
from controller.prepay import rules
from controller.prepay.inverse import Meterage
from controller.prepay.models import Purchase, PurchaseState
from controller.prepay.rules import Days, Dues, Energy, Goods, Money, Stretch
from controller.profile.queries import settings
from controller.tariffs.queries import version_on
from controller.tariffs.rules import prepaid_record
from protocol import rating
from protocol.limits import EPOCH_UNIX_S

MONTHS_MAX = 24  # for which a fixed charge is asked at once, the newest ones
SETTINGS = (
    "arrears_share_pct",
    "prepaid_excluded_categories",
    "prepaid_load_max_w",
    "prepaid_rebate_bp",
    "smallest_voucher_paise",
)


class Facts(NamedTuple):
    """All that decides what a recharge of this connection becomes today."""

    package: Package
    dues: Dues
    goods: Goods
    fixed_due_paise: int  # posted whole, also what the money does not reach
    balance_paise: int  # of the consumer's account before the recharge; above 0: owed
    smallest_paise: int
    today: date

    @property
    def carried_paise(self) -> int:
        """Credit of the consumer that goes into the recharge, too."""
        return max(0, -self.balance_paise)


def facts(connection: Connection, balance_paise: int) -> Facts:
    """What a recharge is divided by. Raises Refused where none can be sold (UP-1)."""
    values = settings(SETTINGS)
    assignment = assignment_of(connection)
    package = assignment.package
    _check_eligible(connection, package, values)
    today = local_day(connection, clock.now_s())
    goods = _goods(connection, package, today, values["prepaid_rebate_bp"])
    fixed_paise = 0
    if isinstance(goods, Energy):
        begin = _charged_through(connection, assignment, today)
        stretches = _stretches(connection, package, begin, today, values["prepaid_rebate_bp"])
        fixed_paise = rules.fixed_due_paise(stretches)
    dues = Dues(
        instalment_paise=_instalments_due(connection, today),
        fixed_paise=fixed_paise,
        arrears_paise=max(0, balance_paise),
        arrears_share_pct=values["arrears_share_pct"],
    )
    smallest_paise = values["smallest_voucher_paise"]
    return Facts(package, dues, goods, fixed_paise, balance_paise, smallest_paise, today)


def assignment_of(connection: Connection) -> PackageAssignment:
    """What the board runs, or the newest on its way there. Raises Refused."""
    rows = consumers.assignments(connection).exclude(
        state__in=(AssignmentState.REFUSED, AssignmentState.SUPERSEDED)
    )
    chosen = rows.filter(state=AssignmentState.ACTIVE).last() or rows.last()
    if chosen is None:
        raise Refused(
            f"Consumer {connection.consumer_id} has no package", "Assign a prepaid package first."
        )
    return chosen


def local_day(connection: Connection, at_s: int) -> date:
    """The day of a board time where the connection is."""
    at = datetime.fromtimestamp(at_s + EPOCH_UNIX_S, tz=UTC)
    return (at + timedelta(minutes=connection.consumer.plant.utc_offset_min)).date()


def check_smallest(amount_paise: int, smallest_paise: int) -> None:
    """UP-11: raises Refused below the smallest voucher."""
    if amount_paise < smallest_paise:
        raise Refused(
            f"{rupees(amount_paise)} is less than the smallest recharge",
            f"Take {rupees(smallest_paise)} or more.",
        )


def _check_eligible(connection: Connection, package: Package, values: dict[str, Any]) -> None:
    if package.mode == Package.Mode.POSTPAID:
        raise Refused(
            f"Consumer {connection.consumer_id} is postpaid",
            "Take the money as a payment of dues, or change the package.",
        )
    supply = consumer_rules.Supply(connection.consumer.category, connection.sanctioned_load_w)
    consumer_rules.check_eligible(
        package.kind, supply, values["prepaid_load_max_w"], values["prepaid_excluded_categories"]
    )


# --- what is sold -------------------------------------------------------------------------------


def _goods(connection: Connection, package: Package, today: date, rebate_bp: int) -> Goods:
    if package.mode == Package.Mode.FLAT:
        if not package.monthly_paise:
            raise Refused(f"Package {package.id} has no price", "Sell days by `bijli credit`.")
        return Days(package.monthly_paise)
    owed = _advance(connection, package)
    if package.mode == Package.Mode.MONEY:
        return Money(owed)
    record = _record_on(package, today, rebate_bp)
    if any(record[rating.RATE_ADDER_PAISE]):
        raise Refused(
            f"Tariff {record[rating.CODE]} has prices by the time of day",
            "Energy sold ahead knows no hour: give the consumer a package with credit in money.",
        )
    meterage = _meterage(connection, record, today)
    return Energy(meterage, sold_wh(connection, today.replace(day=1)), owed)


def _advance(connection: Connection, package: Package) -> int:
    """What the board has given in advance (UP-8), less what is on its way there: Wh or paise."""
    state = connection.meter.state if connection.meter is not None else None
    if state is None or state.credit_mode != package.mode:
        return 0
    waiting = connection.purchases.filter(unit=package.mode, state=PurchaseState.QUEUED)
    coming: int = waiting.aggregate(total=Sum("amount"))["total"] or 0
    return max(0, -(state.balance + coming))


def sold_wh(connection: Connection, month: date) -> int:
    """The energy sold to a connection in the local month that begins on this day."""
    following = (month + timedelta(days=31)).replace(day=1)
    rows = connection.purchases.filter(
        unit=Purchase.Unit.ENERGY,
        sold_s__gte=start_s(connection, month),
        sold_s__lt=start_s(connection, following),
    )
    counted = rows.exclude(state=PurchaseState.REFUSED)
    total: int = counted.aggregate(total=Sum("amount"))["total"] or 0
    return total


def start_s(connection: Connection, day: date) -> int:
    """The board time at which a day begins where the connection is."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    return int(midnight) - connection.consumer.plant.utc_offset_min * 60 - EPOCH_UNIX_S


def _record_on(package: Package, day: date, rebate_bp: int) -> dict[int, Any]:
    """The tariff on a day with the rebate of prepayment (UP-2), as the board would rate it."""
    if package.tariff is None:
        names = consumer_rules.price_record(package.price_paise or 0, package.monthly_paise)
        own_bp = None
    else:
        version = version_on(package.tariff.code, day)
        names, own_bp = version.record, version.prepaid_rebate_bp
    record: dict[int, Any] = rating.from_names(prepaid_record(names, own_bp, rebate_bp))
    return record


def _meterage(connection: Connection, record: dict[int, Any], day: date) -> Meterage:
    following = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    days = (following - day.replace(day=1)).days
    return Meterage(record, connection.sanctioned_load_w, connection.phases, day.day, days)


# --- what comes first ---------------------------------------------------------------------------


def _charged_through(connection: Connection, assignment: PackageAssignment, today: date) -> date:
    """The last day for which the fixed charge was taken: before the account's first, else."""
    last: date | None = connection.purchases.aggregate(last=Max("charged_through"))["last"]
    opened = local_day(connection, assignment.opened_s) - timedelta(days=1)
    earliest = (today.replace(day=1) - timedelta(days=31 * (MONTHS_MAX - 1))).replace(day=1)
    return max(last or opened, opened, earliest - timedelta(days=1))


def _stretches(
    connection: Connection, package: Package, after: date, today: date, rebate_bp: int
) -> list[Stretch]:
    """The days after `after` up to today, cut at months and where the tariff changes."""
    begin = after + timedelta(days=1)
    cuts: list[date] = []
    if package.tariff is not None:
        later = package.tariff.versions.filter(valid_from__gt=begin, valid_from__lte=today)
        cuts = list(later.values_list("valid_from", flat=True))
    stretches = []
    while begin <= today:
        following = (begin.replace(day=1) + timedelta(days=31)).replace(day=1)
        end = min([today, following - timedelta(days=1),
                   *(cut - timedelta(days=1) for cut in cuts if cut > begin)])  # fmt: skip
        meterage = _meterage(connection, _record_on(package, begin, rebate_bp), end)
        month_wh = sold_wh(connection, begin.replace(day=1))
        stretches.append(Stretch(meterage, begin.day - 1, month_wh))
        begin = end + timedelta(days=1)
    return stretches


def _instalments_due(connection: Connection, today: date) -> int:
    """Of all costs laid on the connection, what is due and not yet paid (UP-4)."""
    costs = list(connection.meter_costs.all())
    if not costs:
        return 0
    owed_paise = ledger.balance_paise(f"debt:{connection.consumer_id}")
    paid_paise = sum(cost.total_paise for cost in costs) - owed_paise
    due_paise = sum(
        rules.instalments_due_paise(
            cost.total_paise,
            cost.instalments,
            rules.months_between(cost.first_due, today) + 1 if today >= cost.first_due else 0,
            0,
        )
        for cost in costs
    )
    return min(max(0, due_paise - paid_paise), max(0, owed_paise))
