"""Tells Django that this app exists, and listens to payments."""

from django.apps import AppConfig


class DepositsConfig(AppConfig):
    """The `deposits` app."""

    name = "controller.deposits"

    def ready(self) -> None:
        """Connects the receivers once all models are there."""
        from controller.deposits import receivers

        receivers.connect()
