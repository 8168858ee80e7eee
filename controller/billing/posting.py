"""Stores drafted bills and tells the ledger of them, thousands at a time."""

import json
from collections.abc import Sequence

from controller.billing import drafting
from controller.billing.drafting import Draft, Standing
from controller.billing.models import Bill
from controller.bulk import insert_rows
from controller.ledger.bulk import NewEntry, post_many
from controller.ledger.services import open_accounts

ENTRY_KIND = "bill"

# A bill, whose it is, and how the consumer stood before it.
Made = tuple[Draft, str, Standing]


def post_drafts(made: Sequence[Made], actor: str) -> None:
    """Adds the bills as they are drafted, and an entry of the ledger for each that is payable."""
    insert_rows(Bill, Draft._fields, (_row(of) for of, _consumer, _standing in made))
    told = [(of, drafting.transfers(of, consumer, standing)) for of, consumer, standing in made]
    ids = open_accounts({code for _of, moves in told for move in moves for code in move[:2]})
    entries = [
        NewEntry(of.number, f"Bill {of.number}",
                 [(ids[debit], ids[credit], paise) for debit, credit, paise in moves])
        for of, moves in told
        if moves
    ]  # fmt: skip
    post_many(kind=ENTRY_KIND, entries=entries, actor=actor)


def _row(of: Draft) -> tuple[object, ...]:
    values = of._asdict()
    for name in ("begin_wh", "end_wh", "lines"):
        values[name] = json.dumps(values[name], separators=(",", ":"))
    return tuple(values.values())
