"""Stores drafted bills and tells the ledger of them, thousands at a time."""

import json
from collections.abc import Sequence

from controller.billing import drafting
from controller.billing.drafting import Draft, Standing, Transfer
from controller.billing.models import Bill
from controller.bulk import insert_rows
from controller.ledger.bulk import NewEntry, post_many
from controller.ledger.services import open_accounts

_to_json = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` makes one each time
BILL, EARNING = "bill", "earning"  # kinds of entries, by the bill's number

# A bill, whose it is, and how the consumer stood before it.
Made = tuple[Draft, str, Standing]


def post_drafts(made: Sequence[Made], actor: str) -> None:
    """Adds the bills as they are drafted, and what the ledger is told of each."""
    insert_rows(Bill, Draft._fields, (_row(of) for of, _consumer, _standing in made))
    owed = {of.number: drafting.transfers(of, consumer) for of, consumer, _standing in made}
    _post(BILL, "Bill", owed, actor)
    _post(EARNING, "Credit used", {row[0].number: drafting.earnings(*row) for row in made}, actor)


def _post(kind: str, word: str, told: dict[str, list[Transfer]], actor: str) -> None:
    ids = open_accounts({code for moves in told.values() for move in moves for code in move[:2]})
    entries = [
        NewEntry(number, f"{word} {number}",
                 [(ids[debit], ids[credit], paise) for debit, credit, paise in moves])
        for number, moves in told.items()
        if moves
    ]  # fmt: skip
    post_many(kind=kind, entries=entries, actor=actor)


def _row(of: Draft) -> tuple[object, ...]:
    values = of._asdict()
    for name in ("begin_wh", "end_wh", "lines"):
        values[name] = _to_json(values[name])
    return tuple(values.values())
