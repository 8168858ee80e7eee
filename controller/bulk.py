"""Adds rows by the thousand, past the models: COPY on PostgreSQL, one prepared statement else.

For what is made in millions (bills, entries of the ledger). Knows no app.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Model

ROWS_AT_ONCE = 1_000  # held in memory, where there is no COPY


def insert_rows(
    model: type[Model], names: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Adds `rows`, whose values are those of the columns `names` in their order.

    JSON is given as text. Nothing of what the model's `save` does happens; the database's own
    constraints and triggers hold.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(name) for name in names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            statement = f"COPY {table} ({columns}) FROM STDIN"
            with connection.wrap_database_errors, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(names))
        # Table and columns are our own models' names; the values travel apart from the statement.
        statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
        waiting: Any = iter(rows)
        while piece := list(islice(waiting, ROWS_AT_ONCE)):
            cursor.executemany(statement, piece)
