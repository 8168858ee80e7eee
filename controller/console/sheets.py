"""What a page consists of when it needs no template of its own: facts, tables, charts, buttons.

Texts come in the language spoken already (`say`, `said`); numbers as text (templatetags/format).
Must not know what it shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from controller.console.pieces import Piece
from controller.console.rows import Rows
from controller.console.templatetags.format import moment
from controller.console.words import say
from controller.figures import rupees

NUMBER, SOFT, BAD, GOOD, WIDE = "n", "soft", "off", "on", "wide"  # classes of the style sheet


@dataclass(frozen=True)
class Cell:
    """A text in a table, where it leads, what stands small below it, and what unfolds below."""

    text: str
    url: str = ""
    small: str = ""
    look: str = ""
    why: Sequence[str] = ()


def money(paise: int, url: str = "") -> Cell:
    """An amount."""
    return Cell(rupees(paise), url, look=NUMBER)


def when(time_s: int | None) -> Cell:
    """A time; nothing for none."""
    return Cell(moment(time_s) if time_s else "–", look=SOFT)


def number(value: object) -> Cell:
    """A number that was written out already."""
    return Cell(str(value), look=NUMBER)


@dataclass(frozen=True)
class Table:
    """Rows of cells below their heads; `empty` is said when there is no row."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    empty: str = ""

    @property
    def looks(self) -> list[tuple[str, str]]:
        """Each head with the look of its column's first cell, so that numbers stand below it."""
        first = [cell.look for cell in self.rows[0]] if self.rows else [""] * len(self.heads)
        return [
            (head, NUMBER if look == NUMBER else "")
            for head, look in zip(self.heads, first, strict=True)
        ]

    @property
    def told(self) -> list[list[tuple[str, Cell]]]:
        """Each cell with its head, which a narrow screen shows beside it."""
        return [list(zip(self.heads, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Button:
    """Leads to an order or a paper."""

    label: str
    url: str
    danger: bool = False


@dataclass(frozen=True)
class Tab:
    """One of several views of the same thing."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it. One with an `id` is kept up to date on a live page."""

    heading: str = ""
    table: Table | None = None
    chart: str = ""  # SVG, safe as it is
    text: str = ""
    id: str = ""
    done: int | None = None  # of `of`, as a bar
    of: int = 0

    def piece(self) -> Piece:
        """As a piece of a live page."""
        markup = render_to_string("console/section.html", {"section": self})
        return Piece("section", self.id, markup)


@dataclass
class Sheet:
    """A page about one thing."""

    title: str
    subtitle: str = ""
    headline: str = ""
    look: str = ""
    warnings: Sequence[str] = ()
    tabs: Sequence[Tab] = ()
    facts: Sequence[tuple[str, str]] = ()
    buttons: Sequence[Button] = ()
    sections: Sequence[Section] = ()
    live_url: str = ""
    context: dict[str, Any] = field(default_factory=dict)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The whole page."""
        base = "console/live.html" if self.live_url else "console/base.html"
        context = {"sheet": self, "base": base, "live_url": self.live_url, **self.context}
        return render(request, "console/sheet.html", context)

    def pieces(self) -> list[Piece]:
        """What may change on it by itself."""
        return [section.piece() for section in self.sections if section.id]


def list_page(
    request: HttpRequest,
    title: str,
    rows: Rows,
    found: Any,
    heads: Sequence[str],
    make_row: Any,
    *,
    hint: str = "",
    empty: str = "",
    buttons: Iterable[Button] = (),
    tabs: Sequence[Tab] = (),
    prepare: Any = None,
) -> HttpResponse:
    """A list with its search, choices and pages; `make_row` gives the cells of one of `found`.

    `prepare` is given the rows of the page in view and returns what `make_row` gets beside each.
    """
    context = rows.of(found)
    page = list(context["page"])
    extra = (prepare(page),) if prepare else ()
    table = Table(heads, [make_row(row, *extra) for row in page], empty or say("None yet."))
    context |= {"title": title, "table": table, "hint": hint, "buttons": list(buttons)}
    return render(request, "console/list.html", {**context, "tabs": tabs})
