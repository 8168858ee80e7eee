"""The sheet of a bill, and of a prepaid consumer's statement of a month (MG-8, MG-10). Pure."""

from controller import figures
from controller.documents import codes, rules
from controller.documents.rules import BillData, Charge
from controller.documents.sheets import (
    Bar,
    Box,
    Code,
    Sheet,
    Table,
    Words,
    blank,
    day,
    facts,
    in_unit,
    month,
    named,
    party_facts,
    table,
    units,
)

PER_UNIT = ("energy", "rate")
PER_KW = ("fixed", "minimum")
PERCENT = ("surcharge", "duty", "rebate", "late charge")
BARS_MAX = 12


def make(bill: BillData, language: str, words: Words) -> Sheet:
    """What a bill shows; who owes nothing gets no code to pay by."""
    prepaid = bill["account"] is not None
    title = "prepaid_statement" if prepaid else "bill"
    sheet = blank(language, words, bill["issuer"], title, bill["number"])
    sheet["facts"] = party_facts(words, bill["party"]) + facts(
        words,
        [
            ("bill_number", bill["number"]),
            ("month", month(words, bill["month"])),
            ("issued", day(words, bill["issued_s"], bill["utc_offset_min"])),
        ],
    )
    sheet["boxes"] = _boxes(bill, words)
    sheet["tables"] = [_readings(bill, words), _charges(bill, words)]
    sheet["bars_title"] = words["history"] if bill["history"] else ""
    sheet["bars"] = _bars(bill, words)
    sheet["codes"] = _codes(bill, words)
    notes = [
        *_clauses(bill, words),
        words["estimated"] if bill["estimated"] else "",
        words["for_information"] if prepaid else "",
        bill["note"],
        words["check_note"],
    ]
    sheet["notes"] = [note for note in notes if note]
    return sheet


def _boxes(bill: BillData, words: Words) -> list[Box]:
    used = Box(label=words["units_used"], text=figures.decimal(bill["units_wh"], 3), strong=False)
    account = bill["account"]
    if account is not None:
        left = in_unit(words, account["balance"], account["unit"])
        bought = in_unit(words, account["bought"], account["unit"])
        return [
            used,
            Box(label=words["bought"], text=bought, strong=False),
            Box(label=words["balance"], text=left, strong=True),
        ]
    payable = rules.payable_paise(bill)
    if payable <= 0:
        return [used, Box(label=words["payable"], text=words["nothing_payable"], strong=True)]
    due = day(words, bill["due_s"], bill["utc_offset_min"]) or words["on_receipt"]
    return [
        used,
        Box(label=words["due"], text=due, strong=False),
        Box(label=words["payable"], text=figures.rupees(payable), strong=True),
    ]


def _readings(bill: BillData, words: Words) -> Table:
    """Registers with their days; a meter that was changed in the month has a row of its own."""
    offset_min = bill["utc_offset_min"]
    rows = []
    for span in bill["spans"]:
        begun = day(words, span["begin_s"], offset_min) or words["new_meter"]
        ended = day(words, span["end_s"], offset_min)
        rows.append(
            [
                span["meter_id"],
                f"{figures.kwh(span['begin_wh'])}\n{begun}",
                f"{figures.kwh(span['end_wh'])}\n{ended}",
                figures.decimal(span["end_wh"] - span["begin_wh"], 3),
            ]
        )
    head = [words[key] for key in ("meter", "reading_begin", "reading_end", "units_used")]
    return table(words["readings"], head, rows)


def _charges(bill: BillData, words: Words) -> Table:
    """Every line from what and at which rate, then the account up to what is payable."""
    head = [words[key] for key in ("charges", "quantity", "rate", "amount")]
    rows = [_charge(line, words) for line in bill["charges"]]
    totals = [[words["bill_amount"], figures.rupees(bill["total_paise"])]]
    if bill["account"] is None:
        carried, paid = bill["carried_paise"], bill["paid_paise"]
        if carried:
            key = "carried" if carried > 0 else "carried_credit"
            totals.insert(0, [words[key], figures.rupees(carried)])
        if paid:
            totals.insert(len(totals) - 1, [words["paid_since"], figures.rupees(-paid)])
        if carried or paid:
            totals.append([words["payable"], figures.rupees(rules.payable_paise(bill))])
    return table("", head, rows, totals)


def _charge(line: Charge, words: Words) -> list[str]:
    """One line: what it is for, on what, at which rate, how much."""
    kind, quantity, price = line["kind"], line["quantity"], line["price"]
    name = named(words, "line", kind)
    if line["text"]:
        name = f"{name}: {line['text']}"
    if line.get("clause"):
        name += f"{figures.NARROW_SPACE}[{line['clause']}]"
    on, rate = "", ""
    if kind in PER_UNIT:
        on, rate = units(words, quantity), words["per_unit"].format(price=figures.rupees(price))
    elif kind in PER_KW:
        on, rate = figures.watts(quantity), words["per_kw"].format(price=figures.rupees(price))
    elif kind == "service":
        on, rate = "", words["per_month"].format(price=figures.rupees(price))
    elif kind in PERCENT:
        on = words["on_amount"].format(base=figures.rupees(quantity))
        rate = f"{figures.decimal(abs(price), 2)}{figures.NARROW_SPACE}%"
    return [name, _with_days(on, line, words), rate, figures.rupees(line["amount_paise"])]


def _clauses(bill: BillData, words: Words) -> list[str]:
    """What the marks behind the lines stand for."""
    return [
        f"[{number}] "
        + ", ".join(
            part
            for part in (
                clause["clause"],
                words["by_tariff"].format(tariff=clause["tariff"], day=clause["valid_from"]),
            )
            if part
        )
        for number, clause in enumerate(bill.get("clauses", []), start=1)
    ]


def _with_days(on: str, line: Charge, words: Words) -> str:
    """Of which days of the month a line speaks, where it is not the whole."""
    first, days = line["first_day"], line["days"]
    if first and days:
        part = words["day_from_to"].format(first=first, last=first + days - 1)
    else:
        part = words["days"].format(days=days) if days else ""
    return ", ".join(text for text in (on, part) if text)


def _bars(bill: BillData, words: Words) -> list[Bar]:
    shown = bill["history"][-BARS_MAX:]
    longest_wh = max([past["units_wh"] for past in shown] + [1])
    return [
        Bar(
            label=words[f"month_{int(past['month'][5:])}"],
            text=figures.decimal(past["units_wh"], 3).partition(".")[0],
            part=past["units_wh"] * 1000 // longest_wh,
        )
        for past in shown
    ]


def _codes(bill: BillData, words: Words) -> list[Code]:
    link = codes.upi_link(bill["issuer"], rules.payable_paise(bill), bill["number"])
    check = Code(caption=words["scan_to_check"], text=codes.bill_check(bill))
    return [Code(caption=words["scan_to_pay"], text=link), check] if link else [check]
