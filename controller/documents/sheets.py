"""A paper as a sheet: everything that stands on it, in words of one language, ready to be set.

The templates (templates/*.typ) only place what is here; they know no paper and no language. Pure:
the words come in as an argument.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from controller import figures
from controller.documents.rules import Issuer, Party
from protocol.limits import EPOCH_UNIX_S

Words = Mapping[str, str]
TOKEN_GROUP = 4  # digits: as they are read out and keyed in


class Table(TypedDict):
    """The column `wide` takes what width is left; the first `left` columns stand to the left."""

    title: str
    head: list[str]
    left: int
    wide: int
    rows: list[list[str]]
    totals: list[list[str]]


class Box(TypedDict):
    """A figure to be seen first."""

    label: str
    text: str
    strong: bool


class Bar(TypedDict):
    """A bar of a chart: its part of the longest in thousandths."""

    label: str
    text: str
    part: int


class Code(TypedDict):
    """A square code and what it is for; `text` is what it holds."""

    caption: str
    text: str


class Sheet(TypedDict):
    """All that stands on a paper, from above."""

    language: str
    issuer: str
    issuer_lines: list[str]
    title: str
    stamp: str
    number: str
    facts: list[list[str]]
    boxes: list[Box]
    token_label: str
    token: str
    key_label: str
    key_tokens: list[str]
    tables: list[Table]
    bars_title: str
    bars: list[Bar]
    notes: list[str]
    codes: list[Code]
    signatures: list[str]
    page: str


def blank(language: str, words: Words, issuer: Issuer, title: str, number: str) -> Sheet:
    """A sheet with its head, and nothing below yet."""
    phone = words["phone"].format(phone=issuer["phone"]) if issuer["phone"] else ""
    return Sheet(
        language=language,
        issuer=issuer["name"],
        issuer_lines=[line for line in (issuer["address"], phone) if line],
        title=words[title],
        stamp="",
        number=number,
        facts=[],
        boxes=[],
        token_label="",
        token="",
        key_label="",
        key_tokens=[],
        tables=[],
        bars_title="",
        bars=[],
        notes=[],
        codes=[],
        signatures=[],
        page=words["page"],
    )


def party_facts(words: Words, party: Party) -> list[list[str]]:
    """Who it is about."""
    pairs = [
        ("consumer", party["name"]),
        ("consumer_number", party["consumer_id"]),
        ("address", party["address"]),
        ("meter", party["meter_id"]),
        ("package", party["package_id"]),
    ]
    return facts(words, pairs)


def facts(words: Words, pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Label and text, without those that are not known."""
    return [[words[key], text] for key, text in pairs if text]


def table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    totals: Sequence[Sequence[str]] = (),
    *,
    left: int = 1,
    wide: int = 0,
) -> Table:
    """A table; a row of `totals` that is shorter than the head begins with a wider cell."""
    return Table(
        title=title,
        head=list(head),
        left=left,
        wide=wide,
        rows=[list(row) for row in rows],
        totals=[list(row) for row in totals],
    )


def local(at_s: int, utc_offset_min: int) -> datetime:
    """Board time as the clock on the wall shows it."""
    return datetime.fromtimestamp(at_s + EPOCH_UNIX_S, tz=UTC) + timedelta(minutes=utc_offset_min)


def day(words: Words, at_s: int, utc_offset_min: int) -> str:
    """`5 Jan 2027`; empty for 0."""
    if not at_s:
        return ""
    at = local(at_s, utc_offset_min)
    return f"{at.day} {words[f'month_{at.month}']} {at.year}"


def moment(words: Words, at_s: int, utc_offset_min: int) -> str:
    """`5 Jan 2027, 14:03`; empty for 0."""
    if not at_s:
        return ""
    return f"{day(words, at_s, utc_offset_min)}, {local(at_s, utc_offset_min):%H:%M}"


def month(words: Words, name: str) -> str:
    """`Jan 2027` for `2027-01`."""
    return f"{words[f'month_{int(name[5:])}']} {name[:4]}"


def units(words: Words, energy_wh: int) -> str:
    """`12.345 units`."""
    return words["units"].format(units=figures.decimal(energy_wh, 3))


def in_unit(words: Words, amount: int, unit: str) -> str:
    """An amount of prepaid credit."""
    if unit == "Wh":
        return units(words, amount)
    if unit == "days":
        return words["days"].format(days=figures.grouped(amount))
    return figures.rupees(amount)


def named(words: Words, group: str, kind: str) -> str:
    """The word for one of a group of kinds (`line_`, `part_`, …), or that group's `other`."""
    key = f"{group}_{kind.replace(' ', '_')}"
    return words.get(key) or words[f"{group}_other"]


def grouped_token(token: str) -> str:
    """`1234 5678 9012 3456 7890`."""
    return " ".join(token[at : at + TOKEN_GROUP] for at in range(0, len(token), TOKEN_GROUP))
