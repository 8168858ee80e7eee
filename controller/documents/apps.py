"""Tells Django that this app exists."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """The `documents` app."""

    name = "controller.documents"
