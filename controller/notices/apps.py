"""Tells Django that this app exists, and listens to what consumers are to be told."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """The `notices` app."""

    name = "controller.notices"

    def ready(self) -> None:
        """Connects the receivers once all models are there."""
        from controller.notices import receivers

        receivers.connect()
