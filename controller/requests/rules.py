"""What a service request may say, and how a plant's work on them is measured (MG-12). Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from controller.errors import Refused

TEXT_MAX = 500  # characters
STARS_MAX = 5
OPEN_MAX = 5  # of one consumer

KINDS = {
    "outage": "No supply",
    "connection": "Fault of the connection",
    "meter": "Fault of the meter",
    "billing": "Bill or payment",
    "other": "Something else",
}


class Done(NamedTuple):
    """One request as it counts in the figures; None while it is not completed or not rated."""

    kind: str
    submitted_s: int
    completed_s: int | None
    stars: int | None


class Figures(NamedTuple):
    """How requests of one kind stand. The means are None where there is nothing to average."""

    kind: str
    pending: int
    completed: int
    mean_completion_s: int | None
    rated: int
    mean_stars_tenths: int | None


def check_submission(kind: str, text: str, open_kinds: Iterable[str]) -> None:
    """Raises Refused for what is no request, is told already, or is one too many."""
    if kind not in KINDS:
        raise Refused(f"There is no kind of request {kind!r}", f"Use one of {', '.join(KINDS)}.")
    if not text.strip() or len(text) > TEXT_MAX:
        raise Refused("The request does not say what is wrong", f"Use 1 to {TEXT_MAX} characters.")
    known = list(open_kinds)
    if kind in known:
        raise Refused(
            f"A request about {KINDS[kind].lower()} is open already", "Ask how far it has come."
        )
    if len(known) >= OPEN_MAX:
        raise Refused(f"{OPEN_MAX} requests are open already", "Wait until one is completed.")


def check_stars(stars: int) -> None:
    """Raises Refused for what is no rating."""
    if not 1 <= stars <= STARS_MAX:
        raise Refused(f"{stars} is no rating", f"Use 1 (bad) to {STARS_MAX} (good).")


def measure(requests: Iterable[Done]) -> list[Figures]:
    """The figures of each kind that occurs, in the order of KINDS."""
    by_kind: dict[str, list[Done]] = {}
    for request in requests:
        by_kind.setdefault(request.kind, []).append(request)
    return [_figures(kind, by_kind[kind]) for kind in KINDS if kind in by_kind]


def _figures(kind: str, requests: list[Done]) -> Figures:
    times = [row.completed_s - row.submitted_s for row in requests if row.completed_s is not None]
    stars = [row.stars for row in requests if row.stars is not None]
    return Figures(
        kind=kind,
        pending=len(requests) - len(times),
        completed=len(times),
        mean_completion_s=_mean(sum(times), len(times)),
        rated=len(stars),
        mean_stars_tenths=_mean(10 * sum(stars), len(stars)),
    )


def _mean(total: int, count: int) -> int | None:
    """Rounded half up."""
    return (2 * total + count) // (2 * count) if count else None
