"""What is asked and answered, field by field; money in paise, energy in Wh."""

from typing import Literal

from ninja import Schema
from pydantic import ConfigDict, Field

MethodWord = Literal["cash", "upi", "card", "wallet", "bank"]
ConsumerId = Field(min_length=11, max_length=13, examples=["BHKATS01112"])
Paise = Field(ge=1, le=10_000_000_000)


class Strict(Schema):
    """A field that nobody knows is an error, not silence."""

    model_config = ConfigDict(extra="forbid")


class Problem(Schema):
    """Why something was not done, and what would make it right."""

    what: str
    what_to_do: str


class ConsumerOut(Schema):
    """As little of a consumer as a till needs to see that it is the right one."""

    consumer: str
    name_hint: str
    dues_paise: int
    is_prepaid: bool
    recharge_by: str | None


class ShareOut(Schema):
    """One line of what a recharge becomes."""

    kind: str
    amount_paise: int
    quantity: int


class QuoteOut(Schema):
    """What a recharge would become now."""

    unit: str
    amount: int
    carried_paise: int
    smallest_paise: int
    recharge_by: str
    lines: list[ShareOut]


class MoneyIn(Strict):
    """Money that the point of sale has taken of a consumer."""

    consumer: str = ConsumerId
    amount_paise: int = Paise
    method: MethodWord


class PaymentOut(Schema):
    """A payment that was taken."""

    payment: str
    receipt_number: str
    consumer: str
    amount_paise: int
    method: str
    purpose: str
    state: str
    received_s: int


class VoucherOut(Schema):
    """20 digits for the keypad, and what must be keyed in before them."""

    token: str
    key_change: list[str]


class RechargeOut(Schema):
    """A recharge: its receipt's facts, and the voucher where there is one."""

    purchase: str
    payment: str
    receipt_number: str
    consumer: str
    paid_paise: int
    carried_paise: int
    unit: str
    amount: int
    lines: list[ShareOut]
    state: str
    voucher: VoucherOut | None


class OrderIn(Strict):
    """What a consumer is about to pay at a provider."""

    consumer: str = ConsumerId
    amount_paise: int = Paise
    provider: str = Field(min_length=2, max_length=16)
    purpose: Literal["bill", "recharge"]


class OrderOut(Schema):
    """An order; once it is paid it has a payment, and a recharge its purchase."""

    order: str
    provider_order: str | None
    consumer: str
    amount_paise: int
    currency: str
    purpose: str
    state: str
    expires_s: int
    payment: str | None
    purchase: str | None


class LinkIn(Strict):
    """Under which id the provider knows an order."""

    provider_order: str = Field(min_length=1, max_length=64)


class StoredOut(Schema):
    """The callback is kept and will be worked on."""

    stored: bool
