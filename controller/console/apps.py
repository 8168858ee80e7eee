"""Tells Django that this app exists."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The `console` app."""

    name = "controller.console"
