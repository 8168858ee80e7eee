"""What a tariff version's terms come to, beside the rating itself. Pure.

A subsidy and the late charge are lines of the controller alone (docs/tariffs.md says why); what
the board rates, too, is protocol.rating.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from controller.errors import Refused
from protocol import cbor, rating
from protocol.errors import RatingError
from protocol.rating import share

RECORD_BYTES_MAX = 700  # leaves room for the rest of a programme (1,024 bytes)
PAISE_MAX = 1_000_000
UNITS_MAX = 1_000_000
TABLES_MAX = 6
BP_PER_WHOLE = 10_000
WH_PER_UNIT = 1_000

# The kinds of lines for which a tariff may name the clause that asks for them.
LINE_NAMES = {
    rating.LINE_ENERGY: "energy",
    rating.LINE_RATE: "rate",
    rating.LINE_FIXED: "fixed",
    rating.LINE_SERVICE: "service",
    rating.LINE_SURCHARGE: "surcharge",
    rating.LINE_DUTY: "duty",
    rating.LINE_MINIMUM: "minimum",
    rating.LINE_REBATE: "rebate",
}
CLAUSED = (*LINE_NAMES.values(), "prepaid_rebate", "late_charge")


class Subsidy(NamedTuple):
    """One line after rating: `amount_paise` is negative, `quantity` Wh, paise or 1 by its kind."""

    name: str
    kind: str
    quantity: int
    price: int
    amount_paise: int
    clause: str


def check_record(names: dict[str, Any]) -> dict[str, Any]:
    """The record with all its names. Raises Refused when it cannot be rated or programmed."""
    try:
        record = rating.from_names(names)
    except RatingError as error:
        raise Refused(str(error), "Correct the tariff and add it again.") from error
    size = len(cbor.encode(record))
    if size > RECORD_BYTES_MAX:
        raise Refused(
            f"The tariff takes {size} bytes, a meter has room for {RECORD_BYTES_MAX}",
            "Use fewer slabs or bands.",
        )
    return rating.to_names(record)


def prepaid_record(
    record: Mapping[str, Any], tariff_rebate_bp: int | None, profile_rebate_bp: int
) -> dict[str, Any]:
    """The record as a prepaid account is charged by it (UP-2).

    The tariff's own prepaid rebate counts; where it has none, the profile's or the tariff's for
    paying in time, whichever is larger, because who is prepaid always pays in time.
    """
    rebate_bp = tariff_rebate_bp
    if rebate_bp is None:
        rebate_bp = max(profile_rebate_bp, record["rebate_bp"])
    return {**record, "rebate_bp": rebate_bp}


def subsidy_lines(
    subsidies: Iterable[Mapping[str, Any]],
    lines: Sequence[Sequence[int]],
    units_wh: int,
    day: int,
    days: int,
) -> list[Subsidy]:
    """What others pay of a bill whose rated `lines` are [kind, quantity, price, paise].

    A fixed subsidy is for `day` of `days` of the month. Each line is rounded once, half up; all
    together never exceed the bill.
    """
    left = max(0, sum(line[3] for line in lines))
    found = []
    for subsidy in subsidies:
        if subsidy["up_to_units"] is not None and units_wh > subsidy["up_to_units"] * WH_PER_UNIT:
            continue
        quantity, paise = _subsidised(subsidy, lines, units_wh, day, days)
        if subsidy["max_paise"] is not None:
            paise = min(paise, subsidy["max_paise"])
        paise = min(paise, left)
        left -= paise
        if paise:
            found.append(
                Subsidy(
                    subsidy["name"], subsidy["kind"], quantity, subsidy["amount"], -paise,
                    subsidy["clause"],
                )
            )  # fmt: skip
    return found


def _subsidised(
    subsidy: Mapping[str, Any], lines: Sequence[Sequence[int]], units_wh: int, day: int, days: int
) -> tuple[int, int]:
    amount = subsidy["amount"]
    if subsidy["kind"] == "fixed":
        return 1, share(amount, day, days)
    if subsidy["kind"] == "percent":
        base = _energy(lines) if subsidy["of"] == "energy" else sum(line[3] for line in lines)
        return base, share(max(0, base), amount, BP_PER_WHOLE)
    quantity = units_wh
    if subsidy["units_limit"] is not None:
        quantity = min(quantity, subsidy["units_limit"] * WH_PER_UNIT)
    return quantity, share(quantity, amount, WH_PER_UNIT)


def _energy(lines: Sequence[Sequence[int]]) -> int:
    of_energy = (rating.LINE_ENERGY, rating.LINE_RATE)
    return sum(line[3] for line in lines if line[0] in of_energy)


def rate(
    record: Mapping[str, Any],
    rate_wh: Sequence[int],
    load_w: int,
    phases: int,
    day: int,
    days: int,
) -> list[list[int]]:
    """The lines of a month by a record in names, as the board would rate them (docs/rating.md)."""
    return rating.bill_lines(rating.from_names(record), rate_wh, load_w, phases, day, days)
