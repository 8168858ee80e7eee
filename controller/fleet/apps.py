"""Tells Django that this app exists."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """The `fleet` app."""

    name = "controller.fleet"
