"""Receipts of credit against purchases: what boards say they applied is what was sold to them."""

from collections.abc import Iterator

from controller.headend.models import Receipt, State
from controller.prepay.models import Purchase, PurchaseState
from controller.reconcile.rules import RECEIPT, Mismatch
from protocol.commands import REASON_CREDITED_ALREADY, STAGE_APPLIED

ROWS_AT_ONCE = 1_000


def compare(from_s: int, until_s: int) -> Iterator[Mismatch]:
    """Receipts that arrived, and purchases that count as credited, at board times in between."""
    yield from _applied_but_not_sold(from_s, until_s)
    yield from _credited_without_receipt(from_s, until_s)


def _applied_but_not_sold(from_s: int, until_s: int) -> Iterator[Mismatch]:
    applied = Receipt.objects.filter(
        command__name="credit",
        stage=STAGE_APPLIED,
        received_s__gte=from_s,
        received_s__lt=until_s,
    ).select_related("command__purchase")
    for receipt in applied.iterator(chunk_size=ROWS_AT_ONCE):
        purchase: Purchase | None = getattr(receipt.command, "purchase", None)
        what = _objection(receipt, purchase)
        if what:
            yield _mismatch(receipt, purchase, what)


def _objection(receipt: Receipt, purchase: Purchase | None) -> str:
    if purchase is None:
        return "applied a credit that nobody sold"
    if purchase.state != PurchaseState.CREDITED:
        return f"applied a purchase that counts as {purchase.state}"
    arguments = receipt.command.arguments
    if (arguments.get("1"), arguments.get("2")) != (purchase.unit, purchase.amount):
        return "applied another credit than was sold"
    return ""


def _mismatch(receipt: Receipt, purchase: Purchase | None, what: str) -> Mismatch:
    command = receipt.command
    return Mismatch(
        RECEIPT,
        f"meter {command.meter_id}",
        f"{RECEIPT}:{command.pk}",
        f"Meter {command.meter_id} {what}",
        {
            "command": command.pk,
            "receipt": receipt.pk,
            "message": receipt.message_id,
            "arguments": command.arguments,
            "issued_by": command.actor,
            "purchase": purchase.pk if purchase else None,
            "sold": purchase.amount if purchase else 0,
        },
    )


def _credited_without_receipt(from_s: int, until_s: int) -> Iterator[Mismatch]:
    found = Purchase.objects.filter(
        state=PurchaseState.CREDITED, finished_s__gte=from_s, finished_s__lt=until_s
    ).exclude(command__state=State.APPLIED)
    doubtful = found.exclude(command__reason=REASON_CREDITED_ALREADY)
    for purchase in doubtful.select_related("command").iterator(chunk_size=ROWS_AT_ONCE):
        meter_id = purchase.command.meter_id
        yield Mismatch(
            RECEIPT,
            f"meter {meter_id}",
            f"{RECEIPT}:{purchase.command_id}",
            f"Purchase {purchase.pk} counts as credited, and meter {meter_id} never said so",
            {"purchase": purchase.pk, "command": purchase.command_id,
             "state": purchase.command.state},
        )  # fmt: skip
