"""How providers sign and word their callbacks, each read into one `Notice`. Pure.

Knows nothing of orders or books. Every field comes from outside: what does not look as the
scheme says is refused. The schemes are specified in docs/payments.md.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from controller.errors import Refused

BODY_BYTES_MAX = 65_536
CLOCK_SKEW_S = 300  # between signing and arrival, generic scheme
AMOUNT_MAX = 10**12
NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
REFERENCE = re.compile(r"[!-~]{1,64}")
EVENT = re.compile(r"[a-z0-9_.]{1,64}")
SIGNATURE = re.compile(r"[0-9a-f]{64}")

CAPTURED, FAILED, REFUNDED, DISPUTED, OTHER = "captured", "failed", "refunded", "disputed", "other"
KINDS = {
    "payment.captured": CAPTURED,
    "order.paid": CAPTURED,
    "payment.failed": FAILED,
    "refund.processed": REFUNDED,
}
METHODS = {
    "upi": "upi", "card": "card", "emi": "card", "cardless_emi": "card", "wallet": "wallet",
    "netbanking": "bank", "bank_transfer": "bank", "paylater": "bank",
}  # fmt: skip


class Notice(NamedTuple):
    """What a callback says. `order` is our order's id, `provider_order` the provider's own."""

    kind: str
    event: str
    reference: str = ""
    order: str | None = None
    provider_order: str | None = None
    amount_paise: int = 0
    currency: str = ""
    method: str = "bank"
    refund: str = ""


class BadSignature(Refused):
    """The message was not signed with the provider's secret, or too long ago."""

    def __init__(self, what: str) -> None:
        super().__init__(what, "Sign it as docs/payments.md says, with the secret in use.")


def check_generic(
    secrets: list[bytes], headers: Mapping[str, str], body: bytes, unix_s: int
) -> None:
    """Raises BadSignature unless the headers sign timestamp, nonce and body. Names lower case."""
    timestamp = headers.get("x-bijli-timestamp", "")
    nonce = headers.get("x-bijli-nonce", "")
    if not re.fullmatch(r"\d{1,12}", timestamp) or not NONCE.fullmatch(nonce):
        raise BadSignature("Timestamp or nonce is missing")
    signed = f"{timestamp}.{nonce}.".encode() + body
    version, _equals, given = headers.get("x-bijli-signature", "").partition("=")
    if version != "v1":
        raise BadSignature("The signature is not of version v1")
    _check_digest(secrets, signed, given)
    if abs(unix_s - int(timestamp)) > CLOCK_SKEW_S:
        raise BadSignature(f"The message was signed more than {CLOCK_SKEW_S} s from now")


def check_razorpay(
    secrets: list[bytes], headers: Mapping[str, str], body: bytes, _unix_s: int
) -> None:
    """Raises BadSignature unless X-Razorpay-Signature signs the body as it came."""
    _check_digest(secrets, body, headers.get("x-razorpay-signature", ""))


def _check_digest(secrets: list[bytes], signed: bytes, given: str) -> None:
    if not SIGNATURE.fullmatch(given):
        raise BadSignature("The signature is missing or not 64 hex digits")
    right = [hmac.new(secret, signed, hashlib.sha256).hexdigest() for secret in secrets]
    if not any([hmac.compare_digest(digest, given) for digest in right]):  # noqa: C419 all of them
        raise BadSignature("The signature does not fit")


def sign_generic(secret: bytes, timestamp: int, nonce: str, body: bytes) -> str:
    """The generic scheme's signature header, for those who call us and for tests."""
    signed = f"{timestamp}.{nonce}.".encode() + body
    return f"v1={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"


def read_generic(body: bytes) -> Notice:
    """Raises Refused when the body is not the generic scheme's JSON."""
    told = _read_json(body)
    event = _text(told, "event", EVENT)
    kind = KINDS.get(event, OTHER)
    if kind == OTHER:
        return Notice(kind, event)
    method = told.get("method", "bank")
    return Notice(
        kind,
        event,
        reference=_text(told, "payment", REFERENCE),
        order=_optional(told, "order"),
        amount_paise=0 if kind == FAILED else _amount(told, "amount_paise"),
        currency="" if kind == FAILED else _text(told, "currency", re.compile("[A-Z]{3}")),
        method=METHODS.get(method, "bank") if isinstance(method, str) else "bank",
        refund=_text(told, "refund", REFERENCE) if kind == REFUNDED else "",
    )


def read_razorpay(body: bytes) -> Notice:
    """Raises Refused when the body is not a Razorpay event that we know how to read."""
    told = _read_json(body)
    event = _text(told, "event", EVENT)
    kind = KINDS.get(event, DISPUTED if event.startswith("payment.dispute.") else OTHER)
    if kind == OTHER:
        return Notice(kind, event)
    payment = _entity(told, "payment")
    order = _entity(told, "order", required=False)
    refund = _entity(told, "refund") if kind == REFUNDED else {}
    money = refund or payment
    method = payment.get("method")
    return Notice(
        kind,
        event,
        reference=_text(payment, "id", REFERENCE),
        order=_our_order(payment) or _optional(order, "receipt"),
        provider_order=_optional(payment, "order_id") or _optional(order, "id"),
        amount_paise=_amount(money, "amount"),
        currency=_text(money, "currency", re.compile("[A-Z]{3}")),
        method=METHODS.get(method, "bank") if isinstance(method, str) else "bank",
        refund=_text(refund, "id", REFERENCE) if kind == REFUNDED else "",
    )


CHECKS = {"generic": check_generic, "razorpay": check_razorpay}
READERS = {"generic": read_generic, "razorpay": read_razorpay}


def read(scheme: str, body: bytes) -> Notice:
    """What a callback of the scheme says. Raises Refused when it cannot be understood."""
    return READERS[scheme](body)


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _unreadable("it is no JSON") from error
    if not isinstance(told, dict):
        raise _unreadable("it is no object")
    return told


def _entity(told: dict[str, Any], name: str, *, required: bool = True) -> dict[str, Any]:
    payload = told.get("payload")
    outer = payload.get(name) if isinstance(payload, dict) else None
    inner = outer.get("entity") if isinstance(outer, dict) else None
    if isinstance(inner, dict):
        return inner
    if required:
        raise _unreadable(f"it has no {name} entity")
    return {}


def _our_order(payment: dict[str, Any]) -> str | None:
    """Razorpay gives an empty list for no notes."""
    notes = payment.get("notes")
    return _optional(notes, "bijli_order") if isinstance(notes, dict) else None


def _text(told: dict[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise _unreadable(f"its {name} is missing or malformed")
    return value


def _optional(told: dict[str, Any], name: str) -> str | None:
    value = told.get(name)
    return value if isinstance(value, str) and REFERENCE.fullmatch(value) else None


def _amount(told: dict[str, Any], name: str) -> int:
    value = told.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= AMOUNT_MAX:
        raise _unreadable(f"its {name} is no amount in paise")
    return value


def _unreadable(why: str) -> Refused:
    return Refused(f"The callback cannot be read: {why}", "Compare it with docs/payments.md.")
