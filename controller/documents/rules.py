"""What each kind of paper is made of: its data as JSON, the same whatever language it is read in.

Whoever issues a paper fills one of these shapes; `documents.services.issue` keeps it. Energies are
Wh, money is paise, times are board time (s). Pure; knows no layout and no words.
"""

import re
from collections.abc import Iterable
from typing import Any, NotRequired, TypedDict

from controller.errors import Refused

BILL, RECEIPT, STATEMENT, SLIP, LEDGER = "bill", "receipt", "statement", "slip", "ledger"
KINDS = (BILL, RECEIPT, STATEMENT, SLIP, LEDGER)
ROWS_MAX = 5_000  # rows of a paper: what goes beyond is issued in parts
TEXT_MAX = 300  # characters of any one text on a paper
DEPTH_MAX = 6  # how deep data may nest
TOKEN = re.compile("[0-9]{20}")
SECRETS = ("token", "key_tokens")  # of a receipt: kept sealed


class Issuer(TypedDict):
    """The utility, as it signs its papers. `upi_address` is empty where it takes no UPI."""

    name: str
    address: str
    phone: str
    upi_address: str


class Party(TypedDict):
    """The consumer that a paper is about; what is not known is empty."""

    consumer_id: str
    name: str
    address: str
    meter_id: str
    package_id: str


class Span(TypedDict):
    """A meter's register between two readings; `begin_s` 0: the meter was new.

    `message` names the meter's signed message of the last reading (`epoch/counter`), `digest` is
    the SHA-256 of it in hex; both are empty where a person has read the meter.
    """

    meter_id: str
    begin_s: int
    begin_wh: int
    end_s: int
    end_wh: int
    message: str
    digest: str


class Clause(TypedDict):
    """What asks for a line: the clause, the tariff's code, and the first day of its version."""

    clause: str
    tariff: str
    valid_from: str


class Charge(TypedDict):
    """A line of a bill, as billing keeps it (docs/billing.md).

    `first_day` 0: the whole month; `days` 0: days do not matter. `text` is what is sold where no
    tariff names it. `clause` counts the bill's clauses from 1; 0: no tariff asks for it.
    """

    kind: str
    quantity: int
    price: int
    amount_paise: int
    first_day: int
    days: int
    text: str
    clause: NotRequired[int]


class Credit(TypedDict):
    """A prepaid account over the month, in `unit` (`Wh`, `paise` or `days`)."""

    unit: str
    bought: int
    used: int
    balance: int


class MonthUse(TypedDict):
    """Units of a past month, for the bill's bars."""

    month: str
    units_wh: int


class BillData(TypedDict):
    """A bill (MG-8, MG-9), or, with `account`, a prepaid consumer's statement of the month.

    `due_s` 0: due on receipt. `carried_paise` is owed from before (below 0: in credit) and
    `paid_paise` was paid since; payable = carried - paid + total. For a statement nothing is.
    """

    issuer: Issuer
    party: Party
    number: str
    month: str
    issued_s: int
    due_s: int
    utc_offset_min: int
    spans: list[Span]
    units_wh: int
    charges: list[Charge]
    clauses: NotRequired[list[Clause]]
    total_paise: int
    carried_paise: int
    paid_paise: int
    estimated: bool
    note: str
    account: Credit | None
    history: list[MonthUse]


class Share(TypedDict):
    """A part of a recharge: `kind` as in the word list's `part_…`, `units_wh` 0 where none."""

    kind: str
    amount_paise: int
    units_wh: int


class ReceiptData(TypedDict):
    """A receipt of a payment or a recharge (MG-10): the primary proof of payment.

    `method` and `purpose` are those of payments. `balance_paise` is what the account owes
    afterwards (below 0: in credit). `division` says what a recharge became (UP-4, UP-8), their
    sum is the amount; `credit` and `unit` are what the meter gets. `token` has 20 digits, or is
    empty; `key_tokens` are those that must be keyed in before it, where the meter's key is new.
    """

    issuer: Issuer
    party: Party
    number: str
    received_s: int
    utc_offset_min: int
    amount_paise: int
    method: str
    purpose: str
    point_of_sale: str
    clerk: str
    reference: str
    balance_paise: int
    division: list[Share]
    credit: int
    unit: str
    token: str
    key_tokens: NotRequired[list[str]]
    cancelled: bool


class Posting(TypedDict):
    """A row of a statement or ledger page; one of the two amounts is 0.

    `kind` is that of the ledger's entry; `text` is what it says where no word list knows the kind.
    """

    at_s: int
    kind: str
    text: str
    reference: str
    debit_paise: int
    credit_paise: int


class StatementData(TypedDict):
    """A consumer's account over a time (MG-10b): charged is debit, paid is credit."""

    issuer: Issuer
    party: Party
    number: str
    issued_s: int
    from_s: int
    until_s: int
    utc_offset_min: int
    opening_paise: int
    rows: list[Posting]
    closing_paise: int


class LedgerData(TypedDict):
    """A page of the utility's own ledger: one account over a time; `seal` is the last day's."""

    issuer: Issuer
    account: str
    number: str
    issued_s: int
    from_s: int
    until_s: int
    utc_offset_min: int
    opening_paise: int
    rows: list[Posting]
    closing_paise: int
    seal: str


class Notes(TypedDict):
    """So many notes or coins of one value."""

    value_paise: int
    count: int


class SlipData(TypedDict):
    """Money that a point of sale or an agent takes to the bank; `notes` empty: not counted out."""

    issuer: Issuer
    number: str
    deposited_s: int
    utc_offset_min: int
    point_of_sale: str
    depositor: str
    bank_account: str
    reference: str
    notes: list[Notes]
    in_hand_paise: int
    deposited_paise: int


def payable_paise(bill: BillData) -> int:
    """What a bill asks for: below 0 when the consumer is in credit, 0 for a prepaid account."""
    if bill["account"] is not None:
        return 0
    return bill["carried_paise"] - bill["paid_paise"] + bill["total_paise"]


def check(kind: str, data: Any) -> None:
    """Raises Refused when a paper's sums do not hold, or it has more than a paper can bear."""
    if kind not in KINDS:
        raise Refused(f"{kind!r} is no kind of paper", f"Choose of {', '.join(KINDS)}.")
    _check_size(data, 0)
    if kind == BILL:
        _agree("lines", (line["amount_paise"] for line in data["charges"]), data["total_paise"])
    elif kind == RECEIPT:
        _check_receipt(data)
    elif kind == SLIP and data["notes"]:
        counted = (row["value_paise"] * row["count"] for row in data["notes"])
        _agree("notes and coins", counted, data["deposited_paise"])
    elif kind in (STATEMENT, LEDGER):
        moves = (row["debit_paise"] - row["credit_paise"] for row in data["rows"])
        _agree("rows", moves, data["closing_paise"] - data["opening_paise"])


def _check_receipt(data: ReceiptData) -> None:
    tokens = [token for token in (data["token"], *data.get("key_tokens", [])) if token]
    if not all(TOKEN.fullmatch(token) for token in tokens):
        raise Refused("A token has not 20 digits", "Print the receipt again from the sale.")
    if data["division"]:
        parts = (share["amount_paise"] for share in data["division"])
        _agree("parts", parts, data["amount_paise"])


def _agree(what: str, parts: Iterable[int], total_paise: int) -> None:
    found = sum(parts)
    if found != total_paise:
        raise Refused(
            f"The {what} of the paper sum to {found} paise, its total is {total_paise}",
            "Nothing was printed; look for the wrong entry.",
        )


def _check_size(value: Any, depth: int) -> None:
    """Lists, texts and nesting have bounds: a paper is read by people."""
    if depth > DEPTH_MAX or (isinstance(value, list) and len(value) > ROWS_MAX):
        raise Refused(f"A paper holds at most {ROWS_MAX} rows", "Issue it in parts.")
    if isinstance(value, str) and len(value) > TEXT_MAX:
        raise Refused(f"A text on a paper has at most {TEXT_MAX} characters", "Shorten it.")
    inner: Iterable[Any] = ()
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list):
        inner = value
    for part in inner:
        _check_size(part, depth + 1)
