"""Issues papers: keeps what a paper says, once. Setting it in type is queries' affair."""

import hashlib
import json
from typing import Any

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.documents import rules
from controller.documents.models import Snapshot
from controller.fleet import sealing
from controller.words.lists import check_language


@transaction.atomic
def issue(*, kind: str, subject: str, language: str, data: Any, actor: str) -> Snapshot:
    """Keeps the data of a paper (MG-10); the same again is the paper that is there already.

    `data` is one of the shapes of rules.py. Raises Refused when its sums do not hold.
    """
    check_language(language)
    rules.check(kind, data)
    digest = hashlib.sha256(canonical(data)).hexdigest()
    secrets = {name: data[name] for name in rules.SECRETS if data.get(name)}
    sealed = sealing.seal(subject, canonical(secrets)) if secrets else b""
    kept = {name: value for name, value in data.items() if name not in secrets}
    found, made = Snapshot.objects.get_or_create(
        kind=kind,
        subject=subject,
        language=language,
        digest=digest,
        defaults={
            "data": kept,
            "token_sealed": sealed,
            "made_s": clock.now_s(),
            "actor": actor,
        },
    )
    if made:
        audit.record(actor, f"issue {kind}", subject, language=language, digest=digest)
    return found


def canonical(data: Any) -> bytes:
    """The one way to write the data, for its digest."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
