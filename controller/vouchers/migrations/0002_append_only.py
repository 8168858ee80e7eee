"""Lets the database itself refuse to change or delete an issued token."""

from django.db import migrations

from controller.append_only import guard


class Migration(migrations.Migration):
    dependencies = [("vouchers", "0001_initial")]
    operations = [guard("vouchers_voucher"), guard("vouchers_paygotoken")]
