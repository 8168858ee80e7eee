"""Tells Django that this app exists."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The `access` app."""

    name = "controller.access"
