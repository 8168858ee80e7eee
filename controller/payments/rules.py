"""What a payment must look like, which account holds it, and how a receipt is numbered. Pure."""

import re
from datetime import UTC, datetime, timedelta

from controller.errors import Conflict, Refused
from controller.figures import rupees
from protocol.limits import EPOCH_UNIX_S

AMOUNT_PAISE_MAX = 10_000_000_000  # ₹10 crore in one payment
KEY = re.compile(r"[!-~]{8,120}")
POINT_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,15}")
PROVIDER_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,15}")
SLIP = re.compile(r"\S.{1,59}")
REASON_MIN, REASON_MAX = 3, 200  # characters of a reason that a person writes
UNVERIFIED_MAX = 3  # deposits of one point that head office has not yet seen
CURRENCY = "INR"


def check_amount(amount_paise: int) -> None:
    """Raises Refused unless it is 1 paisa to ₹10 crore."""
    if not 1 <= amount_paise <= AMOUNT_PAISE_MAX:
        raise Refused(
            f"A payment of {rupees(amount_paise)} cannot be taken",
            f"Take {rupees(1)} to {rupees(AMOUNT_PAISE_MAX)}.",
        )


def check_key(key: str) -> None:
    """Raises Refused unless the idempotency key is 8 to 120 printable characters."""
    if not KEY.fullmatch(key):
        raise Refused(
            "The payment has no proper idempotency key",
            "Send 8 to 120 printable characters without spaces, new for each payment.",
        )


def check_choice(of: str, value: str, known: list[str]) -> None:
    """Raises Refused unless `value` is one of the words known."""
    if value not in known:
        raise Refused(f"{value!r} is no {of}", f"Use one of {', '.join(known)}.")


def check_reason(reason: str) -> None:
    """Raises Refused unless a person wrote a few words."""
    if not REASON_MIN <= len(reason.strip()) <= REASON_MAX:
        raise Refused("A reason is missing", f"Write {REASON_MIN} to {REASON_MAX} characters.")


def check_part(amount_paise: int, dues_paise: int, *, is_part_allowed: bool) -> None:
    """MG-9: whether less than all dues may be paid is the utility's choice. Raises Refused."""
    if not is_part_allowed and amount_paise < dues_paise:
        raise Refused(
            f"{rupees(amount_paise)} is less than the dues of {rupees(dues_paise)}, and"
            " part payment is not allowed",
            f"Take {rupees(dues_paise)}.",
        )


def check_same(first: tuple[object, ...], again: tuple[object, ...], key: str) -> None:
    """Raises Conflict when a key that was used comes back with other content."""
    if first != again:
        raise Conflict(
            f"The key {key!r} was used for another payment",
            "Use a new key for a new payment, the same content for the same one.",
        )


def check_room(held_paise: int, amount_paise: int, ceiling_paise: int | None, code: str) -> None:
    """Raises Refused when a point of sale would hold more than its ceiling."""
    if ceiling_paise is not None and held_paise + amount_paise > ceiling_paise:
        raise Refused(
            f"{code} holds {rupees(held_paise)} and may hold {rupees(ceiling_paise)}",
            "Deposit money in the bank and log the deposit, then take this payment.",
        )


def holding_account(point: str, method: str, provider: str | None) -> str:
    """The ledger account that gets the money: cash in hand, or what is yet to reach the bank."""
    if provider is not None:
        return f"clearing:{provider}"
    return f"cash:{point}" if method == "cash" else f"clearing:{point}"


def receipt_number(point: str, year: int, number: int) -> str:
    """`KATS1-2026-000123`: point of sale, year, and a number without gaps in it."""
    return f"{point}-{year}-{number:06}"


def local_year(at_s: int, utc_offset_min: int) -> int:
    """The calendar year at a place, of a board time."""
    at = datetime.fromtimestamp(at_s + EPOCH_UNIX_S, tz=UTC)
    return (at + timedelta(minutes=utc_offset_min)).year
