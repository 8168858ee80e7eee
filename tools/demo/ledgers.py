"""The office's side of the mini-grid's month: bills on paper, and whether all books agree."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tools.demo import accounts, reconcile
from tools.demo.saur import MONTH, PLANT, Calendar
from tools.demo.village import ACTOR, Home, Village

UNMETERED = ("lights", "lamps")  # flat packages: nothing is billed by the register
METERED_PREPAID = ("energy", "shop")


def balance_paise(account: str) -> int:
    """What the ledger has on an account."""
    from controller.ledger import queries

    return queries.balance_paise(account)


def close_month() -> list[str]:
    """Close the month, make its bills; a sentence for each."""
    return accounts.close_month(PLANT, MONTH)


def check_bills(v: Village) -> None:
    """Every consumer has one bill or statement, and each agrees with the meter's account."""
    from controller.billing.models import Bill

    bills = Bill.objects.filter(period__plant=PLANT, period__month=MONTH, replaced_by=None)
    v.narrator.check("one bill or statement for each", bills.count() == len(v.homes))
    odd = [f"{bill.number}: {bill.note}" for bill in bills if not bill.agrees or bill.estimated]
    v.narrator.check("none is estimated, each agrees with its board", not odd, "; ".join(odd))


def print_bills(folder: Path) -> Counter[str]:
    """The month's papers as PDF files in `folder`; how many in each language."""
    from controller.documents import queries
    from controller.documents.bills import issue_month

    folder.mkdir(exist_ok=True)
    languages: Counter[str] = Counter()
    for paper in issue_month(plant_code=PLANT, month=MONTH, actor=ACTOR):
        name = paper.subject.removeprefix("bill ")
        (folder / f"{name}.{paper.language}.pdf").write_bytes(queries.pdf(paper))
        languages[paper.language] += 1
    return languages


def close_books(v: Village, calendar: Calendar) -> dict[str, object]:
    """Seal the days, compare all books of the whole time, and say what was found."""
    from controller.ledger import queries
    from controller.ledger.models import DaySeal
    from controller.reconcile.services import run_night

    report = run_night(actor="nightly")
    for finding in report.findings:
        v.narrator.say(f"{finding['kind']}: {finding['title']} ({finding['subject']})")
    v.narrator.check(
        "the reconciliation closes to zero mismatches",
        report.mismatches == 0,
        f"{report.meters} meters, {report.spans} days of meters, {report.receipts} receipts",
    )
    v.narrator.check("no charge was left unjudged, no meter was silent",
                     report.open_spans == report.silent == 0)  # fmt: skip
    balances = queries.trial_balance()
    v.narrator.table("Trial balance", ["account", "₹"], [
        [code, f"{paise / 100:.2f}"] for code, paise in balances.items() if paise
    ])  # fmt: skip
    total_paise, breaches = sum(balances.values()), queries.verify()
    v.narrator.check("debits and credits sum to zero", total_paise == 0, f"{total_paise} paise")
    seals = DaySeal.objects.count()
    v.narrator.check("the ledger's days are sealed, and are as they were sealed",
                     seals > 0 and not breaches, f"{seals} days")  # fmt: skip
    energy = check_energy(v, calendar)
    credit = [accounts.credit_row(v.homes[role], MONTH) for role in METERED_PREPAID]
    v.narrator.table("Prepaid credit", *reconcile.credit_table(credit))
    for row in credit:
        v.narrator.check(f"{row.meter}: the row is equal", row.equal)
    return {
        "days": calendar.days,
        "mismatches": report.mismatches,
        "judged": report.spans,
        "receipts": report.receipts,
        "trial_balance": balances,
        "sealed_days": seals,
        "energy": [asdict(row) | {"equal": row.equal} for row in energy],
        "credit": [asdict(row) | {"equal": row.equal} for row in credit],
    }


def check_energy(v: Village, calendar: Calendar) -> list[reconcile.EnergyRow]:
    """What the generator delivered to each metered house is what was billed."""
    homes: list[Home] = [home for role, home in v.homes.items() if role not in UNMETERED]
    rows = [accounts.energy_row(home, calendar.end_s, calendar.start_s, MONTH) for home in homes]
    v.narrator.table("Energy at the month's end", *reconcile.energy_table(rows))
    for row in rows:
        v.narrator.check(f"{row.meter}: delivered, registered, stored and billed agree", row.equal)
    return rows
