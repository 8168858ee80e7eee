"""Ends a worker at a chosen statement to the database, as a kill would, within one process."""

import contextlib
from collections.abc import Iterator

from django.db import connection

HARMLESS = ("SELECT", "(SELECT", "ROLLBACK")


class Killed(BaseException):
    """The process ended here. No `except Exception` hears of it."""


class Worker:
    """Who is killed before its so-many-th statement that changes something; None lets it live.

    To die before a SELECT is to die after the statement before it; to die before a ROLLBACK is
    to have it done by the database.
    """

    def __init__(self, statement: int | None):
        self.left = statement
        self.lived = True

    def __call__(self, execute, sql, params, many, context):
        if self.left is not None and not sql.lstrip().startswith(HARMLESS):
            self.left -= 1
            if self.left == 0:
                self.left, self.lived = None, False
                raise Killed
        return execute(sql, params, many, context)


@contextlib.contextmanager
def killed_at(statement: int | None) -> Iterator[Worker]:
    """What the worker had committed stays, the transaction that it was in is rolled back."""
    worker = Worker(statement)
    with contextlib.suppress(Killed), connection.execute_wrapper(worker):
        yield worker
