"""What every test runs in: a data folder of its own, so that no test ever touches a real one."""

import contextlib
import os
import tempfile

import pytest

_home = tempfile.TemporaryDirectory(prefix="bijli-tests-")
os.environ["BIJLI_HOME"] = _home.name
os.environ["DJANGO_SETTINGS_MODULE"] = "controller.settings"


def pytest_configure(config: pytest.Config) -> None:
    """Load the settings now that the folder stands; pytest-django then sets Django up."""
    from django.conf import settings

    assert settings.DATABASES
    # A password is slow to check on purpose; a thousand logins of tests need not be.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the database, so that it can be run again on PostgreSQL."""
    fixtures = {"db", "transactional_db", "live_server", "django_db_setup"}
    for item in items:
        uses = fixtures & set(getattr(item, "fixturenames", ()))
        if uses or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The test database is emptied between tests, which the triggers of append-only tables rightly
    refuse. So they are taken away here; `guarded_tables` puts them back for tests of them.
    """
    from django.db import connection

    from controller.append_only import drop_triggers

    with django_db_blocker.unblock():
        for table in append_only_tables():
            drop_triggers(connection, table)
    yield
    with django_db_blocker.unblock():
        end_other_sessions(connection)


@pytest.fixture
def guarded_tables(db) -> None:
    """The append-only tables as they are in real use: the database refuses every change."""
    from django.db import connection

    from controller.append_only import add_triggers

    for table in append_only_tables():
        add_triggers(connection, table)


@pytest.fixture
def shared_database(transactional_db, tmp_path):
    """A database at which threads wait for each other as processes do in real use.

    SQLite's test database lives in memory, where who comes second fails at once; so it is copied
    to a file for this test. On PostgreSQL it is the test database.
    """
    import sqlite3

    from django.db import connection, connections

    if connection.vendor != "sqlite":
        yield
        return
    memory, settings = connections["default"], connections.settings["default"]
    memory.ensure_connection()
    with contextlib.closing(sqlite3.connect(tmp_path / "shared.sqlite3")) as file:
        memory.connection.backup(file)
    connections.settings["default"] = {**settings, "NAME": tmp_path / "shared.sqlite3"}
    del connections["default"]
    yield
    connections["default"].close()
    connections["default"], connections.settings["default"] = memory, settings


@pytest.fixture
def at_once(shared_database):
    """Calls `act(0)`, `act(1)`, … in threads at the same moment; gives what each returned, or the
    Refused that it raised.
    """
    import threading

    from django.db import connection

    from controller.errors import Refused

    def run_all(count: int, act):
        results, surprises = [], []
        barrier = threading.Barrier(count)

        def run(number: int) -> None:
            barrier.wait()
            try:
                results.append(act(number))
            except Refused as refused:
                results.append(refused)
            except Exception as error:  # noqa: BLE001 - it is raised below, in the test's thread
                surprises.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if surprises:
            raise surprises[0]
        return results

    return run_all


def append_only_tables() -> list[str]:
    """The tables of all models that are append-only."""
    from django.apps import apps

    from controller.append_only import AppendOnly

    return [model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnly)]


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
