"""Papers to set: the same small village's bill, receipts, statement, ledger page and slip."""

import copy

MADE_S = 217_000_000  # 16 Nov 2026, 19:16 in India
DAY_S = 86_400
LANGUAGES = ("en", "hi", "ml")
NAMES = {"en": "Sunita Devi", "hi": "श्रीमती सुनीता देवी", "ml": "സുനിത ദേവി"}
ISSUER = {
    "name": "Katsa Mini Grid",
    "address": "Katsa, Gaya, Bihar 823001",
    "phone": "0631 222 0111",
    "upi_address": "katsa@upi",
}


def party(language="en"):
    return {
        "consumer_id": "BHKATS01112",
        "name": NAMES[language],
        "address": "Ward 3, Katsa",
        "meter_id": "KATS0001",
        "package_id": "A2.1 (24) / 500 / 0",
    }


def charge(kind, quantity, price, amount_paise, first_day=0, days=0, text=""):
    return {
        "kind": kind,
        "quantity": quantity,
        "price": price,
        "amount_paise": amount_paise,
        "first_day": first_day,
        "days": days,
        "text": text,
    }


def bill(language="en", **changed):
    charges = [
        charge("energy", 50_000, 450, 22_500),
        charge("fixed", 500, 4_000, 2_000, days=31),
        charge("duty", 22_500, 500, 1_125),
        charge("rebate", 22_500, -125, -281),
        charge("instalment", 1, 50_000, 50_000, text="LED TV"),
    ]
    data = {
        "issuer": ISSUER,
        "party": party(language),
        "number": "BHKATS01112-2026-10",
        "month": "2026-10",
        "issued_s": MADE_S,
        "due_s": MADE_S + 15 * DAY_S,
        "utc_offset_min": 330,
        "spans": [
            {
                "meter_id": "KATS0001",
                "begin_s": MADE_S - 31 * DAY_S,
                "begin_wh": 1_234_567,
                "end_s": MADE_S,
                "end_wh": 1_284_567,
                "message": "1/3456",
                "digest": "ab12cd34ef567890" + "0" * 48,
            }
        ],
        "units_wh": 50_000,
        "charges": charges,
        "total_paise": 75_344,
        "carried_paise": 123_450,
        "paid_paise": 100_000,
        "estimated": False,
        "note": "",
        "account": None,
        "history": [{"month": f"2026-{past:02}", "units_wh": past * 5_000} for past in (8, 9, 10)],
    }
    return data | changed


def receipt(language="en", **changed):
    data = {
        "issuer": ISSUER,
        "party": party(language),
        "number": "R-2026-000123",
        "received_s": MADE_S,
        "utc_offset_min": 330,
        "amount_paise": 12_34_567_89,
        "method": "upi",
        "purpose": "bill",
        "point_of_sale": "Katsa bazaar",
        "clerk": "meena",
        "reference": "612345678901",
        "balance_paise": 12_345,
        "division": [],
        "credit": 0,
        "unit": "",
        "token": "",
        "cancelled": False,
    }
    return data | changed


def recharge(language="en", **changed):
    division = [("instalment", 10_000, 0), ("fixed", 4_000, 0), ("arrears", 5_000, 0),
                ("lifeline", 2_500, 0), ("energy", 28_500, 61_244)]  # fmt: skip
    data = receipt(language) | {
        "amount_paise": 50_000,
        "method": "cash",
        "purpose": "recharge",
        "reference": "",
        "balance_paise": 0,
        "division": [
            {"kind": kind, "amount_paise": amount_paise, "units_wh": units_wh}
            for kind, amount_paise, units_wh in division
        ],
        "credit": 61_244,
        "unit": "Wh",
        "token": "12345678901234567890",
    }
    return data | changed


def rows(count=3):
    kinds = [("Electricity bill", 10_000, 0), ("Payment", 0, 5_000), ("Late charge", 150, 0)]
    return [
        {
            "at_s": MADE_S + number * DAY_S,
            "kind": "",
            "text": kinds[number % 3][0],
            "reference": f"R-{number:04}",
            "debit_paise": kinds[number % 3][1],
            "credit_paise": kinds[number % 3][2],
        }
        for number in range(count)
    ]


def statement(language="en", count=3):
    postings = rows(count)
    moved = sum(row["debit_paise"] - row["credit_paise"] for row in postings)
    return {
        "issuer": ISSUER,
        "party": party(language),
        "number": "S-2026-0001",
        "issued_s": MADE_S,
        "from_s": MADE_S - 30 * DAY_S,
        "until_s": MADE_S,
        "utc_offset_min": 330,
        "opening_paise": -20_000,
        "rows": postings,
        "closing_paise": moved - 20_000,
    }


def ledger(language="en", count=3):
    data = copy.deepcopy(statement(language, count))
    del data["party"]
    return data | {"account": "income:energy", "seal": "9f86d081884c7d65"}


def slip(language="en"):
    return {
        "issuer": ISSUER,
        "number": "D-2026-0042",
        "deposited_s": MADE_S,
        "utc_offset_min": 330,
        "point_of_sale": "Katsa bazaar",
        "depositor": "Meena Kumari",
        "bank_account": "State Bank, Gaya, …4821",
        "reference": "",
        "notes": [
            {"value_paise": 50_000, "count": 24},
            {"value_paise": 10_000, "count": 35},
            {"value_paise": 1_000, "count": 7},
        ],
        "in_hand_paise": 1_600_000,
        "deposited_paise": 1_557_000,
    }


ALL = {
    "bill": bill,
    "receipt": recharge,
    "statement": statement,
    "ledger": ledger,
    "slip": slip,
}
