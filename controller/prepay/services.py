"""Sells prepaid credit. A sale counts for the consumer when the board has confirmed it."""

import secrets

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.consumers import queries as consumers
from controller.consumers.models import AssignmentState, Connection, Package
from controller.errors import Refused
from controller.headend.models import Command, State
from controller.headend.services import queue_command
from controller.prepay import rules
from controller.prepay.models import Purchase, PurchaseState
from protocol.commands import REASON_CREDITED_ALREADY, STAGE_APPLIED
from protocol.limits import PURCHASE_ID_BYTES

TTL_S = 30 * 86_400  # a paid credit waits for a board that is away


@transaction.atomic
def sell_credit(
    meter_id: str,
    amount: int | None,
    unit: int | str,
    paid_paise: int,
    purchase_id: str | None = None,
    *,
    actor: str,
) -> Purchase:
    """Sells `amount` (Wh or paise, 1…10^9, or days) and queues it for the meter.

    `unit` is the wire's number or `energy`/`money`/`days`. Without an amount, money buys itself,
    energy and days what the package's price gives (docs/packages.md). Raises Refused when the
    unit is not that of the meter's package, or the purchase id (16 hex digits) was used before.
    """
    connection = consumers.lock_connection(consumers.connection_of_meter(meter_id).pk)
    number = rules.read_unit(unit)
    package = _package_of(connection)
    if package.mode != number:
        raise Refused(
            f"The package {package.id} of meter {meter_id} does not take this credit",
            f"Its account is {package.get_mode_display().lower()}.",
        )
    if amount is None:
        amount = _bought(package, paid_paise)
    rules.check_amount(number, amount, paid_paise)
    identity = _free_id(purchase_id)
    arguments = {0: bytes.fromhex(identity), 1: number, 2: amount}
    purchase = Purchase.objects.create(
        id=identity,
        connection=connection,
        unit=number,
        amount=amount,
        paid_paise=paid_paise,
        command=queue_command(meter_id, "credit", arguments, actor, ttl_s=TTL_S),
        sold_s=clock.now_s(),
        actor=actor,
    )
    audit.record(
        actor, "sell credit", f"consumer {connection.consumer_id}", purchase=identity,
        amount=amount, unit=purchase.get_unit_display(), paid_paise=paid_paise,
    )  # fmt: skip
    return purchase


@transaction.atomic
def purchase_receipted(command: Command) -> None:
    """The board has credited the purchase, or it was refused or expired: then money is owed.

    A refusal because it was credited already speaks of this very purchase: its id is used once.
    """
    purchase = Purchase.objects.filter(command=command, state=PurchaseState.QUEUED).first()
    if purchase is None:
        return
    if command.state == State.APPLIED or command.reason == REASON_CREDITED_ALREADY:
        purchase.mark_credited(_credited_s(command))
    else:
        purchase.mark_refused(clock.now_s())
    purchase.save()
    audit.record(
        f"meter {command.meter_id}",
        f"credit {purchase.state}",
        f"consumer {purchase.connection.consumer_id}",
        purchase=purchase.id,
        amount=purchase.amount,
    )


def _credited_s(command: Command) -> int:
    """Board time of the credit, so that a sale falls into the month of the meter's registers."""
    receipt = command.receipts.filter(stage__gte=STAGE_APPLIED).first()
    told_s = receipt.status.get("clock_now_s", 0) if receipt is not None else 0
    return told_s or clock.now_s()


def _package_of(connection: Connection) -> Package:
    """The package that the board runs, or the newest on its way there."""
    rows = consumers.assignments(connection).exclude(
        state__in=(AssignmentState.REFUSED, AssignmentState.SUPERSEDED)
    )
    chosen = rows.filter(state=AssignmentState.ACTIVE).last() or rows.last()
    if chosen is None:
        raise Refused(
            f"Consumer {connection.consumer_id} has no package", "Assign a prepaid package first."
        )
    return chosen.package


def _bought(package: Package, paid_paise: int) -> int:
    """What the payment buys: money buys itself, energy and days what the package's price gives."""
    if package.mode == Package.Mode.FLAT:
        return _days_bought(package, paid_paise)
    if package.mode != Package.Mode.ENERGY:
        return paid_paise
    if not package.price_paise:
        raise Refused(
            f"Package {package.id} has no price per unit", "Say how many Wh the payment buys."
        )
    if package.monthly_paise:
        raise Refused(
            f"Package {package.id} has a monthly price, too", "Say how many Wh the payment buys."
        )
    return rules.energy_wh(paid_paise, package.price_paise)


def _days_bought(package: Package, paid_paise: int) -> int:
    """The days of a flat package; a payment that would leave a rest is refused."""
    if not package.monthly_paise:
        raise Refused(f"Package {package.id} has no price", "Say how many days the payment buys.")
    days, rest_paise = rules.days_bought(paid_paise, package.monthly_paise)
    if rest_paise:
        raise Refused(
            f"{paid_paise} paise buy {days} days and leave {rest_paise} paise",
            f"Take {paid_paise - rest_paise} or"
            f" {rules.days_price_paise(days + 1, package.monthly_paise)} paise.",
        )
    return days


def _free_id(purchase_id: str | None) -> str:
    identity = purchase_id or secrets.token_hex(PURCHASE_ID_BYTES)
    if not rules.PURCHASE_ID.fullmatch(identity):
        raise Refused(f"{identity!r} is no purchase id", "Use 16 digits of 0-9 a-f.")
    if Purchase.objects.filter(id=identity).exists():
        raise Refused(f"Purchase {identity} is sold already", "It counts once; sell a new one.")
    return identity
