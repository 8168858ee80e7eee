"""Where providers call back. A callback is stored and answered, whatever becomes of it later.

An answer other than 200 has the provider send it again; so has one that never comes.
"""

import logging

from django.db import DatabaseError
from django.http import HttpRequest
from ninja import Router

from controller.api.schemas import Problem, StoredOut
from controller.errors import Refused
from controller.payments import services as payments
from controller.payments.schemes import BODY_BYTES_MAX

log = logging.getLogger(__name__)

router = Router()

LEFT_OVER_MAX = 10  # of earlier callbacks, that a killed process has left, worked on beside


@router.post(
    "/{provider}",
    auth=None,  # the signature says who it is
    response={200: StoredOut, 401: Problem, 422: Problem, 503: Problem},
)
def receive_callback(request: HttpRequest, provider: str) -> dict[str, bool]:
    """A provider's signed message; the schemes are in docs/payments.md."""
    length = request.headers.get("Content-Length", "0")
    if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
        raise Refused("The callback is too large", f"Send at most {BODY_BYTES_MAX} bytes.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    stored = payments.receive_callback(provider, headers, request.body)
    try:
        payments.process_callback(stored.pk)
        payments.process_callbacks(LEFT_OVER_MAX)
    except DatabaseError:
        log.exception("callback %s is stored and waits", stored.pk)
    return {"stored": True}
