"""The kinds of values that a setting can have. Pure.

A check returns the value in its one form, or raises ValueError; `allowed` says in words what it
takes. Knows no setting.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple
from unicodedata import category


class Check(NamedTuple):
    """What a value must be: in words, and as a function."""

    allowed: str
    read: Callable[[Any], Any]


def yes_no() -> Check:
    """True or false."""

    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(value)
        return value

    return Check("true or false", read)


def whole(low: int, high: int, unit: str = "") -> Check:
    """A whole number from `low` to `high`."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(value)
        return value

    return Check(f"a whole number of {unit or 'units'} from {low} to {high}", read)


def text(length_max: int) -> Check:
    """Up to `length_max` characters, on one line or several."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or len(value) > length_max or not _is_printable(value):
            raise ValueError(value)
        return value

    return Check(f"a text of at most {length_max} characters", read)


def _is_printable(value: str) -> bool:
    """Whether the text has no control character but line ends, and no half of a pair.

    A joiner, which Malayalam needs, is neither.
    """
    return all(character == "\n" or category(character) not in ("Cc", "Cs") for character in value)


def calendar_day() -> Check:
    """A day, `2026-11-08`, or one of every year, `01-26`."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or len(value) not in (5, 10):
            raise ValueError(value)
        # A leap year, so that 29 February may be named.
        date.fromisoformat(value if len(value) == 10 else f"2000-{value}")
        return value

    return Check("a day as 2026-11-08, or as 01-26 for every year", read)


def one_of(*choices: str) -> Check:
    """One of some words."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(value)
        return value

    return Check("one of " + ", ".join(choices), read)


def list_of(item: Check, length_min: int, length_max: int) -> Check:
    """A list of different values."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple) or not length_min <= len(value) <= length_max:
            raise ValueError(value)
        found = [item.read(each) for each in value]
        if any(each in found[:index] for index, each in enumerate(found)):
            raise ValueError(value)
        return found

    return Check(f"a list of {length_min} to {length_max} values, each {item.allowed}", read)


def row_of(*cells: Check) -> Check:
    """A list with a fixed kind of value at each place."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple) or len(value) != len(cells):
            raise ValueError(value)
        return [cell.read(each) for cell, each in zip(cells, value, strict=True)]

    return Check("[" + ", ".join(cell.allowed for cell in cells) + "]", read)


def map_of(fields: Mapping[str, Check]) -> Check:
    """Exactly these names, each with a value of its own kind."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or set(value) != set(fields):
            raise ValueError(value)
        return {name: check.read(value[name]) for name, check in fields.items()}

    words = "; ".join(f"{name}: {check.allowed}" for name, check in fields.items())
    return Check(f"all of {words}", read)


def rising(item: Check, by: int = 0) -> Check:
    """A list of rows whose number at place `by` rises from row to row."""

    def read(value: Any) -> list[Any]:
        rows: list[Sequence[Any]] = item.read(value)
        if any(later[by] <= earlier[by] for earlier, later in pairwise(rows)):
            raise ValueError(value)
        return list(rows)

    return Check(f"{item.allowed}, in rising order", read)
