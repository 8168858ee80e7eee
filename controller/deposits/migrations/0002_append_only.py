"""Lets the database itself refuse to change or delete a movement of a deposit."""

from django.db import migrations

from controller.append_only import guard


class Migration(migrations.Migration):
    dependencies = [("deposits", "0001_initial")]
    operations = [guard("deposits_movement")]
