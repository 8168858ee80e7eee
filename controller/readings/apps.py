"""Tells Django that this app exists."""

from django.apps import AppConfig


class ReadingsConfig(AppConfig):
    """The `readings` app."""

    name = "controller.readings"
