"""The audit trail: what was recorded stays as it was recorded."""

import pytest
from django.db import DatabaseError, connection, transaction

from controller.audit import queries, services
from controller.audit.models import AuditEvent
from controller.errors import Refused


@pytest.fixture
def event(guarded_tables):
    return services.record("meena", "disconnect", "meter BHK01", reason="unpaid")


def test_an_event_says_who_did_what_to_what_with_details(event):
    stored = AuditEvent.objects.get()
    assert (stored.actor, stored.action, stored.subject) == (
        "meena", "disconnect", "meter BHK01",
    )  # fmt: skip
    assert stored.detail == {"reason": "unpaid"}


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: AuditEvent.objects.filter(pk=event.pk).update(actor="nobody"),
        lambda event: AuditEvent.objects.all().delete(),
    ],
    ids=["save again", "delete", "update rows", "delete rows"],
)
def test_the_program_cannot_change_an_event(event, change):
    with pytest.raises(Refused, match="cannot be changed"):
        change(event)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_auditevent SET actor = 'nobody'", "DELETE FROM audit_auditevent"],
)
def test_the_database_itself_refuses_to_change_an_event(event, statement):
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEvent.objects.get().actor == "meena"


def test_the_latest_events_of_one_subject_come_first(event):
    services.record("meena", "reconnect", "meter BHK01")
    services.record("meena", "disconnect", "meter BHK02")
    assert [e.action for e in queries.latest("meter BHK01")] == ["reconnect", "disconnect"]
