"""How many bills a second are set as PDF, one file each, on all cores. Prints JSON.

`python -m tools.bench.papers [--bills 1000] [--workers 2] [--language hi]`
From the bill's data to the bytes of its PDF: layout in words, square codes, type. Without
`--language` every third bill is in each language. Reads no database and writes no file.
"""

import argparse
import json
import os
import resource
import time
from collections.abc import Iterator
from typing import Any

from controller.documents import batch, papers
from controller.documents.rules import BILL, BillData, Charge, Issuer, Party
from controller.words.lists import LANGUAGES, word_list

ISSUED_S = 217_000_000
MADE_UNIX_S = 1_790_000_000
MIB = 1024 * 1024
ISSUER = Issuer(
    name="Katsa Mini Grid",
    address="Katsa, Bihar",
    phone="0631 222 0111",
    upi_address="katsa@upi",
)


def main() -> None:
    """Sets all bills once, after the workers have set one each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bills", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--language", choices=sorted(LANGUAGES), default=None)
    options = parser.parse_args()
    print(json.dumps(measure(options.bills, options.workers, options.language), indent=2))


def measure(bills: int, workers: int, language: str | None = None) -> dict[str, Any]:
    """`pdf_per_s` of wall-clock time, starting the workers included."""
    languages = [language] if language else sorted(LANGUAGES)
    begin_s = time.perf_counter()
    size = count = 0
    for pdf in batch.print_many(_jobs(bills, languages), workers):
        size += len(pdf)
        count += 1
    took_s = time.perf_counter() - begin_s
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    largest_worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "pdf_per_s": round(count / took_s, 1),
        "bills": count,
        "workers": workers,
        "languages": languages,
        "pdf_bytes_mean": size // count,
        "peak_mib": round((ours + largest_worker * workers) * 1024 / MIB, 1),
    }


def _jobs(bills: int, languages: list[str]) -> Iterator[batch.Job]:
    for number in range(bills):
        spoken = languages[number % len(languages)]
        sheet = papers.make(BILL, bill_data(number), spoken, word_list("paper", spoken))
        yield sheet, MADE_UNIX_S


def bill_data(number: int) -> BillData:
    """A bill as most are: three slabs, fixed charge, duty, surcharge, rebate, a year's bars."""
    used_wh = 60_000 + number * 137 % 90_000
    end_wh = 1_000_000 + number * 7_919 % 900_000
    charges = [
        _charge("energy", 50_000, 450, 22_500),
        _charge("energy", used_wh - 50_000, 550, (used_wh - 50_000) * 550 // 1000),
        _charge("fixed", 500, 4_000, 2_000, days=31),
        _charge("surcharge", 45_000, 428, 1_926),
        _charge("duty", 45_000, 500, 2_250),
        _charge("rebate", 45_000, -125, -563),
    ]
    return BillData(
        issuer=ISSUER,
        party=_party(number),
        number=f"BHKATS{number % 100_000:05}-2026-10",
        month="2026-10",
        issued_s=ISSUED_S,
        due_s=ISSUED_S + 15 * 86_400,
        utc_offset_min=330,
        spans=[
            {
                "meter_id": f"KATS{number:06}",
                "begin_s": ISSUED_S - 31 * 86_400,
                "begin_wh": end_wh - used_wh,
                "end_s": ISSUED_S,
                "end_wh": end_wh,
                "message": f"1/{number}",
                "digest": f"{number:064x}",
            }
        ],
        units_wh=used_wh,
        charges=charges,
        total_paise=sum(charge["amount_paise"] for charge in charges),
        carried_paise=10_000,
        paid_paise=10_000,
        estimated=False,
        note="",
        account=None,
        history=[
            {"month": f"2026-{past:02}", "units_wh": 50_000 + past * number % 80_000}
            for past in range(1, 11)
        ],
    )


def _party(number: int) -> Party:
    return Party(
        consumer_id=f"BHKATS{number % 100_000:05}",
        name=f"Consumer {number}",
        address=f"House {number}, Katsa",
        meter_id=f"KATS{number:06}",
        package_id="A2.1 (24) / 500 / 0",
    )


def _charge(kind: str, quantity: int, price: int, amount_paise: int, days: int = 0) -> Charge:
    return Charge(
        kind=kind,
        quantity=quantity,
        price=price,
        amount_paise=amount_paise,
        first_day=0,
        days=days,
        text="",
    )


if __name__ == "__main__":
    main()
