"""What a version of a tariff charges, in words: every slab, charge and subsidy with its clause."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from controller import figures
from controller.console.queries import DAYS
from controller.console.sheets import Cell, Section, Table, number
from controller.console.words import say
from controller.consumers.identity import EVERY_DAY
from controller.tariffs import explain
from controller.tariffs.models import TariffVersion

BETWEEN = " · "
HOUR_MIN = 60


def version_section(version: TariffVersion) -> Section:
    """One version under the day from which it counts."""
    revision = f" ({version.revision})" if version.revision > 1 else ""
    heading = say("From {0}", f"{version.valid_from}{revision}")
    rows = list(_rows(version))
    return Section(heading, Table([say("What"), say("Price")], rows), text=version.order)


def _rows(version: TariffVersion) -> Iterator[list[Cell]]:
    record, currency = version.record, version.tariff.currency
    for kind, label, small, paise in _prices(version):
        clause = version.clauses.get(kind, "")
        parts = BETWEEN.join(part for part in (*small, clause) if part)
        yield [Cell(label, small=parts), number(explain.show_money(paise, currency))]
    shares = [
        ("surcharge", say("Regulatory surcharge on the energy charge"), record["surcharge_bp"]),
        ("duty", say("Electricity duty on the energy charge"), record["duty_bp"]),
        ("rebate", say("Rebate for paying in time"), record["rebate_bp"]),
        ("prepaid_rebate", say("Rebate for paying ahead"), version.prepaid_rebate_bp),
        ("late_charge", say("Late charge a month"), version.late_charge_bp),
    ]
    for kind, label, share_bp in shares:
        if share_bp:
            yield [Cell(label, small=version.clauses.get(kind, "")), number(_percent(share_bp))]
    for subsidy in version.subsidies:
        yield _subsidy(subsidy, currency)


def _percent(share_bp: int) -> str:
    return f"{figures.decimal(share_bp, 2)} %"


def _prices(version: TariffVersion) -> Iterator[tuple[str, str, Sequence[str], int]]:
    """(kind of line, what, further words, paise) of all that has a price."""
    record = version.record
    for table in record["tables"]:
        yield from _slabs(table)
    if record["fixed_per_kw_paise"]:
        basis = record["fixed_basis_pct"]
        small = [] if basis == 100 else [say("on {0} % of the sanctioned load", basis)]
        label = say("Fixed charge a kW and month")
        yield "fixed", label, small, record["fixed_per_kw_paise"]
    for phases in (1, 3):
        for span, paise in _spans(record[f"fixed_by_units_{phases}ph"], say("units")):
            yield "service", say("Fixed charge a month, {0} phase", phases), [span], paise
    for span, paise in _spans(record["minimum_per_kw"], "kW"):
        yield "minimum", say("Minimum a kW and month"), [span], paise
    for rate, paise in enumerate(record["rate_adder_paise"], start=1):
        if paise:
            yield "rate", _rate_name(version, rate), _hours(record["rate_bands"], rate), paise


def _slabs(table: list[Any]) -> Iterator[tuple[str, str, Sequence[str], int]]:
    upper, is_telescopic, slabs = table
    small = [] if is_telescopic else [say("counts for all units of the month")]
    small += [say("in a month of up to {0} units", upper)] if upper else []
    above = 0
    for bound, paise in slabs:
        text = say("Units {0} to {1}", above + 1, bound) if bound else _above(above)
        yield "energy", text, small, paise
        above = bound or above


def _above(units: int) -> str:
    return say("Units above {0}", units) if units else say("Every unit")


def _spans(rows: Iterable[Sequence[Any]], unit: str) -> Iterator[tuple[str, int]]:
    """(from where to where, paise) of rows with an upper bound each."""
    above = 0
    for bound, paise in rows:
        upper = say("up to {0} {1}", bound, unit)
        yield (upper if bound else say("above {0} {1}", above, unit) if above else ""), paise
        above = bound or above


def _rate_name(version: TariffVersion, rate: int) -> str:
    names = version.rate_names
    name = names[rate - 1] if rate <= len(names) else str(rate)
    return say("On top a unit in the hours: {0}", name)


def _hours(bands: Iterable[Sequence[int]], rate: int) -> list[str]:
    return [
        f"{_days(mask)} {_clock(start)}–{_clock(end)}".strip()
        for mask, start, end, of in bands
        if of == rate
    ]


def _clock(minute: int) -> str:
    return f"{minute // HOUR_MIN:02}:{minute % HOUR_MIN:02}"


def _days(mask: int) -> str:
    if mask & EVERY_DAY == EVERY_DAY:
        return ""
    days = [say(day) for place, day in enumerate(DAYS) if mask >> place & 1]
    return ", ".join([*days, *([say("special days")] if mask > EVERY_DAY else [])])


def _subsidy(subsidy: dict[str, Any], currency: str) -> list[Cell]:
    up_to = subsidy["up_to_units"]
    small = [subsidy["clause"]] if subsidy["clause"] else []
    if up_to is not None:
        small.insert(0, say("in a month of up to {0} units", up_to))
    if subsidy["kind"] == "percent":
        amount = _percent(subsidy["amount"])
    else:
        amount = explain.show_money(subsidy["amount"], currency)
        amount = say("{0} a unit", amount) if subsidy["kind"] == "per_unit" else amount
    label = say("Paid for the consumer: {0}", subsidy["name"])
    return [Cell(label, small=BETWEEN.join(small)), number(amount)]
