"""Tells Django that this app exists."""

from django.apps import AppConfig


class VouchersConfig(AppConfig):
    """The `vouchers` app."""

    name = "controller.vouchers"
