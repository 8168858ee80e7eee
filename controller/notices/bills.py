"""Tells consumers of their bills, a plant's month at a time (MG-10d). Knows no printing."""

from controller.billing import queries as billing
from controller.billing.models import Bill
from controller.notices import queries, services

BATCH = 500


def tell_month(*, plant_code: str, month: str, actor: str) -> int:
    """Puts a message into the outbox for every bill that asks for money; how many are new.

    Called again it goes on where it was interrupted.
    """
    bills = billing.bills_of(plant_code, month).filter(kind=Bill.Kind.BILL)
    told = 0
    for bill in bills.order_by("number").iterator(chunk_size=BATCH):
        if bill.payable_paise > 0 and not queries.is_told(_key(bill)):
            _tell(bill, month, actor)
            told += 1
    return told


def _tell(bill: Bill, month: str, actor: str) -> None:
    services.send(
        template="bill_issued",
        key=_key(bill),
        actor=actor,
        consumer_id=bill.connection.consumer_id,
        values={
            "number": bill.number,
            "month": month,
            "amount_paise": bill.payable_paise,
            "due_s": bill.due_s - 1,  # the day that can still be paid on
        },
        subject=f"bill {bill.number}",
    )


def _key(bill: Bill) -> str:
    return f"bill {bill.number}"
