"""Postpaid terms by the date of the tariff alone, whatever the board was told of it. Pure.

A board charges no postpaid account; what the consumer owes is the order's, from its first day on.
Prepaid terms stay what the board has confirmed, because it has charged by them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from controller.billing.rules import DAY_S, Month, Terms
from protocol.programme import MODE_POSTPAID

FIRST_DAY = date(2020, 1, 1)  # of board time

# A tariff's versions: from which moment on, and the JSON texts of record and subsidies; ascending.
Versions = Sequence[tuple[int, str, str]]


def versions_at(
    rows: Iterable[tuple[int, date, str, str]], utc_offset_min: int
) -> dict[int, list[tuple[int, str, str]]]:
    """By tariff, its versions from their local midnights on.

    `rows` are (tariff, valid_from, record, subsidies), ascending by date and revision: the last
    one counts.
    """
    by_tariff: dict[int, dict[int, tuple[int, str, str]]] = {}
    for tariff_id, valid_from, record, subsidies in rows:
        midnight_s = (valid_from - FIRST_DAY).days * DAY_S - utc_offset_min * 60
        by_tariff.setdefault(tariff_id, {})[midnight_s] = (midnight_s, record, subsidies)
    return {tariff_id: list(versions.values()) for tariff_id, versions in by_tariff.items()}


def by_date(
    changes: Sequence[tuple[Terms, int | None]],
    versions: Mapping[int, Versions],
    month: Month,
) -> list[Terms]:
    """The terms of `changes` (with the tariff of each, ascending), postpaid ones by the date.

    Terms that began before the month are there as often as they are needed to know its begin.
    """
    dated: list[Terms] = []
    for index, (told, tariff_id) in enumerate(changes):
        of_tariff = versions.get(tariff_id, ()) if tariff_id is not None else ()
        if told.mode != MODE_POSTPAID or not of_tariff:
            dated.append(told)
            continue
        is_last = index == len(changes) - 1
        until_s = month.end_s if is_last else changes[index + 1][0].from_s
        begins_s = [version[0] for version in of_tariff]
        in_force = bisect_right(begins_s, told.from_s) - 1
        record, subsidies = _of(told) if in_force < 0 else of_tariff[in_force][1:]
        dated.append(told._replace(record=record, subsidies=subsidies))
        dated += [
            told._replace(from_s=midnight_s, record=record, subsidies=subsidies)
            for midnight_s, record, subsidies in of_tariff[in_force + 1 :]
            if midnight_s < until_s
        ]
    return dated


def _of(told: Terms) -> tuple[str, str]:
    """What the board was told; it knows no subsidy."""
    return told.record, told.subsidies
