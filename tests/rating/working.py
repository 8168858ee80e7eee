"""Reads the working of a golden bill and checks it as a person would, with pencil and paper.

It knows arithmetic and the words of golden.csv, and shares no code with the rating.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

PAISA = Decimal("0.01")
NUMBER = r"(-?\d+(?:\.\d+)?)"
ENERGY = re.compile(f"{NUMBER}×{NUMBER}={NUMBER}")
FIXED = re.compile(f"fixed {NUMBER} kW×{NUMBER}={NUMBER}")
SERVICE = re.compile(f"service {NUMBER}")
SHARE = re.compile(f"(surcharge|duty) {NUMBER}% of {NUMBER}={NUMBER}")
REBATE = re.compile(f"rebate {NUMBER}% of {NUMBER}={NUMBER}")
MINIMUM = re.compile(f"minimum {NUMBER} kW×{NUMBER}={NUMBER} less {NUMBER}={NUMBER}")


def rounded(amount: Decimal) -> Decimal:
    """To the paisa, half away from zero."""
    return amount.quantize(PAISA, ROUND_HALF_UP)


def check(working: str, units: Decimal) -> list[tuple[str, Decimal]]:
    """The lines of a working as (kind, rupees), after every step of it was worked out again."""
    lines: list[tuple[str, Decimal]] = []
    used = Decimal(0)
    for step in working.split("; ") if working else []:
        kind, amount, of_units = _step(step, lines)
        used += of_units
        lines.append((kind, amount))
    assert used == units, (used, units)
    return lines


def _step(step: str, lines: list[tuple[str, Decimal]]) -> tuple[str, Decimal, Decimal]:
    """Kind, rupees and units of one step, which follows from those before it."""
    energy = sum((amount for kind, amount in lines if kind == "energy"), Decimal(0))
    so_far = sum((amount for _, amount in lines), Decimal(0))
    if match := ENERGY.fullmatch(step):
        units, price, amount = map(Decimal, match.groups())
        assert amount == rounded(units * price), step
        return "energy", amount, units
    if match := FIXED.fullmatch(step):
        load, price, amount = map(Decimal, match.groups())
        assert amount == rounded(load * price), step
        return "fixed", amount, Decimal(0)
    if match := SERVICE.fullmatch(step):
        return "service", Decimal(match[1]), Decimal(0)
    if match := SHARE.fullmatch(step):
        percent, base, amount = map(Decimal, match.groups()[1:])
        assert base == energy, step
        assert amount == rounded(base * percent / 100), step
        return match[1], amount, Decimal(0)
    if match := MINIMUM.fullmatch(step):
        load, price, least, less, amount = map(Decimal, match.groups())
        assert least == load * price, step
        assert (less, amount) == (so_far, least - so_far), step
        return "minimum", amount, Decimal(0)
    match = REBATE.fullmatch(step)
    assert match is not None, f"not understood: {step}"
    percent, base, amount = map(Decimal, match.groups())
    assert base == so_far, step
    assert amount == -rounded(base * percent / 100), step
    return "rebate", amount, Decimal(0)
