"""Tells Django that this app exists."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The `ledger` app."""

    name = "controller.ledger"
