"""Tells Django that this app exists."""

from django.apps import AppConfig


class TasksConfig(AppConfig):
    """The `tasks` app."""

    name = "controller.tasks"
