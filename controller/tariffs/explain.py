"""Explains a bill: for every line, from what it comes and by which clause of the tariff. Pure.

A sentence is a message and its values, so that page and paper say it in any language; `say` does
in English. This module must not know bills, consumers or languages beside that.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from controller import figures
from controller.tariffs.rules import Subsidy

WH_PER_UNIT = 1_000
ENERGY, RATE = "energy", "rate"


class Terms(NamedTuple):
    """What the lines were charged by: a tariff version's record (docs/rating.md) and its words."""

    record: Mapping[str, Any]
    clauses: Mapping[str, str] = {}
    rate_names: Sequence[str] = ()
    order: str = ""
    currency: str = "INR"


class Supply(NamedTuple):
    """Who was charged: sanctioned load, phases, the month's Wh at rates 0–3, the month's days."""

    load_w: int
    phases: int
    rate_wh: Sequence[int]
    month_days: int


class Line(NamedTuple):
    """A line of a bill: quantity and price as docs/rating.md has them for the kind."""

    kind: str
    quantity: int
    price: int
    amount_paise: int
    first_day: int = 0
    days: int = 0
    text: str = ""


class Sentence(NamedTuple):
    """What is to be said: `message` names the form, `values` fill it; numbers in Wh, W, paise.

    `clause` is the clause that asks for it, as the tariff names it, or the order as a whole.
    `amount_paise` is None where a sentence explains how the next ones were chosen.
    """

    message: str
    values: dict[str, int | str]
    clause: str
    amount_paise: int | None


class Basis(NamedTuple):
    """Where a line is ordered. A package with a price of its own has no tariff, late charges by
    the utility's own setting and instalments have neither; `valid_from` is the version's date.
    """

    clause: str = ""
    tariff: str = ""
    name: str = ""
    valid_from: str = ""
    order: str = ""
    package: str = ""


class Reason(NamedTuple):
    """Why one line stands there: what was computed, and where that is ordered."""

    sentences: Sequence[Sentence]
    basis: Basis


def explain(lines: Iterable[Line], terms: Terms, supply: Supply) -> list[Sentence]:
    """A sentence for each line of one part of a bill, in their order, and one for the table."""
    sentences = []
    rates = iter(_rates(terms, supply))
    for is_energy, group in groupby(lines, lambda line: line.kind == ENERGY):
        if is_energy:
            sentences += _energy(list(group), terms)
            continue
        for line in group:
            message, values = _message(line, terms, supply, rates)
            clause = terms.clauses.get(line.kind.replace(" ", "_"), terms.order)
            sentences.append(Sentence(message, values, clause, line.amount_paise))
    return sentences


def _energy(lines: list[Line], terms: Terms) -> list[Sentence]:
    """The slabs of the table that the month's total has chosen."""
    total_wh = sum(line.quantity for line in lines)
    tables = terms.record["tables"]
    clause = terms.clauses.get(ENERGY, terms.order)
    index = next(i for i, table in enumerate(tables) if _holds(table[0], total_wh))
    upper, is_telescopic, slabs = tables[index]
    sentences = []
    if len(tables) > 1:
        above = tables[index - 1][0] if index else 0
        values = _bounds({"units_wh": total_wh}, above, upper)
        sentences.append(Sentence(_bounded("table", values), values, clause, None))
    for number, line in enumerate(lines):
        values = {"units_wh": line.quantity, "price_paise": line.price}
        message = "energy.all"
        if is_telescopic and len(slabs) > 1:
            values = _bounds(values, slabs[number - 1][0] if number else 0, slabs[number][0])
            message = _bounded("energy", values)
        elif not is_telescopic:
            row = next(i for i, slab in enumerate(slabs) if _holds(slab[0], total_wh))
            values = _bounds(values, slabs[row - 1][0] if row else 0, slabs[row][0])
            message = _bounded("energy.whole", values)
        sentences.append(Sentence(message, values, clause, line.amount_paise))
    return sentences


def _holds(upper_units: int | None, total_wh: int) -> bool:
    return upper_units is None or total_wh <= upper_units * WH_PER_UNIT


def _bounds(
    values: dict[str, int | str], above: int | None, upper: int | None
) -> dict[str, int | str]:
    """With the bounds that there are, in units."""
    found = {name: units for name, units in (("above", above), ("upper", upper)) if units}
    return {**values, **found}


def _bounded(message: str, values: Mapping[str, int | str]) -> str:
    """Which bounds the sentence names: energy.first, energy.between, energy.above, energy.all."""
    if "upper" in values:
        return f"{message}.between" if "above" in values else f"{message}.first"
    return f"{message}.above" if "above" in values else f"{message}.all"


def _rates(terms: Terms, supply: Supply) -> list[int]:
    """The rates that have a line, in the order of the lines."""
    adders = terms.record["rate_adder_paise"]
    return [rate for rate in (1, 2, 3) if adders[rate - 1] and supply.rate_wh[rate]]


def _message(
    line: Line, terms: Terms, supply: Supply, rates: Iterable[int]
) -> tuple[str, dict[str, int | str]]:
    days: dict[str, int | str] = {
        "days": line.days or supply.month_days,
        "month_days": supply.month_days,
    }
    if line.kind == RATE:
        rate = next(iter(rates), 0)
        known = 0 < rate <= len(terms.rate_names)
        name = terms.rate_names[rate - 1] if known else f"rate {rate}"
        return "rate", {"name": name, "units_wh": line.quantity, "price_paise": line.price}
    if line.kind == "fixed":
        percent = terms.record["fixed_basis_pct"]
        values = {"load_w": line.quantity, "price_paise": line.price, **days}
        if percent == 100:
            return "fixed", values
        return "fixed.share", {**values, "sanctioned_w": supply.load_w, "percent": percent}
    if line.kind == "service":
        return _service(line, terms, supply.phases, days)
    if line.kind == "minimum":
        return "minimum", {"load_w": line.quantity, "price_paise": line.price, **days}
    if line.kind in ("surcharge", "duty", "rebate", "late charge"):
        share = {"base_paise": line.quantity, "share_bp": abs(line.price)}
        return line.kind.replace(" ", "_"), {**share}
    return "other", {"text": line.text or line.kind}


def explain_subsidies(subsidies: Iterable[Subsidy]) -> list[Sentence]:
    """A sentence for each line of `rules.subsidy_lines`."""
    sentences = []
    for subsidy in subsidies:
        values: dict[str, int | str] = {"name": subsidy.name}
        if subsidy.kind == "percent":
            values |= {"base_paise": subsidy.quantity, "share_bp": subsidy.price}
        else:
            values |= {"units_wh": subsidy.quantity, "price_paise": subsidy.price}
        message = f"subsidy.{subsidy.kind}"
        sentences.append(Sentence(message, values, subsidy.clause, subsidy.amount_paise))
    return sentences


def _service(
    line: Line, terms: Terms, phases: int, days: dict[str, int | str]
) -> tuple[str, dict[str, int | str]]:
    rows = terms.record["fixed_by_units_1ph" if phases == 1 else "fixed_by_units_3ph"]
    total_wh = line.quantity
    index = next((i for i, row in enumerate(rows) if _holds(row[0], total_wh)), 0)
    values: dict[str, int | str] = {"price_paise": line.price, "units_wh": total_wh, **days}
    values = _bounds(values, rows[index - 1][0] if index else 0, rows[index][0])
    return _bounded("service", values), values


ENGLISH = {
    "table.first": "{units} units are a month of up to {upper}: the prices for that apply",
    "table.between": "{units} units are a month of more than {above} and up to {upper}: the prices"
    " for that apply",
    "table.above": "{units} units are a month of more than {above}: the prices for that apply",
    "energy.all": "{units} units at {price} each",
    "energy.first": "{units} units, of the first {upper}, at {price} each",
    "energy.between": "{units} units, of those above {above} up to {upper}, at {price} each",
    "energy.above": "{units} units, of those above {above}, at {price} each",
    "energy.whole.all": "All {units} units at {price} each",
    "energy.whole.first": "All {units} units at {price} each, the price of a month of up to"
    " {upper}",
    "energy.whole.between": "All {units} units at {price} each, the price of a month of more than"
    " {above} and up to {upper}",
    "energy.whole.above": "All {units} units at {price} each, the price of a month of more than"
    " {above}",
    "rate": "{name}: {units} units at {price} each on top",
    "fixed": "Fixed charge on the sanctioned load of {load}: {price} a kW and month, {period}",
    "fixed.share": "Fixed charge on {load}, {percent} % of the sanctioned load of {sanctioned}:"
    " {price} a kW and month, {period}",
    "service.all": "Fixed charge of {price} a month, {period}",
    "service.first": "Fixed charge of a month of up to {upper} units, {price}, {period}",
    "service.between": "Fixed charge of a month of more than {above} and up to {upper} units,"
    " {price}, {period}",
    "service.above": "Fixed charge of a month of more than {above} units, {price}, {period}",
    "surcharge": "Regulatory surcharge of {share} % on the energy charge of {base}",
    "duty": "Electricity duty of {share} % on the energy charge of {base}",
    "minimum": "Raised to the minimum for {load}: {price} a kW and month, {period}; duty and"
    " surcharge are part of it",
    "rebate": "Rebate of {share} % on {base}",
    "late_charge": "Late charge of {share} % on {base} overdue",
    "subsidy.per_unit": "{name}: {units} units at {price} each are paid for you",
    "subsidy.percent": "{name}: {share} % of {base} is paid for you",
    "subsidy.fixed": "{name}: {price} a month is paid for you",
    "other": "{text}",
}


def say(sentence: Sentence, currency: str = "INR") -> str:
    """The sentence in English, with its amount and clause where there are any."""
    text = ENGLISH[sentence.message].format(**shown(sentence.values, currency))
    if sentence.amount_paise is not None:
        text += f" = {show_money(sentence.amount_paise, currency)}"
    return f"{text} ({sentence.clause})" if sentence.clause else text


def shown(values: Mapping[str, int | str], currency: str) -> dict[str, str]:
    """The values as people read them, under the names that the sentences use."""
    texts = {name: str(value) for name, value in values.items()}
    for name, value in values.items():
        if not isinstance(value, int):
            continue
        short, _, unit = name.rpartition("_")
        if unit == "paise":
            texts[short] = show_money(value, currency)
        elif name == "units_wh":
            texts["units"] = figures.decimal(value, 3).rstrip("0").rstrip(".")
        elif unit == "w":
            texts[short] = f"{figures.decimal(value, 3).rstrip('0').rstrip('.')} kW"
        elif unit == "bp":
            texts[short] = figures.decimal(value, 2)
    if "days" in values:
        whole = values["days"] == values["month_days"]
        texts["period"] = (
            "whole month" if whole else f"{texts['days']} of {texts['month_days']} days"
        )
    return texts


def show_money(paise: int, currency: str) -> str:
    """`₹4.50`; other currencies by their code."""
    if currency == "INR":
        return figures.rupees(paise)
    sign = figures.MINUS if paise < 0 else ""
    return f"{sign}{currency} {figures.decimal(abs(paise), 2)}"
