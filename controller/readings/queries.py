"""Reads the measured record: the latest events, and which readings are missing."""

from django.db.models import QuerySet

from controller.readings import rules
from controller.readings.models import Event, Reading

EVENTS_MAX = 200


def latest_events(meter_id: str, count: int = 20) -> QuerySet[Event]:
    """The newest events first, at most EVENTS_MAX."""
    return Event.objects.filter(meter_id=meter_id).order_by("-sequence")[: min(count, EVENTS_MAX)]


def missing_sequences(meter_id: str) -> list[tuple[int, int]]:
    """Ranges (first, last) of readings that are not stored, whether lost or still to come."""
    stored = list(Reading.objects.filter(meter_id=meter_id).values_list("sequence", flat=True))
    return rules.missing(0, max(stored, default=0) + 1, set(stored))
