"""Tells Django that this app exists."""

from django.apps import AppConfig


class ReconcileConfig(AppConfig):
    """The `reconcile` app."""

    name = "controller.reconcile"
