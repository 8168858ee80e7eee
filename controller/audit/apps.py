"""Tells Django that this app exists."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The `audit` app."""

    name = "controller.audit"
