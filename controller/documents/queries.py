"""Papers as files, made from what was kept: PDF, thermal strip, picture. Nothing is stored.

Also what papers of all kinds say alike: who issues them, and to whom.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from controller.consumers.identity import show_consumer_id, show_package_id
from controller.consumers.models import AssignmentState, Consumer, PackageAssignment
from controller.documents import batch, papers, press, thermal
from controller.documents.models import Snapshot
from controller.documents.rules import Issuer, Party
from controller.documents.sheets import Sheet
from controller.errors import Refused
from controller.fleet import sealing
from controller.profile.queries import setting, settings
from controller.words.lists import word_list
from protocol.limits import EPOCH_UNIX_S

LIST_MAX = 200


def issuer() -> Issuer:
    """The utility as it signs its papers now, by its profile."""
    known = settings(["utility_name", "utility_address", "utility_phone", "utility_upi"])
    return Issuer(
        name=known["utility_name"],
        address=known["utility_address"],
        phone=known["utility_phone"],
        upi_address=known["utility_upi"],
    )


def party(consumer: Consumer) -> Party:
    """The consumer as papers name them now, with meter and package where there are."""
    active = PackageAssignment.objects.filter(
        connection__consumer=consumer, state=AssignmentState.ACTIVE
    )
    assignment = active.last()
    return Party(
        consumer_id=show_consumer_id(consumer.pk),
        name=consumer.name,
        address=consumer.address,
        meter_id=assignment.meter_id if assignment else "",
        package_id=show_package_id(assignment.package_id) if assignment else "",
    )


def language_of(consumer: Consumer) -> str:
    """The language that the consumer has chosen, else the utility's first."""
    chosen: list[str] = setting("languages")
    return consumer.language if consumer.language in chosen else chosen[0]


def first_language() -> str:
    """The utility's own language: the first of its profile."""
    return str(setting("languages")[0])


def find(snapshot_id: int) -> Snapshot:
    """A paper that was issued. Raises Refused."""
    found = Snapshot.objects.filter(pk=snapshot_id).first()
    if found is None:
        raise Refused(f"There is no paper {snapshot_id}", "See the list of papers.")
    return found


def papers_of(subject: str) -> list[Snapshot]:
    """What was issued about a subject, the newest first, at most LIST_MAX."""
    return list(Snapshot.objects.filter(subject=subject).order_by("-pk")[:LIST_MAX])


def sheet(snapshot: Snapshot, *, language: str = "", copy: bool = False) -> Sheet:
    """What stands on it, in its own language or another."""
    spoken = language or snapshot.language
    words = word_list("paper", spoken)
    return papers.make(snapshot.kind, data(snapshot), spoken, words, copy=copy)


def data(snapshot: Snapshot) -> Any:
    """What it says, a token opened too. Raises Refused when the master key has changed."""
    sealed = bytes(snapshot.token_sealed)
    if not sealed:
        return snapshot.data
    return {**snapshot.data, **json.loads(sealing.unseal(snapshot.subject, sealed))}


def pdf(snapshot: Snapshot, *, language: str = "", copy: bool = False) -> bytes:
    """The paper on A4, the same bytes each time."""
    made = snapshot.made_s + EPOCH_UNIX_S
    return press.press().pdf([sheet(snapshot, language=language, copy=copy)], made)


def joined_pdf(snapshots: Sequence[Snapshot]) -> bytes:
    """Up to press.SHEETS_MAX papers in one file, for one print job."""
    if not 0 < len(snapshots) <= press.SHEETS_MAX:
        raise Refused(
            f"One file holds 1 to {press.SHEETS_MAX} papers", "Print them in several parts."
        )
    made = max(snapshot.made_s for snapshot in snapshots) + EPOCH_UNIX_S
    return press.press().pdf([sheet(snapshot) for snapshot in snapshots], made)


def picture(snapshot: Snapshot, *, language: str = "") -> bytes:
    """The paper as a PNG to send to a consumer without the app (MG-10c)."""
    return press.press().picture(sheet(snapshot, language=language))


def escpos(snapshot: Snapshot, *, language: str = "", copy: bool = False) -> bytes:
    """What an 80 mm thermal printer is sent (MG-10a)."""
    strip = press.press().strip(sheet(snapshot, language=language, copy=copy))
    return thermal.to_escpos(strip)


def print_many(snapshots: Iterable[Snapshot], workers: int) -> Iterator[tuple[Snapshot, bytes]]:
    """Every paper with its PDF, in their order, set by so many processes (docs/papers.md)."""
    under_way: deque[Snapshot] = deque()

    def jobs() -> Iterator[batch.Job]:
        for snapshot in snapshots:
            under_way.append(snapshot)
            yield sheet(snapshot), snapshot.made_s + EPOCH_UNIX_S

    for found in batch.print_many(jobs(), workers):
        yield under_way.popleft(), found
