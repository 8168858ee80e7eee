"""Tells Django that this app exists."""

from django.apps import AppConfig


class RequestsConfig(AppConfig):
    """The `requests` app."""

    name = "controller.requests"
