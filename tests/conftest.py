"""What every test runs in: a data folder of its own, so that no test ever touches a real one."""

import importlib
import os
import tempfile
from types import SimpleNamespace

import pytest

_home = tempfile.TemporaryDirectory(prefix="bijli-tests-")
os.environ["BIJLI_HOME"] = _home.name
os.environ["DJANGO_SETTINGS_MODULE"] = "controller.settings"


def pytest_configure(config: pytest.Config) -> None:
    """Load the settings now that the folder stands; pytest-django then sets Django up."""
    from django.conf import settings

    assert settings.DATABASES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the database, so that it can be run again on PostgreSQL."""
    fixtures = {"db", "transactional_db", "live_server", "django_db_setup"}
    for item in items:
        uses = fixtures & set(getattr(item, "fixturenames", ()))
        if uses or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The test database is emptied between tests, which the audit trail's triggers rightly refuse.

    So they are taken away here; test_audit puts them back for its own tests.
    """
    from django.db import connection

    triggers = importlib.import_module("controller.audit.migrations.0002_append_only")
    with django_db_blocker.unblock():
        triggers.drop_triggers(None, SimpleNamespace(connection=connection))
    yield
    with django_db_blocker.unblock():
        end_other_sessions(connection)


def end_other_sessions(connection) -> None:
    """A process that a test has just killed may keep its session at PostgreSQL for a moment, and
    nobody can drop a database that has one.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
