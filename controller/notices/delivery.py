"""Hands one message to its provider through apprise. Knows no database and no template.

Nothing that apprise says is logged: at its lower levels it tells bodies and addresses.
"""

from typing import Any, NamedTuple
from urllib.parse import quote

from controller.errors import Refused

PLACE = "{recipient}"
URL_MAX = 400


class Outcome(NamedTuple):
    """Whether the provider took it, and by which service; apprise tells no number of its own."""

    taken: bool
    service: str


def check_url(url: str) -> str:
    """Which service an apprise address names. Raises Refused; the address is never repeated."""
    if PLACE not in url or len(url) > URL_MAX:
        raise Refused(
            "That is no address of a provider",
            f"Write apprise's URL with {PLACE} where the phone number or address stands.",
        )
    found = _open(url, "0")
    if found is None:
        raise Refused("apprise knows no such provider", "See its list of services for the URL.")
    return str(found.service_name)


def hand_over(url: str, recipient: str, title: str, body: str) -> Outcome:
    """Sends one message; apprise's own time limits (seconds) bound how long it takes."""
    import apprise

    service = _open(url, recipient)
    if service is None:
        return Outcome(False, "")
    sender = apprise.Apprise()
    sender.add(service)
    taken = sender.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT)
    return Outcome(bool(taken), str(service.service_name))


def _open(url: str, recipient: str) -> Any:
    """The service with the recipient put in, escaped so that it stays one part of the URL."""
    import apprise  # a tenth of a second to load; only who sends needs it

    filled = url.replace(PLACE, quote(recipient, safe=""))
    return apprise.Apprise.instantiate(filled, suppress_exceptions=True)
