"""Tasks: what a person must decide is never lost, and not asked twice at once."""

import pytest

from controller.audit.models import AuditEvent
from controller.errors import Refused
from controller.tasks import queries, services
from controller.tasks.models import Task


def raise_one(key="payment:7", kind="payment_conflict", **other):
    named = {"subject": "consumer BHKATS01112", "title": "The amounts differ"} | other
    return services.raise_task(
        kind=kind, key=key, evidence={"said": 500, "paid": 400}, actor="gateway", **named
    )


def test_a_task_keeps_its_evidence_until_a_person_decides(db):
    task = raise_one()
    assert queries.open_tasks().get().evidence == {"said": 500, "paid": 400}
    closed = services.close_task(
        task_id=task.pk, outcome="paid back", note="cash, slip 12", actor="meena"
    )
    assert not queries.open_tasks().exists()
    assert queries.closed_tasks().get() == closed
    assert (closed.outcome, closed.note, closed.closed_by) == (
        "paid back", "cash, slip 12", "meena",
    )  # fmt: skip
    assert [event.action for event in AuditEvent.objects.all()] == ["raise task", "close task"]


def test_one_thing_to_decide_is_one_open_task_and_may_come_again_once_decided(db):
    first = raise_one()
    assert raise_one() == first
    services.close_task(task_id=first.pk, outcome="done", actor="meena")
    assert raise_one() != first
    assert Task.objects.count() == 2


def test_a_task_is_closed_once(db):
    task = raise_one()
    services.close_task(task_id=task.pk, outcome="paid back", actor="meena")
    with pytest.raises(Refused, match=r"was closed by meena \(paid back\)"):
        services.close_task(task_id=task.pk, outcome="ignored", actor="ravi")
    with pytest.raises(Refused, match="no task 999"):
        services.close_task(task_id=999, outcome="done", actor="ravi")


@pytest.mark.parametrize(
    "words",
    [{"kind": "Payment conflict"}, {"kind": ""}, {"key": " "}, {"title": "x" * 201},
     {"subject": ""}],
    ids=str,
)  # fmt: skip
def test_a_task_says_what_it_is_about(db, words):
    with pytest.raises(Refused):
        raise_one(**words)
    assert not Task.objects.exists()


def test_a_decision_has_a_word_for_it(db):
    task = raise_one()
    for outcome, note in (("", ""), ("x" * 81, ""), ("done", "x" * 501)):
        with pytest.raises(Refused):
            services.close_task(task_id=task.pk, outcome=outcome, note=note, actor="meena")
    assert queries.find_task(task.pk).state == "open"
    with pytest.raises(Refused, match="no task 0"):
        queries.find_task(0)


def test_tasks_are_found_by_kind_and_subject_and_counted(db):
    raise_one("a")
    raise_one("b")
    raise_one("c", kind="reading_gap", subject="meter BHK01")
    assert queries.open_counts() == {"payment_conflict": 2, "reading_gap": 1}
    assert queries.open_tasks(kind="reading_gap").get().key == "c"
    assert queries.open_tasks(subject="meter BHK01").get().key == "c"
    assert not queries.open_tasks(kind="reading_gap", subject="consumer BHKATS01112").exists()


def test_several_who_notice_the_same_thing_at_once_raise_one_task(at_once):
    found = at_once(4, lambda _number: raise_one().pk)
    assert set(found) == {Task.objects.get().pk}
