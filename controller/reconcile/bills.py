"""Bills against the ledger: each is owed once and whole, and one that was made anew is undone."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef

from controller.billing.models import Bill
from controller.ledger.models import Entry, Transfer
from controller.reconcile.rules import BILL, Mismatch

ENTRY_KIND = "bill"
BILLS_AT_ONCE = 2_000  # a month of a large utility is issued on one day


class _Owed(NamedTuple):
    """A bill: what it itself charges whom, and which bill took its place."""

    number: str
    consumer_id: str
    total_paise: int
    replaced_by: str | None


def compare(from_s: int, until_s: int) -> Iterator[Mismatch]:
    """Bills issued, and entries of bills posted, at board times in between."""
    issued = Bill.objects.filter(
        kind=Bill.Kind.BILL, issued_s__gte=from_s, issued_s__lt=until_s
    ).order_by("number")
    owed = F("total_paise") - F("charged_paise")
    rows = issued.values_list("number", "connection__consumer", owed, "replaced_by")
    waiting = rows.iterator(chunk_size=BILLS_AT_ONCE)
    while piece := [_Owed._make(row) for row in islice(waiting, BILLS_AT_ONCE)]:
        yield from _compare_piece(piece)
    yield from _without_bill(from_s, until_s)


def _compare_piece(bills: Sequence[_Owed]) -> Iterator[Mismatch]:
    entries = Entry.objects.filter(kind=ENTRY_KIND, reference__in=[bill.number for bill in bills])
    posted = _charged(list(entries.values_list("pk", flat=True)))
    undone = set(entries.filter(reversals__isnull=False).values_list("reference", flat=True))
    for bill in bills:
        on_consumer = posted.get(bill.number, {}).get(f"consumer:{bill.consumer_id}", 0)
        if on_consumer != bill.total_paise:
            yield _mismatch(bill, on_consumer, "is not posted as it was made")
        elif bill.total_paise and (bill.replaced_by is not None) != (bill.number in undone):
            yield _mismatch(bill, on_consumer, "is undone in the one book and not in the other")


def _charged(entry_ids: Sequence[int]) -> dict[str, dict[str, int]]:
    """By bill, what its entry puts on each account."""
    charged: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    found = Transfer.objects.filter(entry__in=entry_ids)
    for number, debit, credit, paise in found.values_list(
        "entry__reference", "debit__code", "credit__code", "amount_paise"
    ):
        charged[number][debit] += paise
        charged[number][credit] -= paise
    return charged


def _mismatch(bill: _Owed, posted_paise: int, what: str) -> Mismatch:
    return Mismatch(
        BILL,
        f"consumer {bill.consumer_id}",
        f"{BILL}:{bill.number}",
        f"Bill {bill.number} {what}",
        {**bill._asdict(), "posted_paise": posted_paise},
    )


def _without_bill(from_s: int, until_s: int) -> Iterator[Mismatch]:
    posted = Entry.objects.filter(kind=ENTRY_KIND, at_s__gte=from_s, at_s__lt=until_s)
    orphans = posted.filter(~Exists(Bill.objects.filter(number=OuterRef("reference"))))
    for entry in orphans.order_by("pk"):
        yield Mismatch(
            BILL,
            f"entry {entry.pk}",
            f"{BILL}:{entry.reference}",
            f"Bill {entry.reference} is in the ledger and was never made",
            {"entry": entry.pk, "number": entry.reference, "posted_by": entry.actor},
        )
