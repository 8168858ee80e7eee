"""What goes through the hands of several people, step by step: each step with who and when.

Service requests, changes and joinings are such; this module knows none of them. A model inherits
`Workflow`, has an FSMField `state` and a table of its own for its steps, related as `steps`.
"""

from typing import Any

from django.db import models
from django_fsm import FSMModelMixin

from controller import clock
from controller.audit import services as audit
from controller.errors import Refused

NOTE_MAX = 300  # characters


class Step(models.Model):
    """One step that somebody took: by its name, into which state, when, and what they said."""

    at_s = models.BigIntegerField()
    actor = models.CharField(max_length=80)
    name = models.CharField(max_length=40)
    state = models.CharField(max_length=16)
    note = models.CharField(max_length=NOTE_MAX, blank=True, default="")

    class Meta:
        abstract = True
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.at_s} {self.actor}: {self.name}"


class Workflow(FSMModelMixin, models.Model):
    """Something that is moved by steps. `subject` is what the audit trail calls it."""

    steps: Any
    state: Any

    class Meta:
        abstract = True

    @property
    def subject(self) -> str:
        """E.g. `consumer BHKATS01112`."""
        raise NotImplementedError


def move(item: Workflow, step: str, *, actor: str, note: str = "", **facts: Any) -> Any:
    """Takes one step of `item`, whose row the caller has locked; returns the stored step.

    `step` is the name of the transition; `facts` go to the audit trail. Raises Refused for a step
    that cannot be taken now, with those that can, and for a note that is too long.
    """
    check_note(note)
    check_possible(item, step)
    getattr(item, step)()
    item.save()
    return note_step(item, step, actor=actor, note=note, **facts)


def check_possible(item: Workflow, step: str) -> None:
    """Raises Refused for a step that cannot be taken now; asked before what cannot be undone."""
    possible = sorted({each.name for each in item.get_available_state_transitions()})  # type: ignore[attr-defined]
    if step not in possible:
        raise Refused(
            f"{words(step).capitalize()} is not possible: it is {words(str(item.state))}",
            f"Possible now: {', '.join(map(words, possible))}."
            if possible
            else "It is closed; begin anew.",
        )


def note_step(item: Workflow, step: str, *, actor: str, note: str = "", **facts: Any) -> Any:
    """Records what somebody did that leaves the state as it is, or the beginning."""
    check_note(note)
    detail = {**facts, "state": str(item.state), **({"note": note} if note else {})}
    audit.record(
        actor, f"{item._meta.verbose_name}: {words(step)}", item.subject, id=item.pk, **detail
    )
    return item.steps.create(
        at_s=clock.now_s(), actor=actor, name=step, state=str(item.state), note=note
    )


def check_note(note: str) -> None:
    """Raises Refused for a note that cannot be kept."""
    if len(note) > NOTE_MAX:
        raise Refused("The note is too long", f"Use at most {NOTE_MAX} characters.")


def check_reason(reason: str) -> None:
    """Raises Refused where somebody must say why and does not."""
    if not reason.strip():
        raise Refused("It is not said why", "Give the reason.")
    check_note(reason)


def words(name: str) -> str:
    """A name of the code as people read it."""
    return name.replace("_", " ")
