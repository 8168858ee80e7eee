"""What a point of sale asks: dues, quotes, recharges, bills, orders, vouchers again.

A key sees its own sales only, and consumers of its point's plant where that has one.
"""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Header, Query, Router

from controller.api import rules
from controller.api.models import ApiKey
from controller.api.schemas import (
    ConsumerOut,
    LinkIn,
    MoneyIn,
    OrderIn,
    OrderOut,
    PaymentOut,
    Problem,
    QuoteOut,
    RechargeOut,
    VoucherOut,
)
from controller.consumers import queries as consumers
from controller.consumers.models import Consumer
from controller.errors import Conflict, Refused
from controller.payments import queries as payment_queries
from controller.payments import services as payments
from controller.payments.models import Payment, PaymentOrder, Purpose
from controller.prepay import queries as prepay_queries
from controller.prepay import services as prepay
from controller.prepay.models import Purchase

router = Router()

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=64)]
PROBLEMS: dict[int, Any] = dict.fromkeys((401, 409, 422, 429, 503), Problem)


def _key(request: HttpRequest) -> ApiKey:
    key: ApiKey = request.auth  # type: ignore[attr-defined]  # set by Ninja
    return key


def _actor(request: HttpRequest) -> str:
    return f"api key {_key(request).pk}"


def _own_key(request: HttpRequest, given: str) -> str:
    """Keys of two points of sale never meet."""
    if not rules.IDEMPOTENCY_KEY.fullmatch(given):
        raise Refused("The Idempotency-Key is malformed", "Use 8 to 64 printable characters.")
    return f"{_key(request).point_of_sale_id}:{given}"


def _consumer(request: HttpRequest, text: str) -> Consumer:
    consumer = consumers.find_consumer(text)
    plant = _key(request).point_of_sale.plant_id
    if plant is not None and consumer.plant_id != plant:
        raise Refused(f"There is no consumer {consumer.pk}", "Look at the card.")
    return consumer


@router.get("/consumers/{consumer}", response={200: ConsumerOut, **PROBLEMS})
def show_consumer(request: HttpRequest, consumer: str) -> dict[str, Any]:
    """Dues and whether a recharge is possible, with no more of the name than a hint."""
    found = _consumer(request, consumer)
    try:
        by = prepay_queries.recharge_by(found.connection)
        is_prepaid = prepay_queries.is_prepaid(found.connection)
    except Refused:  # no package yet
        by, is_prepaid = None, False
    return {
        "consumer": found.pk,
        "name_hint": rules.hint_name(found.name),
        "dues_paise": payment_queries.dues_paise(found.pk),
        "is_prepaid": is_prepaid,
        "recharge_by": str(by) if by and is_prepaid else None,
    }


@router.get("/consumers/{consumer}/quote", response={200: QuoteOut, **PROBLEMS})
def quote_recharge(
    request: HttpRequest, consumer: str, amount_paise: Annotated[int, Query(ge=1, le=10**10)]
) -> dict[str, Any]:
    """What a recharge would become now: line by line, UP-2 to UP-11."""
    quoted = prepay_queries.quote(_consumer(request, consumer).pk, amount_paise)
    division = quoted.division
    return {
        "unit": Purchase.Unit(division.unit).label,
        "amount": division.amount,
        "carried_paise": quoted.carried_paise,
        "smallest_paise": quoted.smallest_paise,
        "recharge_by": str(quoted.recharge_by),
        "lines": [share._asdict() for share in division.shares],
    }


@router.post("/recharges", response={200: RechargeOut, **PROBLEMS})
def recharge(request: HttpRequest, told: MoneyIn, key: IdempotencyKey) -> dict[str, Any]:
    """Takes money for a recharge; the same key gives the same recharge and voucher again."""
    taken = _taken(request, told, key)
    try:
        purchase = prepay.recharge(**taken)
    except Conflict as conflict:
        _report(taken, conflict)
        raise
    return _show_recharge(request, purchase.pk)


@router.post("/payments", response={200: PaymentOut, **PROBLEMS})
def pay_bill(request: HttpRequest, told: MoneyIn, key: IdempotencyKey) -> dict[str, Any]:
    """Takes money for a bill and other dues (MG-9)."""
    taken = _taken(request, told, key)
    try:
        return _show_payment(payments.take_payment(**taken, purpose=Purpose.BILL))
    except Conflict as conflict:
        _report(taken, conflict)
        raise


def _taken(request: HttpRequest, told: MoneyIn, key: str) -> dict[str, Any]:
    """The facts of money that this point of sale has taken."""
    return {
        "key": _own_key(request, key),
        "consumer_id": _consumer(request, told.consumer).pk,
        "amount_paise": told.amount_paise,
        "method": told.method,
        "point_of_sale": _key(request).point_of_sale_id,
        "actor": _actor(request),
    }


def _report(taken: dict[str, Any], conflict: Conflict) -> None:
    payments.report_conflict(
        key=taken["key"], point_of_sale=taken["point_of_sale"], what=conflict.what,
        actor=taken["actor"],
    )  # fmt: skip


@router.get("/payments/{payment}", response={200: PaymentOut, **PROBLEMS})
def show_payment(request: HttpRequest, payment: str) -> dict[str, Any]:
    """One of this point's payments, by id or receipt number."""
    return _show_payment(_own_payment(request, payment))


@router.get("/recharges/{purchase}", response={200: RechargeOut, **PROBLEMS})
def show_recharge(request: HttpRequest, purchase: str) -> dict[str, Any]:
    """One of this point's recharges as it stands now; without its voucher."""
    return _show_recharge(request, purchase, with_voucher=False)


@router.get("/recharges/{purchase}/voucher", response={200: VoucherOut, **PROBLEMS})
def fetch_voucher(request: HttpRequest, purchase: str) -> dict[str, Any]:
    """The voucher again, for a receipt that was lost; who fetches it is recorded."""
    found = _own_purchase(request, purchase)
    voucher = _voucher(request, found)
    if voucher is None:
        raise Refused("This recharge has no voucher", "The credit reaches the meter by itself.")
    return voucher


# --- orders at providers ----------------------------------------------------------------------


@router.post("/orders", response={200: OrderOut, **PROBLEMS})
def create_order(request: HttpRequest, told: OrderIn, key: IdempotencyKey) -> dict[str, Any]:
    """Fixes what a consumer is about to pay at one of this point's providers."""
    _check_provider(request, told.provider)
    consumer = _consumer(request, told.consumer)
    if told.purpose == "recharge":
        prepay_queries.quote(consumer.pk, told.amount_paise)  # refused before money moves
    order = payments.create_order(
        key=_own_key(request, key),
        provider=told.provider,
        consumer_id=consumer.pk,
        purpose=told.purpose,
        amount_paise=told.amount_paise,
        actor=_actor(request),
    )
    return _show_order(order)


@router.post("/orders/{order}/link", response={200: OrderOut, **PROBLEMS})
def link_order(request: HttpRequest, order: str, told: LinkIn) -> dict[str, Any]:
    """Tells the provider's own id of an order; once."""
    found = _own_order(request, order)
    linked = payments.link_order(
        order_id=found.pk, provider_order=told.provider_order, actor=_actor(request)
    )
    return _show_order(linked)


@router.get("/orders/{order}", response={200: OrderOut, **PROBLEMS})
def show_order(request: HttpRequest, order: str) -> dict[str, Any]:
    """Whether an order is paid, and by which payment."""
    return _show_order(_own_order(request, order))


def _check_provider(request: HttpRequest, code: str) -> None:
    if payments.find_provider(code).point_of_sale_id != _key(request).point_of_sale_id:
        raise Refused(f"There is no payment provider {code!r}", "Use one of this point of sale.")


# --- what is this point's, and how it is shown ------------------------------------------------


def _own_payment(request: HttpRequest, text: str) -> Payment:
    payment = payment_queries.find_payment(text)
    if payment.point_of_sale_id != _key(request).point_of_sale_id:
        raise Refused(f"There is no payment {text!r}", "Use the number on the receipt.")
    return payment


def _own_purchase(request: HttpRequest, text: str) -> Purchase:
    purchase = prepay_queries.find_purchase(text)
    payment = purchase.payment
    if payment is None or payment.point_of_sale_id != _key(request).point_of_sale_id:
        raise Refused(f"There is no purchase {text!r}", "Use the one on the receipt.")
    return purchase


def _own_order(request: HttpRequest, text: str) -> PaymentOrder:
    orders = PaymentOrder.objects.select_related("payment__purchase")
    point = _key(request).point_of_sale_id
    order = orders.filter(pk=text, provider__point_of_sale=point).first()
    if order is None:
        raise Refused(f"There is no order {text!r}", "Create it first.")
    return order


def _show_payment(payment: Payment) -> dict[str, Any]:
    return {
        "payment": payment.pk,
        "receipt_number": payment.receipt_number,
        "consumer": payment.consumer_id,
        "amount_paise": payment.amount_paise,
        "method": payment.method,
        "purpose": payment.purpose,
        "state": payment.state,
        "received_s": payment.received_s,
    }


def _show_recharge(
    request: HttpRequest, text: str, *, with_voucher: bool = True
) -> dict[str, Any]:
    purchase = _own_purchase(request, text)
    told = prepay_queries.receipt_data(purchase)
    voucher = _voucher(request, purchase) if with_voucher else None
    return {**told, "payment": purchase.payment_id, "voucher": voucher}


def _voucher(request: HttpRequest, purchase: Purchase) -> dict[str, Any] | None:
    issued = prepay.hand_out_voucher(purchase_id=purchase.pk, actor=_actor(request))
    if issued is None:
        return None
    return {"token": issued.token, "key_change": list(issued.key_change)}


def _show_order(order: PaymentOrder) -> dict[str, Any]:
    purchase = getattr(order.payment, "purchase", None) if order.payment else None
    return {
        "order": order.pk,
        "provider_order": order.provider_order,
        "consumer": order.consumer_id,
        "amount_paise": order.amount_paise,
        "currency": order.currency,
        "purpose": order.purpose,
        "state": order.state,
        "expires_s": order.expires_s,
        "payment": order.payment_id,
        "purchase": purchase.pk if purchase else None,
    }
