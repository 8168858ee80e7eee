"""Tells Django that this app exists."""

from django.apps import AppConfig


class TariffsConfig(AppConfig):
    """The `tariffs` app."""

    name = "controller.tariffs"
