"""Tells Django that this app exists."""

from django.apps import AppConfig


class HeadendConfig(AppConfig):
    """The `headend` app."""

    name = "controller.headend"
