"""The sheet of a receipt: of a payment, or of a recharge with its division and token (MG-10).

Pure.
"""

from controller import figures
from controller.documents import codes
from controller.documents.rules import ReceiptData
from controller.documents.sheets import (
    Box,
    Code,
    Sheet,
    Table,
    Words,
    blank,
    facts,
    grouped_token,
    in_unit,
    moment,
    named,
    party_facts,
    table,
    units,
)

RECHARGE = "recharge"


def make(receipt: ReceiptData, language: str, words: Words) -> Sheet:
    """What a receipt shows; a payment taken back says so across the head."""
    recharge = receipt["purpose"] == RECHARGE
    title = "recharge_receipt" if recharge else "receipt"
    sheet = blank(language, words, receipt["issuer"], title, receipt["number"])
    sheet["stamp"] = words["cancelled"] if receipt["cancelled"] else ""
    sheet["facts"] = facts(words, _pairs(receipt, words)) + party_facts(words, receipt["party"])
    amount = figures.rupees(receipt["amount_paise"])
    sheet["boxes"] = [Box(label=words["received"], text=amount, strong=True)]
    if receipt["credit"]:
        credit = in_unit(words, receipt["credit"], receipt["unit"])
        sheet["boxes"].append(Box(label=words["credit_bought"], text=credit, strong=False))
    sheet["boxes"] += _balance(receipt, words)
    if receipt["division"]:
        sheet["tables"] = [_division(receipt, words)]
    if receipt["token"] and not receipt["cancelled"]:
        sheet["token_label"] = words["token"]
        sheet["token"] = grouped_token(receipt["token"])
        sheet["key_label"] = words["key_tokens"]
        sheet["key_tokens"] = [grouped_token(token) for token in receipt.get("key_tokens", [])]
        sheet["notes"].append(words["token_note"])
    sheet["notes"].append(words["keep_receipt"])
    sheet["codes"] = [Code(caption=words["scan_to_check"], text=codes.receipt_check(receipt))]
    return sheet


def _pairs(receipt: ReceiptData, words: Words) -> list[tuple[str, str]]:
    return [
        ("receipt_number", receipt["number"]),
        ("date", moment(words, receipt["received_s"], receipt["utc_offset_min"])),
        ("purpose", named(words, "purpose", receipt["purpose"])),
        ("method", named(words, "method", receipt["method"])),
        ("reference", receipt["reference"]),
        ("point_of_sale", receipt["point_of_sale"]),
        ("clerk", receipt["clerk"]),
    ]


def _balance(receipt: ReceiptData, words: Words) -> list[Box]:
    """How the account stands afterwards; of a recharge the meter itself tells."""
    balance = receipt["balance_paise"]
    if receipt["purpose"] == RECHARGE and not balance:
        return []
    key = "due_after" if balance >= 0 else "credit_after"
    return [Box(label=words[key], text=figures.rupees(abs(balance)), strong=False)]


def _division(receipt: ReceiptData, words: Words) -> Table:
    rows = [
        [
            named(words, "part", share["kind"]),
            units(words, share["units_wh"]) if share["units_wh"] else "",
            figures.rupees(share["amount_paise"]),
        ]
        for share in receipt["division"]
    ]
    totals = [[words["total"], figures.rupees(receipt["amount_paise"])]]
    head = [words["division"], words["quantity"], words["amount"]]
    return table("", head, rows, totals)
