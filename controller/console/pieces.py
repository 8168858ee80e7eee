"""Pieces: the parts of a page that change, each with a version, sent again only when changed.

The browser (static/console/live.js) says which versions it shows; the answer holds the pieces
whose version is not among them, at most as many as keep a refresh small. Knows no models.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

VERSION_BYTES = 6  # of 50 pieces none is ever mistaken for another
REFRESH_BYTES_MAX = 6_000  # of markup; compressed to less than 2,000 (a test measures)


@dataclass(frozen=True)
class Piece:
    """One element of the page: its tag, its id, and the markup within."""

    tag: str
    id: str
    content: SafeString

    @classmethod
    def of_text(cls, tag: str, id_: str, text: str) -> "Piece":
        """A piece that shows nothing, and stands only for what its version is made from."""
        return cls(tag, id_, SafeString(_digest(text)))

    @property
    def version(self) -> str:
        """Changes with the piece's place or content."""
        return _digest(f"{self.id}\n{self.content}")

    @property
    def html(self) -> SafeString:
        """The whole element."""
        return format_html(
            '<{0} id="{1}" data-v="{2}">{3}</{0}>', self.tag, self.id, self.version, self.content
        )


def _digest(text: str) -> str:
    digest = hashlib.blake2b(text.encode(), digest_size=VERSION_BYTES).digest()
    return urlsafe_b64encode(digest).decode()


def changed(request: HttpRequest, pieces: Iterable[Piece]) -> HttpResponse:
    """The pieces that the browser does not show yet as a JSON list, or 204 when it shows all.

    What does not fit in REFRESH_BYTES_MAX is left for the next refresh; one piece always fits.
    """
    shown = set(request.GET.get("seen", "").split("."))
    fresh = [piece.html for piece in pieces if piece.version not in shown]
    answer: list[str] = []
    size = 0
    for markup in fresh:
        size += len(markup)
        if answer and size > REFRESH_BYTES_MAX:
            break
        answer.append(markup)
    response = JsonResponse(answer, safe=False) if answer else HttpResponse(status=204)
    response["Cache-Control"] = "no-store"
    return response
