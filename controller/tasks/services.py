"""Raises tasks and closes them. Who raises one knows what it is about; this app does not."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from controller import clock
from controller.audit import services as audit
from controller.errors import Refused
from controller.tasks import rules
from controller.tasks.models import Task, TaskState


@transaction.atomic
def raise_task(
    *,
    kind: str,
    subject: str,
    key: str,
    title: str,
    evidence: Mapping[str, Any] | None = None,
    actor: str,
) -> Task:
    """Puts something before a person; the open task of the same `key`, when there is one.

    `evidence` must be JSON without secrets. A `key` that was decided may come again: that is a
    new task. Raises Refused for words that are missing or too long.
    """
    rules.check_task(kind, subject, key, title)
    known = _open(key)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            task = Task.objects.create(
                kind=kind,
                subject=subject,
                key=key,
                title=title,
                evidence=dict(evidence or {}),
                raised_s=clock.now_s(),
                actor=actor,
            )
            audit.record(actor, "raise task", subject, task=task.pk, kind=kind, title=title)
    except IntegrityError:  # somebody else noticed it at this very moment
        known = _open(key)
        if known is None:
            raise
        return known
    return task


def _open(key: str) -> Task | None:
    return Task.objects.filter(key=key, state=TaskState.OPEN).first()


@transaction.atomic
def close_task(*, task_id: int, outcome: str, note: str = "", actor: str) -> Task:
    """Records what a person decided (`outcome`, a word) and why. Raises Refused.

    Of two who close one task, the second is refused.
    """
    rules.check_outcome(outcome, note)
    task = Task.objects.select_for_update().filter(pk=task_id).first()
    if task is None:
        raise Refused(f"There is no task {task_id}", "Take one from the list of open tasks.")
    if task.state == TaskState.CLOSED:
        raise Refused(
            f"Task {task_id} was closed by {task.closed_by} ({task.outcome})", "Look at it again."
        )
    task.mark_closed(outcome, note, actor, clock.now_s())
    task.save()
    audit.record(actor, "close task", task.subject, task=task.pk, outcome=outcome, note=note)
    return task
