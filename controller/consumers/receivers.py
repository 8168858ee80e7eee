"""Hears what boards confirmed, inside the transaction that stored it, and tells the services."""

from typing import Any

from controller.consumers import queries, services
from controller.headend.models import Command
from controller.headend.signals import command_finished, meters_locking
from controller.readings.models import Event
from controller.readings.signals import events_stored
from protocol import messages


def connect() -> None:
    """Starts listening; called once, when Django is set up."""
    meters_locking.connect(_hear_locking, dispatch_uid="consumers.locking")
    command_finished.connect(_hear_command, dispatch_uid="consumers.command")
    events_stored.connect(_hear_events, dispatch_uid="consumers.events")


def _hear_locking(meter_ids: set[str], **_more: Any) -> None:
    queries.lock_by_meters(meter_ids)


def _hear_command(command: Command, **_more: Any) -> None:
    if command.name == "set_programme":
        services.programme_receipted(command)


def _hear_events(meter_id: str, events: list[Event], **_more: Any) -> None:
    for event in events:
        if event.code == messages.EVENT_PROGRAMME_ACTIVATED:
            services.programme_activated(meter_id, event.value, event.time_s)
