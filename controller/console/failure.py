"""The pages for an address that does not exist and for a console that cannot do its work.

They are drawn without the request, so that nothing on them needs the database.
"""

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

RETRY_AFTER_S = 10
BUSY = "The database is busy or away."
FAULT = "Something went wrong in the console; its log says what."
TRY_AGAIN = (
    "Please try again in a moment. If it was an order, look at the meter's commands first,"
    " before you give it again."
)


def not_found(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """There is nothing at this address."""
    remedy = "Look for what you need in the list of meters or among the bills."
    return _page("There is nothing at this address.", remedy, status=404)


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
