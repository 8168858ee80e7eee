"""Lets the database itself refuse to change or delete what a paper said."""

from django.db import migrations

from controller.append_only import guard


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]
    operations = [guard("documents_snapshot")]
