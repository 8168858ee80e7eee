"""Reads the time bands of a tariff file: names with an adder become the rates 1 to 3. Pure.

Hours are the consumer's local ones; outside every band is rate 0, without an adder.
"""

import re
from typing import Any, NamedTuple

from controller.tariffs.fields import Fields, show

NAME_MAX = 40
BANDS_MAX = 8
RATES_MAX = 3
ADDER_MAX = 1_000_000

DAYS = {"mon": 1, "tue": 2, "wed": 4, "thu": 8, "fri": 16, "sat": 32, "sun": 64, "special": 128}
GROUPS = {"all": 127, "workdays": 31, "weekend": 96}
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00")


class TimeBands(NamedTuple):
    """In the form of the rating record, and what people call rates 1, 2, 3."""

    names: list[str]
    adders: list[int]
    rows: list[list[int]]


def read_time_bands(fields: Fields) -> TimeBands:
    """The `time_bands` of a tariff; a band that is wrong adds a fault and is left out."""
    adders: dict[str, int] = {}
    rows = []
    for index, given in enumerate(fields.rows("time_bands", BANDS_MAX)):
        band = Fields(given, (*fields.path, "time_bands", index), fields.faults)
        band.only({"name", "adder", "days", "from", "to"})
        name = band.text("name", NAME_MAX, "")
        adder = band.whole("adder", -ADDER_MAX, ADDER_MAX, 0)
        if not name:
            band.fault("name", "A time band has a name", "Give one, as `name: peak`.")
        if adders.setdefault(name, adder) != adder:
            band.fault("adder", f"{name} had another adder before", "Use one adder a name.")
        if len(adders) > RATES_MAX:
            band.fault("name", "A fourth price by time of day", f"Use {RATES_MAX} names.")
            break
        begin, end = _minutes(band, "from"), _minutes(band, "to")
        rows.append([_mask(band), begin % 1440, end or 1440, list(adders).index(name) + 1])
    names = list(adders)
    return TimeBands(names, [*adders.values(), 0, 0, 0][:RATES_MAX], rows)


def _minutes(band: Fields, name: str) -> int:
    value = band.entry.get(name)
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        band.fault(name, f"{name} {show(value)} is no time of day", "Write it as 18:00.")
        return 0
    return 1440 if match[1] is None else int(match[1]) * 60 + int(match[2])


def _mask(band: Fields) -> int:
    given: Any = band.entry.get("days", "all")
    words = given if isinstance(given, list) else [given]
    known = {**DAYS, **GROUPS}
    mask = 0
    for word in words:
        if not isinstance(word, str) or word not in known:
            band.fault("days", f"days cannot be {show(word)}", f"Use one of {', '.join(known)}.")
            return 127
        mask |= known[word]
    return mask or 127
