"""Tells Django that this app exists, and listens to what the boards confirm."""

from django.apps import AppConfig


class ConsumersConfig(AppConfig):
    """The `consumers` app."""

    name = "controller.consumers"

    def ready(self) -> None:
        """Connects the receivers once all models are there."""
        from controller.consumers import receivers

        receivers.connect()
