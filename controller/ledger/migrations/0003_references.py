"""Lets the database refuse a transfer of an entry or between accounts that do not exist.

One check for all rows of a statement instead of a foreign key's three a row, which cost more than
the rows themselves; what they refer to cannot go away again, because it is append-only.
"""

from django.db import migrations

SQLITE = """
    CREATE TRIGGER ledger_transfer_references BEFORE INSERT ON ledger_transfer
    WHEN NOT (
        EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.entry_id)
        AND EXISTS (SELECT 1 FROM ledger_account WHERE id = NEW.debit_id)
        AND EXISTS (SELECT 1 FROM ledger_account WHERE id = NEW.credit_id)
    )
    BEGIN SELECT RAISE(ABORT, 'a transfer of no entry, or between no accounts'); END
"""
POSTGRESQL = (
    """
    CREATE FUNCTION ledger_check_references() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM added
            LEFT JOIN ledger_entry entry ON entry.id = added.entry_id
            LEFT JOIN ledger_account debit ON debit.id = added.debit_id
            LEFT JOIN ledger_account credit ON credit.id = added.credit_id
            WHERE entry.id IS NULL OR debit.id IS NULL OR credit.id IS NULL
        ) THEN
            RAISE EXCEPTION 'a transfer of no entry, or between no accounts'
                USING ERRCODE = 'foreign_key_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER ledger_transfer_references AFTER INSERT ON ledger_transfer
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_references()
    """,
)


def add_trigger(apps, schema_editor):
    """One statement at a time: SQLite takes no more."""
    sqlite = schema_editor.connection.vendor == "sqlite"
    with schema_editor.connection.cursor() as cursor:
        for statement in (SQLITE,) if sqlite else POSTGRESQL:
            cursor.execute(statement)


def drop_trigger(apps, schema_editor):
    """The way back, for a development database."""
    sqlite = schema_editor.connection.vendor == "sqlite"
    with schema_editor.connection.cursor() as cursor:
        if sqlite:
            cursor.execute("DROP TRIGGER ledger_transfer_references")
            return
        cursor.execute("DROP TRIGGER ledger_transfer_references ON ledger_transfer")
        cursor.execute("DROP FUNCTION ledger_check_references()")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only")]
    operations = [migrations.RunPython(add_trigger, drop_trigger)]
