"""One page of the list of meters: what its address asks for, and the pieces it consists of."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode

from controller.console import queries
from controller.console.pieces import Piece
from controller.console.reach import Rights
from controller.console.words import said, say
from controller.fleet import queries as fleet
from controller.fleet import rules as fleet_rules
from controller.fleet.models import Meter

PAGE_METERS = 50


class Listing:
    """The meters that match a search, fifty at a time."""

    def __init__(self, asked: QueryDict, rights: Rights) -> None:
        self.rights = rights
        self.search = asked.get("q", "").strip()
        self.show = asked.get("show", "")
        found = queries.meters(rights.plants, self.search, self.show)
        self.page: Page[Meter] = Paginator(found, PAGE_METERS).get_page(asked.get("page"))
        self.rows = [_row(meter) for meter in self.page]

    def context(self) -> dict[str, Any]:
        """What the page's template shows."""
        chosen = {"q": self.search, "show": self.show}
        terms = urlencode({name: value for name, value in chosen.items() if value})
        filter_terms = f"{terms}&" if terms else ""
        live = f"{reverse('console:meters_live')}?{filter_terms}page={self.page.number}&seen="
        return {
            "query": self.search,
            "show": self.show,
            "filter": filter_terms,
            "live_url": live,
            "page": self.page,
            "counts": self._counts(),
            "order": self._order(),
            "rows": self.rows,
        }

    def pieces(self) -> list[Piece]:
        """All that changes on the page; the order first, because it makes the rest moot."""
        return [self._order(), self._counts(), *self.rows]

    def _counts(self) -> Piece:
        """The fleet in numbers, each leading to the list of those meters."""
        numbers = queries.counts(self.rights.plants)
        words = [("", say("All"), numbers["all"])]
        words += [(show, said(show.capitalize()), numbers[show]) for show in queries.SHOWN]
        context = {"counts": words, "show": self.show}
        return Piece("nav", "counts", render_to_string("console/counts.html", context))

    def _order(self) -> Piece:
        """Which meters stand on the page; when that changes, the browser loads it anew."""
        return Piece.of_text("p", "order", " ".join(meter.id for meter in self.page))


def _row(meter: Meter) -> Piece:
    connection = getattr(meter, "connection", None)
    supply = queries.SILENT
    why = ""
    if fleet.is_online(meter.state):
        supply = fleet.supply(meter.state)
        holds = fleet_rules.names(meter.state.holds) if supply == queries.OFF else []
        why = ", ".join(map(said, holds))
    context = {
        "meter": meter,
        "state": meter.state,
        "consumer": connection.consumer if connection else None,
        "package": meter.package_id,  # type: ignore[attr-defined]  # annotated by the query
        "supply": supply,
        "why": why,
    }
    return Piece("tr", f"m-{meter.id}", render_to_string("console/meter_row.html", context))
