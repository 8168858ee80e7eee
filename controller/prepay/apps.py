"""Tells Django that this app exists, and listens to what the boards confirm."""

from django.apps import AppConfig


class PrepayConfig(AppConfig):
    """The `prepay` app."""

    name = "controller.prepay"

    def ready(self) -> None:
        """Connects the receivers once all models are there."""
        from controller.prepay import receivers

        receivers.connect()
