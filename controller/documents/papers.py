"""From a paper's data to its sheet, for every kind of paper. Pure."""

from collections.abc import Callable
from typing import Any

from controller.documents import (
    account_sheet,
    bill_sheet,
    receipt_sheet,
    rules,
    slip_sheet,
)
from controller.documents.sheets import Sheet, Words

MAKERS: dict[str, Callable[[Any, str, Words], Sheet]] = {
    rules.BILL: bill_sheet.make,
    rules.RECEIPT: receipt_sheet.make,
    rules.STATEMENT: account_sheet.make_statement,
    rules.LEDGER: account_sheet.make_ledger,
    rules.SLIP: slip_sheet.make,
}


def make(kind: str, data: Any, language: str, words: Words, *, copy: bool = False) -> Sheet:
    """The sheet of a paper, stamped if a copy. Raises Refused when its sums do not hold."""
    rules.check(kind, data)
    sheet = MAKERS[kind](data, language, words)
    if copy and not sheet["stamp"]:
        sheet["stamp"] = words["copy"]
    return sheet
