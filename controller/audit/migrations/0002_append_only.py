"""Lets the database itself refuse to change or delete an audit event."""

from django.db import migrations

SQLITE = {
    action: f"""
        CREATE TRIGGER audit_no_{action.lower()} BEFORE {action} ON audit_auditevent
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
    """
    for action in ("UPDATE", "DELETE")
}
POSTGRESQL = (
    """
    CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$
    """,
    """
    CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
    """,
)


def add_triggers(apps, schema_editor):
    """One statement at a time: SQLite takes no more."""
    sqlite = schema_editor.connection.vendor == "sqlite"
    with schema_editor.connection.cursor() as cursor:
        for statement in SQLITE.values() if sqlite else POSTGRESQL:
            cursor.execute(statement)


def drop_triggers(apps, schema_editor):
    """The way back, for a development database."""
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "sqlite":
            for action in SQLITE:
                cursor.execute(f"DROP TRIGGER audit_no_{action.lower()}")
            return
        cursor.execute("DROP TRIGGER audit_no_change ON audit_auditevent")
        cursor.execute("DROP FUNCTION audit_refuse()")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(add_triggers, drop_triggers)]
