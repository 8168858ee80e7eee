"""What a task must say. Pure. The kinds in use stand in docs/ledger.md; any word is accepted."""

import re

from controller.errors import Refused

KIND = re.compile(r"[a-z][a-z_]{0,39}")
SUBJECT_MAX = 120
KEY_MAX = 200
TITLE_MAX = 200
OUTCOME_MAX = 80
NOTE_MAX = 500


def check_task(kind: str, subject: str, key: str, title: str) -> None:
    """Raises Refused for a task that says too little or too much."""
    if not KIND.fullmatch(kind):
        raise Refused(f"{kind!r} is no kind of task", "Use small letters and underscores.")
    for name, value, length_max in (
        ("subject", subject, SUBJECT_MAX),
        ("key", key, KEY_MAX),
        ("title", title, TITLE_MAX),
    ):
        _check_words(name, value, length_max)


def check_outcome(outcome: str, note: str) -> None:
    """Raises Refused for a decision without a word, or with too many."""
    _check_words("outcome", outcome, OUTCOME_MAX)
    if len(note) > NOTE_MAX:
        raise Refused("The note is too long", f"Use {NOTE_MAX} characters.")


def _check_words(name: str, value: str, length_max: int) -> None:
    if not value.strip():
        raise Refused(f"The task has no {name}", f"Give it a {name}.")
    if len(value) > length_max:
        raise Refused(f"The {name} of the task is too long", f"Use {length_max} characters.")
