"""A second rating engine, written from docs/rating.md alone, in exact fractions and in names.

It shares no code with protocol/rating.py, and is as slow and as plain as it likes.
"""

from fractions import Fraction
from math import floor


def rounded(exact: Fraction) -> int:
    """Half up; negative amounts half away from zero."""
    size = floor(abs(exact) + Fraction(1, 2))
    return size if exact >= 0 else -size


def row_for(rows, quantity: Fraction) -> int:
    """The price of the first row whose bound is not exceeded."""
    return next(price for upper, price in rows if upper is None or quantity <= upper)


def energy(tables, units: Fraction) -> int:
    """The energy charge of the month: table by total, then slabs or the whole."""
    _, telescopic, slabs = next(t for t in tables if t[0] is None or units <= t[0])
    if not telescopic:
        return rounded(units * row_for(slabs, units))
    charge, lower = 0, Fraction(0)
    for upper, price in slabs:
        reach = units if upper is None else min(units, Fraction(upper))
        charge += rounded((max(reach, lower) - lower) * price)
        lower = max(reach, lower)
    return charge


def total(names, rate_wh, load_w, phases, day, days) -> int:
    """The month's bill in paise, each line rounded once."""
    units = Fraction(sum(rate_wh), 1000)
    month = Fraction(day, days)
    charge = energy(names["tables"], units)
    for wh, adder in zip(rate_wh[1:], names["rate_adder_paise"], strict=True):
        charge += rounded(Fraction(wh, 1000) * adder)
    billed_w = rounded(Fraction(load_w * names["fixed_basis_pct"], 100))
    bill = charge + rounded(Fraction(billed_w, 1000) * names["fixed_per_kw_paise"] * month)
    service = names["fixed_by_units_1ph" if phases == 1 else "fixed_by_units_3ph"]
    if service:
        bill += rounded(row_for(service, units) * month)
    bill += rounded(Fraction(charge * names["surcharge_bp"], 10_000))
    bill += rounded(Fraction(charge * names["duty_bp"], 10_000))
    if names["minimum_per_kw"]:
        load_kw = Fraction(load_w, 1000)
        bill = max(bill, rounded(load_kw * row_for(names["minimum_per_kw"], load_kw) * month))
    return bill - rounded(Fraction(bill * names["rebate_bp"], 10_000))
