"""Tells Django that this app exists."""

from django.apps import AppConfig


class ContactConfig(AppConfig):
    """The `contact` app."""

    name = "controller.contact"
