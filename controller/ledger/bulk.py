"""Posts many entries of one kind in few statements, for runs that post a million.

What `services.post` does entry by entry, for who knows that none of them was posted before: it
shares the day's lock, checks and triggers, and the database refuses a reference that is there.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction

from controller import clock
from controller.bulk import insert_rows
from controller.errors import Refused
from controller.ledger import rules, services
from controller.ledger.models import Entry, Transfer

ENTRIES_MAX = 50_000  # in one call; what is held in memory at once

ENTRY_COLUMNS = ("id", "kind", "reference", "at_s", "day", "text", "actor")
TRANSFER_COLUMNS = ("entry_id", "position", "debit_id", "credit_id", "amount_paise")


class NewEntry(NamedTuple):
    """One entry to post; its transfers by account ids (`services.open_accounts`), paise > 0."""

    reference: str
    text: str
    transfers: Sequence[tuple[int, int, int]]


@transaction.atomic
def post_many(*, kind: str, entries: Sequence[NewEntry], actor: str) -> list[int]:
    """Posts the entries, all or none, and returns their ids in the same order.

    Raises Refused for more than ENTRIES_MAX, for an entry that cannot be posted and for a
    reference that is used already. The text of each stays below rules.TEXT_MAX.
    """
    if len(entries) > ENTRIES_MAX:
        raise Refused(f"{len(entries)} entries are too many at once", f"Use {ENTRIES_MAX}.")
    for entry in entries:
        _check(kind, entry)
    at_s = clock.now_s()
    day = services.hold_day(at_s)
    ids = _new_ids(len(entries))
    try:
        with transaction.atomic():
            insert_rows(Entry, ENTRY_COLUMNS, _entry_rows(ids, entries, kind, at_s, day, actor))
            insert_rows(Transfer, TRANSFER_COLUMNS, _transfer_rows(ids, entries))
    except IntegrityError as error:
        raise Refused(
            f"Of these entries of kind {kind} one is posted already, or names no account",
            "Post what is not yet posted.",
        ) from error
    return ids


def _check(kind: str, entry: NewEntry) -> None:
    rules.check_head(kind, entry.reference, entry.text)
    if not 1 <= len(entry.transfers) <= rules.TRANSFERS_MAX:
        raise Refused(f"{entry.reference} has no transfers, or too many", "Use 1 to 100.")
    for debit, credit, paise in entry.transfers:
        if debit == credit or not 1 <= paise <= rules.AMOUNT_MAX_PAISE:
            raise Refused(f"{entry.reference} has a transfer that cannot be", "Correct it.")


def _entry_rows(
    ids: list[int], entries: Sequence[NewEntry], kind: str, at_s: int, day: date, actor: str
) -> Iterator[tuple[Any, ...]]:
    for identity, entry in zip(ids, entries, strict=True):
        yield identity, kind, entry.reference, at_s, day, entry.text, actor


def _transfer_rows(ids: list[int], entries: Sequence[NewEntry]) -> Iterator[tuple[Any, ...]]:
    for identity, entry in zip(ids, entries, strict=True):
        for position, transfer in enumerate(entry.transfers):
            yield identity, position, *transfer


def _new_ids(count: int) -> list[int]:
    """Ids for so many entries, from the database's own sequence: nobody else gets them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(name) FROM generate_series(1, %s),"
                " CAST(pg_get_serial_sequence('ledger_entry', 'id') AS regclass) AS name",
                [count],
            )
            return [row[0] for row in cursor.fetchall()]
        # Nobody else writes while this transaction lasts; inserting them moves the sequence on.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = 'ledger_entry'")
        last = (cursor.fetchone() or [0])[0]
        return list(range(last + 1, last + 1 + count))
