"""Lets the database itself refuse to change or delete an audit event."""

from django.db import migrations

from controller.append_only import guard


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [guard("audit_auditevent")]
