"""One page of a list: a search, a choice and a page number from its address, and the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.http import urlencode

PAGE_ROWS = 50
SEARCH_MAX = 80  # characters; more cannot be meant


@dataclass(frozen=True)
class Choice:
    """One of the lists that a page can show: its word in the address, and how people call it."""

    value: str
    label: str


class Rows:
    """What the address asks for; `of` then gives the template's context of the rows found."""

    def __init__(self, asked: QueryDict, choices: Sequence[Choice] = (), name: str = "show"):
        self.search = asked.get("q", "").strip()[:SEARCH_MAX]
        known = {choice.value for choice in choices}
        first = choices[0].value if choices else ""
        self.choices, self.name = choices, name
        self.show = asked.get(name, first) if asked.get(name) in known else first
        self._page = asked.get("page")

    def of(self, found: QuerySet[Any] | Sequence[Any], size: int = PAGE_ROWS) -> dict[str, Any]:
        """The page of `found`, and what leads to the others."""
        page: Page[Any] = Paginator(found, size).get_page(self._page)
        chosen = {"q": self.search, self.name: self.show}
        terms = urlencode({name: value for name, value in chosen.items() if value})
        return {
            "page": page,
            "query": self.search,
            "show": self.show,
            "show_name": self.name,
            "choices": self.choices,
            "filter": f"{terms}&" if terms else "",
        }
