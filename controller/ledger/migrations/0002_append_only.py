"""Lets the database itself refuse to change or delete what was posted or sealed."""

from django.db import migrations

from controller.append_only import guard


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        guard("ledger_account"),
        guard("ledger_entry"),
        guard("ledger_transfer"),
        guard("ledger_dayseal"),
    ]
