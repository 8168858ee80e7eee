"""Tells Django that this app exists."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The `api` app."""

    name = "controller.api"
