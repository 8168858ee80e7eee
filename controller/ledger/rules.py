"""What accounts there are, what an entry must be, and how a day is sealed. Pure.

Amounts are paise, always positive: the direction of a transfer says who gives and who gets, so
that debits equal credits by construction.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from controller.errors import Refused

ASSET, LIABILITY, INCOME, EXPENSE = "asset", "liability", "income", "expense"
# The word before the colon decides the kind of an account; docs/ledger.md says what each holds.
ACCOUNT_KINDS: Mapping[str, str] = {
    "consumer": ASSET,
    "cash": ASSET,
    "bank": ASSET,
    "clearing": ASSET,
    "deposit": LIABILITY,
    "prepaid": LIABILITY,
    "debt": ASSET,
    "payable": LIABILITY,
    "income": INCOME,
    "expense": EXPENSE,
}
WITHOUT_NAME = frozenset({"bank"})
ACCOUNT_CODE = re.compile(r"([a-z]+)(?::([A-Za-z0-9][A-Za-z0-9_.-]{0,39}))?")

REVERSAL = "reversal"
KIND = re.compile(r"[a-z][a-z_]{0,23}")
REFERENCE = re.compile(r"[\x21-\x7e]{1,100}")
TEXT_MAX = 200
TRANSFERS_MAX = 100
AMOUNT_MAX_PAISE = 10**13  # ₹10,000 crore: sums of a million of them still fit into 64 bits

GENESIS = "0" * 64


class Move(NamedTuple):
    """One transfer by account codes: `amount_paise` > 0 from the credit to the debit account."""

    debit: str
    credit: str
    amount_paise: int

    def turned(self) -> "Move":
        """What undoes it."""
        return Move(self.credit, self.debit, self.amount_paise)


def account_kind(code: str) -> str:
    """The kind of account that a code names. Raises Refused."""
    match = ACCOUNT_CODE.fullmatch(code)
    kind = ACCOUNT_KINDS.get(match[1]) if match else None
    if match is None or kind is None or (match[2] is None) != (match[1] in WITHOUT_NAME):
        raise Refused(
            f"{code!r} is no account",
            f"Use bank, or one of {', '.join(sorted(set(ACCOUNT_KINDS) - WITHOUT_NAME))}"
            " with a name, as consumer:BHKATS01112.",
        )
    return kind


def check_entry(
    kind: str, reference: str, text: str, transfers: Iterable[Sequence[str | int]]
) -> list[Move]:
    """The transfers of an entry that can be posted. Raises Refused."""
    check_head(kind, reference, text)
    moves = [_check_move(transfer) for transfer in transfers]
    if not 1 <= len(moves) <= TRANSFERS_MAX:
        raise Refused(f"An entry cannot have {len(moves)} transfers", f"Use 1 to {TRANSFERS_MAX}.")
    return moves


def check_head(kind: str, reference: str, text: str) -> None:
    """Raises Refused for a kind, a reference or a text that an entry cannot have."""
    if not KIND.fullmatch(kind) or kind == REVERSAL:
        raise Refused(f"{kind!r} is no kind of entry", "Use small letters; reversals are made.")
    if not REFERENCE.fullmatch(reference):
        raise Refused(
            f"{reference!r} is no reference", "Use up to 100 printable characters, no space."
        )
    check_text(text)


def check_text(text: str) -> None:
    """Raises Refused for an entry that does not say what it is, or says too much."""
    if not text.strip() or len(text) > TEXT_MAX:
        raise Refused("An entry says what it is", f"Give it 1 to {TEXT_MAX} characters of text.")


def _check_move(transfer: Sequence[str | int]) -> Move:
    debit, credit, amount_paise = transfer
    if isinstance(amount_paise, bool) or not isinstance(amount_paise, int):
        raise Refused(f"{amount_paise!r} is no amount", "Use whole paise.")
    if not 1 <= amount_paise <= AMOUNT_MAX_PAISE:
        raise Refused(
            f"A transfer of {amount_paise} paise is out of range",
            f"Use 1 to {AMOUNT_MAX_PAISE}; leave out what is nothing, turn what is negative.",
        )
    if debit == credit:
        raise Refused(f"A transfer cannot go from {debit} to itself", "Name two accounts.")
    return Move(str(debit), str(credit), amount_paise)


# --- the chain of days -------------------------------------------------------------------------


class Posted(NamedTuple):
    """One entry as it is sealed, with its transfers in their order."""

    id: int
    kind: str
    reference: str
    at_s: int
    day: date
    text: str
    actor: str
    reverses: int | None
    transfers: list[Move]


def chain_digest(previous: str, day: date, entries: Iterable[Posted]) -> tuple[str, int]:
    """SHA-256 over the hash before, the day, and a line of JSON an entry; and how many they are.

    A hash holds what all the days before it said: to change one day is to change all after it.
    """
    digest = hashlib.sha256(f"{previous} {day.isoformat()}\n".encode())
    count = 0
    for entry in entries:
        digest.update(_canonical_line(entry))
        count += 1
    return digest.hexdigest(), count


def _canonical_line(entry: Posted) -> bytes:
    values = [*entry[:4], entry.day.isoformat(), *entry[5:]]
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
