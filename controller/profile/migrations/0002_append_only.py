"""Lets the database itself refuse to change or delete a version of a setting."""

from django.db import migrations

from controller.append_only import guard


class Migration(migrations.Migration):
    dependencies = [("profile", "0001_initial")]
    operations = [
        guard("profile_settingversion"),
    ]
