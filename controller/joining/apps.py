"""Tells Django that this app exists."""

from django.apps import AppConfig


class JoiningConfig(AppConfig):
    """The `joining` app."""

    name = "controller.joining"
