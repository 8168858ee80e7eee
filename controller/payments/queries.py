"""Finds payments, and says what a point of sale has taken and holds."""

from typing import NamedTuple

from django.db.models import Count, QuerySet, Sum

from controller.consumers.models import Consumer
from controller.errors import Refused
from controller.ledger import queries as ledger
from controller.payments import register
from controller.payments.models import Deposit, Payment, PaymentState, PointOfSale, Provider


class Position(NamedTuple):
    """What a point of sale holds: `under_way_paise` is deposited and not yet verified."""

    cash_paise: int
    not_cash_paise: int
    under_way_paise: int
    ceiling_paise: int | None


class Taken(NamedTuple):
    """What was taken by one method, reversed payments left out."""

    method: str
    payments: int
    paise: int


def find_point(code: str) -> PointOfSale:
    """The point of sale; raises Refused when there is none of that code."""
    point = PointOfSale.objects.select_related("plant").filter(pk=code).first()
    if point is None:
        raise Refused(f"There is no point of sale {code!r}", "Add it first.")
    return point


def find_payment(text: str) -> Payment:
    """The payment of an id or a receipt number. Raises Refused."""
    found = Payment.objects.select_related("consumer__plant", "point_of_sale")
    payment = found.filter(pk=text).first() or found.filter(receipt_number=text).first()
    if payment is None:
        raise Refused(f"There is no payment {text!r}", "Use the number on the receipt.")
    return payment


def payments_of(consumer: Consumer) -> QuerySet[Payment]:
    """All that the consumer paid, the newest first (MG-10)."""
    return consumer.payments.select_related("point_of_sale")


def dues_paise(consumer_id: str) -> int:
    """What the consumer owes now; below 0 it is credit."""
    return ledger.balance_paise(f"consumer:{consumer_id}")


def position(point: PointOfSale) -> Position:
    """Cash in hand and what has yet to reach the bank."""
    codes = [f"cash:{point.code}", f"clearing:{point.code}", f"clearing:bank-{point.code}"]
    held = ledger.balances(codes)
    cash_paise, not_cash_paise, under_way_paise = (held[code] for code in codes)
    return Position(cash_paise, not_cash_paise, under_way_paise, register.ceiling_paise(point))


def taken(point: PointOfSale, from_s: int, until_s: int) -> list[Taken]:
    """By method, what the point took at board times `from_s` up to before `until_s`."""
    found = point.payments.filter(
        state=PaymentState.TAKEN, received_s__gte=from_s, received_s__lt=until_s
    )
    rows = found.order_by("method").values_list("method")
    return [Taken(*row) for row in rows.annotate(Count("pk"), Sum("amount_paise"))]


def deposits_to_verify() -> QuerySet[Deposit]:
    """What head office has yet to look at, the oldest first."""
    found = Deposit.objects.filter(state=Deposit.State.LOGGED).select_related("point_of_sale")
    return found.order_by("logged_s")


def unclaimed_paise(provider: Provider) -> int:
    """Money that came through the provider and is nobody's yet."""
    return -ledger.balance_paise(f"payable:unclaimed-{provider.pk}")


def receipt_gaps() -> list[str]:
    """Receipt numbers that are missing; there is none while the books are right."""
    missing = []
    for point in PointOfSale.objects.all():
        for series in point.series.all():
            prefix = f"{point.code}-{series.year}-"
            numbers = point.payments.filter(receipt_number__startswith=prefix)
            have = {int(text[len(prefix):]) for text in
                    numbers.values_list("receipt_number", flat=True)}  # fmt: skip
            missing += [f"{prefix}{n:06}" for n in range(1, series.last + 1) if n not in have]
    return missing
