"""Tells Django that this app exists, and listens to what is fitted and released."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """The `inventory` app."""

    name = "controller.inventory"

    def ready(self) -> None:
        """Connects the receivers once all models are there."""
        from controller.inventory import receivers

        receivers.connect()
