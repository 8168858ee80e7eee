"""The sheets of an account over a time: a consumer's statement (MG-10b) and a page of the ledger.

Pure.
"""

from controller import figures
from controller.documents.rules import LedgerData, Posting, StatementData
from controller.documents.sheets import (
    Box,
    Sheet,
    Table,
    Words,
    blank,
    day,
    facts,
    party_facts,
    table,
)


def make_statement(data: StatementData, language: str, words: Words) -> Sheet:
    """What was charged and paid, each row with the balance after it."""
    sheet = blank(language, words, data["issuer"], "statement", data["number"])
    sheet["facts"] = party_facts(words, data["party"]) + _times(data, words)
    sheet["boxes"] = _ends(data, words)
    sheet["tables"] = [_table(data, ("charged", "paid"), words)]
    sheet["notes"] = [words["owes"]]
    return sheet


def make_ledger(data: LedgerData, language: str, words: Words) -> Sheet:
    """Debits and credits of one account, sealed by the day's link of the ledger's chain."""
    sheet = blank(language, words, data["issuer"], "ledger_page", data["number"])
    sheet["facts"] = facts(words, [("account", data["account"])]) + _times(data, words)
    sheet["boxes"] = _ends(data, words)
    sheet["tables"] = [_table(data, ("debit", "credit"), words)]
    seal = words["sealed"].format(seal=data["seal"]) if data["seal"] else ""
    sheet["notes"] = [note for note in (words["balance_side"], seal) if note]
    return sheet


def _times(data: StatementData | LedgerData, words: Words) -> list[list[str]]:
    """`until_s` is the first second no longer in it: the day before is the last."""
    offset_min = data["utc_offset_min"]
    first = day(words, data["from_s"], offset_min)
    last = day(words, data["until_s"] - 1, offset_min)
    issued = day(words, data["issued_s"], offset_min)
    return facts(
        words, [("number", data["number"]), ("period", f"{first} – {last}"), ("issued", issued)]
    )


def _ends(data: StatementData | LedgerData, words: Words) -> list[Box]:
    return [
        Box(label=words["opening"], text=figures.rupees(data["opening_paise"]), strong=False),
        Box(label=words["closing"], text=figures.rupees(data["closing_paise"]), strong=True),
    ]


def _table(data: StatementData | LedgerData, sides: tuple[str, str], words: Words) -> Table:
    rows = [["", words["opening"], "", "", "", figures.rupees(data["opening_paise"])]]
    balance_paise = data["opening_paise"]
    for posting in data["rows"]:
        balance_paise += posting["debit_paise"] - posting["credit_paise"]
        rows.append(_row(posting, data["utc_offset_min"], balance_paise, words))
    debits = sum(posting["debit_paise"] for posting in data["rows"])
    credits_ = sum(posting["credit_paise"] for posting in data["rows"])
    totals = [
        [words["total"], figures.rupees(debits), figures.rupees(credits_), ""],
        [words["closing"], figures.rupees(data["closing_paise"])],
    ]
    head = [words[key] for key in ("date", "particulars", "reference", *sides, "balance")]
    return table("", head, rows, totals, left=3, wide=1)


def _row(posting: Posting, offset_min: int, balance_paise: int, words: Words) -> list[str]:
    return [
        day(words, posting["at_s"], offset_min),
        words.get(f"posting_{posting['kind']}") or posting["text"],
        posting["reference"],
        figures.rupees(posting["debit_paise"]) if posting["debit_paise"] else "",
        figures.rupees(posting["credit_paise"]) if posting["credit_paise"] else "",
        figures.rupees(balance_paise),
    ]
