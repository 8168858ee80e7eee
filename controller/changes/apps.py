"""Tells Django that this app exists, and listens to what the boards confirm and who has paid."""

from django.apps import AppConfig


class ChangesConfig(AppConfig):
    """The `changes` app."""

    name = "controller.changes"

    def ready(self) -> None:
        """Connects the receivers once all models are there."""
        from controller.changes import receivers

        receivers.connect()
