"""What waits for a person, and what was decided."""

from django.db.models import Count, QuerySet

from controller.errors import Refused
from controller.tasks.models import Task, TaskState

LIST_MAX = 200  # of what is shown at once


def open_tasks(kind: str | None = None, subject: str | None = None) -> QuerySet[Task]:
    """Tasks to be decided, the oldest first, of one kind, of one subject, or all."""
    return _filtered(Task.objects.filter(state=TaskState.OPEN), kind, subject)


def closed_tasks(kind: str | None = None, subject: str | None = None) -> QuerySet[Task]:
    """Decided tasks, the one decided last first."""
    found = Task.objects.filter(state=TaskState.CLOSED).order_by("-closed_s", "-pk")
    return _filtered(found, kind, subject)


def _filtered(tasks: QuerySet[Task], kind: str | None, subject: str | None) -> QuerySet[Task]:
    if kind is not None:
        tasks = tasks.filter(kind=kind)
    if subject is not None:
        tasks = tasks.filter(subject=subject)
    return tasks


def open_counts() -> dict[str, int]:
    """How many tasks wait, by kind."""
    found = open_tasks().order_by("kind").values_list("kind").annotate(waiting=Count("pk"))
    return dict(found)


def find_task(task_id: int) -> Task:
    """One task. Raises Refused."""
    task = Task.objects.filter(pk=task_id).first()
    if task is None:
        raise Refused(f"There is no task {task_id}", "Take one from the list of tasks.")
    return task
