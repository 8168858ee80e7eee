"""Takes the named values of one map of a tariff file, each checked, faults with their place. Pure.

A wrong value adds a fault and counts as absent, so that reading goes on to the next. This module
must not know what the values mean.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from controller.document import Fault, Path

ROWS_MAX = 12
PRICE_MAX = 1_000_000  # paise, and units as a bound
SHOWN_MAX = 40

Default = TypeVar("Default")


class Fields:
    """The map at `path`; its faults are added to the file's."""

    def __init__(self, entry: Any, path: Path, faults: list[Fault]) -> None:
        self.path = path
        self.faults = faults
        self._known = len(faults)
        self.entry: dict[str, Any] = entry if isinstance(entry, dict) else {}
        if not isinstance(entry, dict):
            self._add((), f"{show(entry)} is no map", "Write names with their values.")

    @property
    def is_faulty(self) -> bool:
        """Whether anything was wrong since this map was opened."""
        return len(self.faults) > self._known

    def fault(self, name: str, what: str, what_to_do: str) -> None:
        """Adds a fault of the value `name`."""
        self._add((name,), what, what_to_do)

    def only(self, names: set[str]) -> None:
        """Any other name is a fault: a charge must not be lost unseen."""
        for name in self.entry:
            if name not in names:
                self.fault(
                    name, f"There is no {show(name)} here", f"Known: {', '.join(sorted(names))}."
                )

    def exclude(self, given: str, others: tuple[str, ...]) -> None:
        """The others cannot stand beside `given`."""
        for other in others:
            if other in self.entry:
                self.fault(other, f"{other} has no meaning beside {given}", "Leave it out.")

    def whole(self, name: str, lowest: int, highest: int, default: Default) -> int | Default:
        """A whole number, or the default when it is absent or null."""
        value = self.entry.get(name)
        if value is None:
            return default
        return value if self._is_whole((name,), value, lowest, highest) else default

    def basis_points(self, name: str, default: Default) -> int | Default:
        """Percent, 0 to 100 with at most two decimals, as hundredths of a percent."""
        value = self.entry.get(name)
        if value is None:
            return default
        is_number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
        if not is_number or not 0 <= value <= 100:
            self.fault(name, f"{name} {show(value)} is no percent", "Give 0 to 100, as 2.38.")
            return default
        points = value * 100
        if points != int(points):
            self.fault(name, f"{name} {value} is finer than 0.01 %", "Round it to two decimals.")
            return default
        return int(points)

    def text(self, name: str, longest: int, default: str) -> str:
        """Text of 1 to `longest` characters."""
        value = self.entry.get(name, default)
        if value is default:
            value = default[: longest + 1]
        if not isinstance(value, str) or len(value) > longest or not value.isprintable():
            self.fault(name, f"{name} {show(value)} is no text", f"Use {longest} characters.")
            return default[:longest]
        return value

    def word(self, name: str, form: re.Pattern[str], allowed: str, default: str = "") -> str:
        """A word of the form; what is `allowed` is said in the fault."""
        return self.word_at((name,), self.entry.get(name, default), form, allowed)

    def word_at(self, place: Path, value: Any, form: re.Pattern[str], allowed: str) -> str:
        """The same for a value that was taken already."""
        if not isinstance(value, str) or not form.fullmatch(value):
            self._add(place, f"{place[0]} cannot be {show(value)}", f"Use {allowed}.")
            return ""
        return value

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of a few words."""
        value = self.entry.get(name, default)
        if value not in allowed:
            self.fault(name, f"{name} cannot be {show(value)}", f"Use {' or '.join(allowed)}.")
            return default
        return str(value)

    def yes_no(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self.entry.get(name, default)
        if not isinstance(value, bool):
            self.fault(name, f"{name} cannot be {show(value)}", "Use true or false.")
            return default
        return value

    def day(self, name: str) -> date | None:
        """A date, or None when it is absent."""
        value = self.entry.get(name)
        if value is None:
            return None
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                value = show(value)
        if not isinstance(value, date):
            self.fault(name, f"{name} {value} is no date", "Write it as 2026-04-01.")
            return None
        return value

    def rows(self, name: str, most: int) -> list[Any]:
        """A list of at most so many values; none when it is absent."""
        value = self.entry.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            self.fault(name, f"{name} is no list of at most {most}", "Write it as a list.")
            return []
        return value

    def price_rows(self, name: str, *, is_open: bool = True) -> list[list[Any]]:
        """[[upper bound or null, paise], …], ascending; open ones end with the bound null."""
        rows = self.rows(name, ROWS_MAX)
        lower = 0
        for index, row in enumerate(rows):
            place = (name, index)
            if not isinstance(row, list) or len(row) != 2:
                self._add(place, f"{show(row)} is no [bound, price]", "Write it as [100, 335].")
                return []
            is_last = index == len(rows) - 1
            if not self._is_whole((name, index, 1), row[1], 0, PRICE_MAX):
                return []
            if row[0] is None and is_last:
                return rows
            if row[0] is None:
                self._add(place, "Only the last row is open", "Give a bound in place of null.")
                return []
            if not self._is_whole((name, index, 0), row[0], 1, PRICE_MAX):
                return []
            if row[0] <= lower:
                what = f"The bound {row[0]} is not above {lower}, the one before"
                self._add(place, what, "Let the bounds ascend.")
                return []
            lower = row[0]
        if (is_open and rows) or (not rows and name in self.entry and self.entry[name] == []):
            self._add(
                (name, len(rows) - 1) if rows else (name,),
                f"{name} says nothing of what is above {lower}",
                "End it with a row whose bound is null.",
            )
            return []
        return rows

    def _is_whole(self, place: Path, value: Any, lowest: int, highest: int) -> bool:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if is_whole and lowest <= value <= highest:
            return True
        self._add(
            place, f"{place[0]}: {show(value)} is no whole number from {lowest} to {highest}",
            "Money is in paise, energy in units.",
        )  # fmt: skip
        return False

    def _add(self, place: Sequence[str | int], what: str, what_to_do: str) -> None:
        self.faults.append(Fault((*self.path, *place), what, what_to_do))


def show(value: Any) -> str:
    """A value of the file in an error, shortened."""
    shown = str(value) if isinstance(value, (Decimal, date)) else repr(value)
    return shown if len(shown) <= SHOWN_MAX else shown[: SHOWN_MAX - 1] + "…"
