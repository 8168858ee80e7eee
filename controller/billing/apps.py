"""Tells Django that this app exists."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """The `billing` app."""

    name = "controller.billing"
