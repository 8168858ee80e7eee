"""Papers as files, made from what was kept: PDF, thermal strip, picture. Nothing is stored."""

from collections.abc import Sequence

from controller.documents import papers, press, thermal
from controller.documents.models import Snapshot
from controller.documents.sheets import Sheet
from controller.errors import Refused
from controller.words.lists import word_list
from protocol.limits import EPOCH_UNIX_S

LIST_MAX = 200


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
    return papers.make(snapshot.kind, snapshot.data, spoken, words, copy=copy)


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
