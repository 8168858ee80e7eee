"""The pages for an address that does not exist and for a console that cannot do its work.

They are drawn without the request, so that nothing on them needs the database.
"""

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from controller.console.words import word

RETRY_AFTER_S = 10
BUSY = word("The database is busy or away.")
FAULT = word("Something went wrong in the console; its log says what.")
TRY_AGAIN = word(
    "Please try again in a moment. If it was an order, look first what became of it,"
    " before you give it again."
)
NOT_HERE = word("There is nothing at this address.")
LOOK = word("Look for what you need on the home page.")
NOT_YOURS = word("This page is not for your role.")
ASK = word("If you need it for your work, ask the head office for the role.")


def not_found(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """There is nothing at this address."""
    return _page(NOT_HERE, LOOK, status=404)


def forbidden(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """The user's roles do not allow it."""
    return _page(NOT_YOURS, ASK, status=403)


def failed(_request: HttpRequest) -> HttpResponse:
    """Called while the exception is being handled: says what to do, and nothing of its inside."""
    if isinstance(sys.exception(), OperationalError):
        answer = _page(BUSY, TRY_AGAIN, status=503)
        answer["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    return _page(FAULT, TRY_AGAIN, status=500)


def _page(what: str, what_to_do: str, status: int) -> HttpResponse:
    facts = {"what": what, "what_to_do": what_to_do}
    return HttpResponse(render_to_string("console/failure.html", facts), status=status)
