"""Tables that can be added to and read, nothing else: the model's side and the database's.

A model that inherits `AppendOnly` refuses changes in the program; `guard(table)` in a migration
lets the database itself refuse them. Knows no app.
"""

from typing import Any, NoReturn, TypeVar

from django.db import migrations, models

from controller.errors import Refused

Row = TypeVar("Row", bound=models.Model)

# One statement each: SQLite takes no more at a time.
_SQLITE = """
    CREATE TRIGGER {table}_no_{action} BEFORE {action} ON {table}
    BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_SQLITE_ACTIONS = ("update", "delete")
_POSTGRESQL_FUNCTION = """
    CREATE OR REPLACE FUNCTION append_only_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""
_POSTGRESQL = """
    CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION append_only_refuse()
"""


def _refuse(model: type[models.Model]) -> NoReturn:
    name = str(model._meta.verbose_name)
    raise Refused(f"The {name} cannot be changed", "Record what corrects it instead.")


class AppendOnlyRows(models.QuerySet[Row]):
    """Rows that can be added and read, nothing else."""

    def update(self, **_values: Any) -> int:
        """Always refused."""
        _refuse(self.model)

    def bulk_update(self, *_args: Any, **_kwargs: Any) -> int:
        """Always refused."""
        _refuse(self.model)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Always refused."""
        _refuse(self.model)


class AppendOnly(models.Model):
    """A row that is written once. Its `verbose_name` is what a refusal calls it."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Adds a new row; saving one that exists is refused."""
        if not self._state.adding:
            _refuse(type(self))
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        """Always refused."""
        _refuse(type(self))


def guard(table: str) -> migrations.RunPython:
    """The migration step after which the database refuses to change or empty `table`."""

    def add(_apps: Any, schema_editor: Any) -> None:
        add_triggers(schema_editor.connection, table)

    def drop(_apps: Any, schema_editor: Any) -> None:
        drop_triggers(schema_editor.connection, table)

    return migrations.RunPython(add, drop)


def add_triggers(connection: Any, table: str) -> None:
    """Lets the database refuse every change of what stands in `table`."""
    if connection.vendor == "sqlite":
        statements = [_SQLITE.format(table=table, action=action) for action in _SQLITE_ACTIONS]
    else:
        statements = [_POSTGRESQL_FUNCTION, _POSTGRESQL.format(table=table)]
    _execute(connection, statements)


def drop_triggers(connection: Any, table: str) -> None:
    """The way back, for a development database and for tests; the function stays for others."""
    if connection.vendor == "sqlite":
        statements = [f"DROP TRIGGER {table}_no_{action}" for action in _SQLITE_ACTIONS]
    else:
        statements = [f"DROP TRIGGER {table}_no_change ON {table}"]
    _execute(connection, statements)


def _execute(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
