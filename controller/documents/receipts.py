"""Issues the receipt of a payment, with the division and the token of what it bought (MG-10).

What a receipt says is kept when it is first issued; a payment taken back gets one that says so.
"""

from django.db import transaction

from controller.consumers.models import Consumer
from controller.documents import queries, rules, services
from controller.documents.models import Snapshot
from controller.documents.rules import ReceiptData, Share
from controller.ledger.queries import balance_paise
from controller.payments.models import Payment, PaymentState
from controller.payments.queries import find_payment
from controller.prepay import rules as prepay
from controller.prepay.models import Purchase
from controller.prepay.services import hand_out_voucher

# What the word list of papers calls the shares of a recharge.
PARTS = {prepay.CREDIT: "energy", prepay.REST: "change"}
CARRIED = "carried"


@transaction.atomic
def issue_receipt(*, payment_id: str, actor: str) -> Snapshot:
    """The payment's receipt, by its id or receipt number; the one issued before, if there is one.

    Raises Refused for an unknown payment.
    """
    payment = find_payment(payment_id)
    is_cancelled = payment.state == PaymentState.REVERSED
    known = Snapshot.objects.filter(
        kind=rules.RECEIPT, subject=subject(payment), data__cancelled=is_cancelled
    ).first()
    if known is not None:
        return known
    return services.issue(
        kind=rules.RECEIPT,
        subject=subject(payment),
        language=queries.language_of(payment.consumer),
        data=_data(payment, actor),
        actor=actor,
    )


def subject(payment: Payment) -> str:
    """What the paper is about."""
    return f"receipt {payment.receipt_number}"


def _data(payment: Payment, actor: str) -> ReceiptData:
    consumer: Consumer = payment.consumer
    is_cancelled = payment.state == PaymentState.REVERSED
    purchase = Purchase.objects.filter(payment=payment).first()
    voucher = None
    if purchase is not None and not is_cancelled:
        voucher = hand_out_voucher(purchase_id=purchase.pk, actor=actor)
    return ReceiptData(
        issuer=queries.issuer(),
        party=queries.party(consumer),
        number=payment.receipt_number,
        received_s=payment.received_s,
        utc_offset_min=consumer.plant.utc_offset_min,
        amount_paise=payment.amount_paise,
        method=payment.method,
        purpose=payment.purpose,
        point_of_sale=payment.point_of_sale.name,
        clerk=payment.actor,
        reference="",
        balance_paise=balance_paise(f"consumer:{consumer.pk}"),
        division=[] if purchase is None else _division(purchase),
        credit=0 if purchase is None else purchase.amount,
        unit="" if purchase is None else purchase.get_unit_display(),
        token="" if voucher is None else voucher.token.replace(" ", ""),
        cancelled=is_cancelled,
    )


def _division(purchase: Purchase) -> list[Share]:
    """The shares of the recharge; credit of before that went into it stands first, less."""
    is_energy = purchase.unit == Purchase.Unit.ENERGY
    shares = [
        Share(
            kind=PARTS.get(line.kind, line.kind),
            amount_paise=line.amount_paise,
            units_wh=line.quantity if is_energy else 0,
        )
        for line in purchase.lines.all()
    ]
    if purchase.carried_paise:
        shares.append(Share(kind=CARRIED, amount_paise=-purchase.carried_paise, units_wh=0))
    return shares
