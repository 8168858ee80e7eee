"""Tells Django that this app exists."""

from django.apps import AppConfig


class ProfileConfig(AppConfig):
    """The `profile` app."""

    name = "controller.profile"
