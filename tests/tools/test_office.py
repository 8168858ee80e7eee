"""What the commands share: the first login, and tables that ask the database once."""

import pytest

pytestmark = pytest.mark.django_db


def test_the_first_login_is_made_once_and_audited_without_its_password(db):
    from controller.audit.models import AuditEvent
    from tools.office import ensure_operator

    words = ensure_operator()
    event = AuditEvent.objects.get()
    assert (event.action, event.subject, event.detail) == ("add login", "user operator", {})
    assert "operator" in words
    assert "you have" in ensure_operator()


def test_closing_a_month_takes_as_many_queries_for_many_bills_as_for_few():
    """The table of bills asks for all consumers at once."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.controller.village import close_last_month, settle_village
    from tools import bills

    close_last_month(settle_village(meters=3, with_readings=0))
    with CaptureQueriesContext(connection) as queries:
        assert len(bills.bill_rows("KATS", "2026-10")) == 3
    assert len(queries) == 1
