"""The sheet of a bank deposit: cash that a point of sale or an agent brings. Pure."""

from controller import figures
from controller.documents.rules import SlipData
from controller.documents.sheets import Box, Sheet, Words, blank, facts, moment, table


def make(slip: SlipData, language: str, words: Words) -> Sheet:
    """Notes and coins, cash in hand before and after, and two lines to sign on."""
    sheet = blank(language, words, slip["issuer"], "deposit_slip", slip["number"])
    sheet["facts"] = facts(
        words,
        [
            ("slip_number", slip["number"]),
            ("date", moment(words, slip["deposited_s"], slip["utc_offset_min"])),
            ("point_of_sale", slip["point_of_sale"]),
            ("depositor", slip["depositor"]),
            ("bank_account", slip["bank_account"]),
            ("reference", slip["reference"]),
        ],
    )
    left = slip["in_hand_paise"] - slip["deposited_paise"]
    sheet["boxes"] = [
        Box(label=words[key], text=figures.rupees(paise), strong=key == "deposited")
        for key, paise in (
            ("in_hand_before", slip["in_hand_paise"]),
            ("deposited", slip["deposited_paise"]),
            ("in_hand_after", left),
        )
    ]
    rows = [
        [
            figures.rupees(row["value_paise"]),
            figures.grouped(row["count"]),
            figures.rupees(row["value_paise"] * row["count"]),
        ]
        for row in slip["notes"]
    ]
    totals = [[words["total"], figures.rupees(slip["deposited_paise"])]]
    head = [words[key] for key in ("denomination", "count", "amount")]
    sheet["tables"] = [table("", head, rows, totals)]
    sheet["signatures"] = [words["signature_depositor"], words["signature_bank"]]
    return sheet
