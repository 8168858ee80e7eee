"""Finds and adds rows by the thousand, for what is made in millions (bills, the ledger's entries).

Rows are added past the models: by COPY on PostgreSQL, by one prepared statement else. Knows no
app.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Lookup, Model

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


class Among(Lookup):
    """Whether the field `name` is one of `values`, for `filter`: all of them are one parameter.

    `name__in` makes a parameter of each, and a thousand cost more than the rows they find.
    """

    prepare_rhs = False
    output_field = BooleanField()

    def __init__(self, name: str, values: Collection[int | str]) -> None:
        super().__init__(F(name), list(values))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """`= ANY` of an array on PostgreSQL, a table made of JSON on SQLite."""
        left, parameters = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{left} = ANY(%s)", (*parameters, self.rhs)
        # `left` is the ORM's own name of a column; the values travel apart from the statement.
        statement = f"{left} IN (SELECT value FROM json_each(%s))"  # noqa: S608
        return statement, (*parameters, json.dumps(self.rhs))
