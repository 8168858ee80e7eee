"""Tells Django that this app exists, and listens to bill runs."""

from django.apps import AppConfig


class ExtrasConfig(AppConfig):
    """The `extras` app."""

    name = "controller.extras"

    def ready(self) -> None:
        """Connects the receivers once all models are there."""
        from controller.extras import receivers

        receivers.connect()
