"""How large a consumer's deposit must be and is, and what became of it (MG-13)."""

from django.db.models import QuerySet

from controller import clock
from controller.consumers import queries as consumers
from controller.consumers.models import Connection, Consumer, Package
from controller.deposits import rules
from controller.deposits.models import Demand, DemandState, Movement
from controller.ledger.queries import balance_paise
from controller.profile.queries import settings


def needed_paise(
    connection: Connection, package: Package, sanctioned_load_w: int | None = None,
    use_wh: int | None = None,
) -> int:  # fmt: skip
    """The deposit for a package: `deposit_months` of the bill that is expected with it.

    Expected use is what the survey says (`use_wh` a month) or a share of the limit in the hours
    of supply. 0 for a prepaid package where the profile wants none.
    """
    values = settings(["deposit_months", "deposit_for_prepaid", "expected_load_pct"])
    if package.mode != Package.Mode.POSTPAID and not values["deposit_for_prepaid"]:
        return 0
    if use_wh is None:
        minutes = rules.supply_minutes(package.windows)
        use_wh = rules.expected_wh(package.limit_w, minutes, values["expected_load_pct"])
    plant = connection.consumer.plant
    bill = rules.expected_bill_paise(
        consumers.tariff_record(package, plant, clock.now_s()),
        use_wh,
        connection.sanctioned_load_w if sanctioned_load_w is None else sanctioned_load_w,
        connection.phases,
    )
    months: int = values["deposit_months"]
    return bill * months


def held_paise(consumer_id: str) -> int:
    """What we hold of the consumer's."""
    return -balance_paise(f"deposit:{consumer_id}")


def open_demand(consumer_id: str) -> Demand | None:
    """What the consumer still has to give, if anything."""
    return Demand.objects.filter(consumer=consumer_id, state=DemandState.OPEN).first()


def movements(consumer: Consumer) -> QuerySet[Movement]:
    """Every movement of the consumer's deposit, the oldest first."""
    return consumer.deposit_moves.all()
