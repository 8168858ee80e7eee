"""The API's addresses. Every answer that is no success is a `Problem` in JSON.

It checks who asks and what was sent, calls one service, and shapes the answer; it decides nothing.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from controller.api import callbacks, rules, sales, services
from controller.api.models import ApiKey
from controller.errors import Conflict, Refused
from controller.payments.schemes import BadSignature

log = logging.getLogger(__name__)


class PointOfSaleKey(HttpBearer):
    """`Authorization: Bearer bjk_…`, the key of a point of sale."""

    def authenticate(self, _request: HttpRequest, token: str) -> ApiKey | None:
        """The key, when it is good; it has then used one request."""
        return services.admit(token)


api = NinjaAPI(
    title="Bijli, points of sale",
    version="1",
    auth=PointOfSaleKey(),
    docs_url=None,  # its pages need scripts from elsewhere; `docs` gives the schema to staff
    openapi_url=None,
)
api.add_router("", sales.router)
api.add_router("/callbacks", callbacks.router)


def _problem(request: HttpRequest, what: str, what_to_do: str, status: int) -> HttpResponse:
    return api.create_response(request, {"what": what, "what_to_do": what_to_do}, status=status)


def _refused(status: int) -> Callable[[HttpRequest, Any], HttpResponse]:
    def handle(request: HttpRequest, refused: Any) -> HttpResponse:
        return _problem(request, refused.what, refused.what_to_do, status)

    return handle


def _throttled(request: HttpRequest, refused: Any) -> HttpResponse:
    answer = _problem(request, refused.what, refused.what_to_do, 429)
    answer.headers["Retry-After"] = str(rules.REFILL_S)
    return answer


def _unknown_key(request: HttpRequest, _error: Any) -> HttpResponse:
    return _problem(
        request, "The key is missing or not good", "Send `Authorization: Bearer` and the key.", 401
    )


def _malformed(request: HttpRequest, error: Any) -> HttpResponse:
    first = error.errors[0]
    where = ".".join(str(part) for part in first["loc"])
    return _problem(
        request, f"{where}: {first['msg']}", "See the interface's description at /api/docs.", 422
    )


def _http(request: HttpRequest, error: Any) -> HttpResponse:
    return _problem(request, str(error), "Correct the request.", error.status_code)


def _busy(request: HttpRequest, _error: Any) -> HttpResponse:
    log.exception("the database failed in a request of the API")
    return _problem(
        request, "The database is busy", "Send the same request again, with the same key.", 503
    )


def _broken(request: HttpRequest, _error: Any) -> HttpResponse:
    log.exception("a request of the API failed")
    return _problem(
        request, "This failed by a fault of ours", "Send the same again later, same key.", 500
    )


api.add_exception_handler(Refused, _refused(422))
api.add_exception_handler(Conflict, _refused(409))
api.add_exception_handler(BadSignature, _refused(401))
api.add_exception_handler(services.Throttled, _throttled)
api.add_exception_handler(AuthenticationError, _unknown_key)
api.add_exception_handler(ValidationError, _malformed)
api.add_exception_handler(HttpError, _http)
api.add_exception_handler(DatabaseError, _busy)
api.add_exception_handler(Exception, _broken)
