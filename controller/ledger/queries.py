"""Balances, statements, and whether the books are what they were. A balance is always a sum.

Everywhere a balance is debits less credits: what a consumer owes is positive on `consumer:…`,
what we owe is negative on `deposit:…`, `prepaid:…` and `payable:…`, income is negative.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Q, Sum

from controller.audit.models import AuditEvent
from controller.bulk import Among
from controller.errors import Refused
from controller.ledger import rules
from controller.ledger.models import Account, DaySeal, Entry, Transfer
from controller.ledger.rules import Move, Posted

STATEMENT_LINES_MAX = 10_000
ROWS_AT_ONCE = 10_000
HEAD_FIELDS = len(Posted._fields) - 1  # all but the transfers
SEAL_ACTION = "seal day"


def find_entry(kind: str, reference: str) -> Entry | None:
    """The entry of this kind and reference, if it was posted."""
    return Entry.objects.filter(reference=reference, kind=kind).first()


def moves(entry: Entry) -> list[Move]:
    """The transfers of an entry by account codes, in their order."""
    found = entry.transfers.order_by("position")
    return [Move(*row) for row in found.values_list("debit__code", "credit__code", "amount_paise")]


# --- balances -----------------------------------------------------------------------------------


def balance_paise(code: str) -> int:
    """Debits less credits of one account; 0 where none was opened. Raises Refused."""
    return balances([code])[code]


def balances(codes: Iterable[str]) -> dict[str, int]:
    """Debits less credits of each of these accounts. Raises Refused."""
    wanted = dict.fromkeys(codes, 0)
    for code in wanted:
        rules.account_kind(code)
    found = dict(Account.objects.filter(Among("code", wanted)).values_list("pk", "code"))
    for pk, paise in _moved(list(found)):
        wanted[found[pk]] += paise
    return wanted


def _moved(account_ids: list[int]) -> Iterable[tuple[int, int]]:
    """Debits (> 0) and credits (< 0) of the accounts, in one statement.

    The ids stand in it: for ids from a subquery PostgreSQL reckons with an average account, which
    with a few of income on every bill is so busy that it would read all transfers for each.
    """
    transfers = Transfer.objects.order_by()
    given = transfers.filter(Among("debit", account_ids)).values_list("debit")
    taken = transfers.filter(Among("credit", account_ids)).values_list("credit")
    return given.annotate(paise=Sum("amount_paise")).union(
        taken.annotate(paise=-Sum("amount_paise")), all=True
    )


def balances_of(word: str) -> dict[str, int]:
    """Of all accounts of one word, e.g. `consumer`, that were ever used; in one query."""
    return _sums(Q(code__startswith=f"{word}:"))


def trial_balance() -> dict[str, int]:
    """Of all accounts, by code; the sum of all is 0."""
    return dict(sorted(_sums(Q()).items()))


def _sums(which: Q) -> dict[str, int]:
    """One statement, so that it sees one moment."""
    accounts = Account.objects.filter(which).order_by()
    given = accounts.values_list("code").annotate(paise=Sum("debits__amount_paise"))
    taken = accounts.values_list("code").annotate(paise=-Sum("credits__amount_paise"))
    totals: dict[str, int] = {}
    for code, paise in given.union(taken, all=True):
        totals[code] = totals.get(code, 0) + (paise or 0)
    return totals


# --- statements ---------------------------------------------------------------------------------


class StatementLine(NamedTuple):
    """One transfer as one account sees it, with the account at its other end."""

    entry: Entry
    other: str
    debit_paise: int
    credit_paise: int
    balance_paise: int


class Statement(NamedTuple):
    """An account's lines from `opening_paise` to `closing_paise`, the oldest first."""

    code: str
    opening_paise: int
    lines: list[StatementLine]
    closing_paise: int


def statement(code: str, from_s: int, until_s: int) -> Statement:
    """What happened to an account at board times from `from_s` up to before `until_s`.

    Raises Refused for what is no account, and beyond STATEMENT_LINES_MAX lines.
    """
    rules.account_kind(code)
    account = Account.objects.filter(code=code).first()
    if account is None:
        return Statement(code, 0, [], 0)
    opening = _balance_before(account, from_s)
    transfers = Transfer.objects.filter(Q(debit=account) | Q(credit=account))
    found = transfers.filter(entry__at_s__gte=from_s, entry__at_s__lt=until_s)
    found = found.select_related("entry", "debit", "credit").order_by(
        "entry__at_s", "entry_id", "position"
    )
    rows = list(found[: STATEMENT_LINES_MAX + 1])
    if len(rows) > STATEMENT_LINES_MAX:
        raise Refused(
            f"{code} has more than {STATEMENT_LINES_MAX} lines in this time", "Ask for less."
        )
    lines: list[StatementLine] = []
    balance = opening
    for row in rows:
        is_debit = row.debit_id == account.pk
        debit, credit = (row.amount_paise, 0) if is_debit else (0, row.amount_paise)
        balance += debit - credit
        other = row.credit.code if is_debit else row.debit.code
        lines.append(StatementLine(row.entry, other, debit, credit, balance))
    return Statement(code, opening, lines, balance)


def _balance_before(account: Account, before_s: int) -> int:
    earlier = Transfer.objects.filter(entry__at_s__lt=before_s)
    debited = earlier.filter(debit=account).aggregate(paise=Sum("amount_paise"))["paise"]
    credited = earlier.filter(credit=account).aggregate(paise=Sum("amount_paise"))["paise"]
    return (debited or 0) - (credited or 0)


# --- the chain of days --------------------------------------------------------------------------


class Breach(NamedTuple):
    """A day whose entries are not what was sealed, and how that shows."""

    day: date
    what: str


def verify(known: Mapping[date, str] | None = None) -> list[Breach]:
    """Reads all sealed days again; what is not as it was sealed, the oldest first.

    `known`: hashes of days that were kept apart from this database. Only they, or the audit
    trail, can tell when the last seals were made anew.
    """
    breaches: list[Breach] = []
    previous = rules.GENESIS
    seals = list(DaySeal.objects.order_by("day"))
    for seal in seals:
        breaches += _check_seal(seal, previous)
        previous = seal.digest
    return sorted([*breaches, *_unsealed(seals), *_forgotten(seals, known or {})])


def _check_seal(seal: DaySeal, previous: str) -> Iterator[Breach]:
    if seal.previous != previous:
        yield Breach(seal.day, "its seal does not follow the one before")
    digest, count = rules.chain_digest(seal.previous, seal.day, posted_on(seal.day))
    standing = Entry.objects.filter(day=seal.day).count()
    if not seal.entries == count == standing:
        yield Breach(seal.day, f"{standing} entries instead of {seal.entries}")
    if digest != seal.digest:
        yield Breach(seal.day, "the entries are not those that were sealed")


def _unsealed(seals: list[DaySeal]) -> list[Breach]:
    """Entries on days before the last sealed one that were never sealed."""
    if not seals:
        return []
    late = Entry.objects.filter(day__lt=seals[-1].day).exclude(day__in=[s.day for s in seals])
    days = late.order_by("day").values_list("day", flat=True).distinct()
    return [Breach(day, "there are entries that came after its time") for day in days]


def _forgotten(seals: list[DaySeal], known: Mapping[date, str]) -> Iterator[Breach]:
    """Seals that the audit trail or somebody else tells of, and that do not stand so."""
    standing = {seal.day: seal.digest for seal in seals}
    events = AuditEvent.objects.filter(action=SEAL_ACTION).values_list("detail", flat=True)
    told = [(date.fromisoformat(event["day"]), event["digest"]) for event in events]
    for day, digest in [*told, *known.items()]:
        if standing.get(day) != digest:
            yield Breach(day, "its seal is not the one that was made")


def posted_on(day: date) -> Iterator[Posted]:
    """The entries of a local day in their order, with their transfers, read piece by piece."""
    rows: Iterator[tuple[Any, ...]] = _rows_of(day).iterator(chunk_size=ROWS_AT_ONCE)
    for head, group in groupby(rows, key=lambda row: row[:HEAD_FIELDS]):
        yield Posted._make([*head, [Move._make(row[HEAD_FIELDS:]) for row in group]])


def _rows_of(day: date) -> Any:
    head = ("kind", "reference", "at_s", "day", "text", "actor", "reverses_id")
    return (
        Transfer.objects.filter(entry__day=day)
        .order_by("entry_id", "position")
        .values_list(
            "entry_id",
            *(f"entry__{name}" for name in head),
            "debit__code",
            "credit__code",
            "amount_paise",
        )
    )
