"""Reads the measured record: load profile, latest events, energy between two moments."""

from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Max, QuerySet

from controller.readings import rules
from controller.readings.models import Event, Gap, Reading

WEEK_S = 7 * 86_400
EVENTS_MAX = 200


@dataclass(frozen=True, slots=True)
class Interval:
    """Mean load between two readings that follow each other."""

    start_s: int
    end_s: int
    power_w: int


def load_profile(meter_id: str, until_s: int, span_s: int = WEEK_S) -> list[Interval]:
    """Mean power of each interval that ended in the `span_s` seconds up to `until_s`.

    From register differences of neighbouring readings; where one is missing, or the clock went
    back in between, there is a hole.
    """
    rows = (
        Reading.objects.filter(meter_id=meter_id, end_s__gt=until_s - span_s, end_s__lte=until_s)
        .order_by("sequence")
        .values_list("sequence", "end_s", "energy_wh")
    )
    return [
        Interval(start_s, end_s, rules.mean_power_w(energy_wh - before_wh, end_s - start_s))
        for (before, start_s, before_wh), (sequence, end_s, energy_wh) in pairwise(rows)
        if sequence == before + 1 and end_s > start_s
    ]


def latest_events(meter_id: str, count: int = 20) -> QuerySet[Event]:
    """The newest events first, at most EVENTS_MAX."""
    return Event.objects.filter(meter_id=meter_id).order_by("-sequence")[: min(count, EVENTS_MAX)]


def register_at(meter_id: str, time_s: int) -> Reading | None:
    """The last reading taken at or before the time."""
    return (
        Reading.objects.filter(meter_id=meter_id, end_s__lte=time_s).order_by("-sequence").first()
    )


def registered_between(meter_id: str, start_s: int, end_s: int) -> int:
    """Wh that the meter's register moved between the two moments (0 before its first reading)."""
    first, last = register_at(meter_id, start_s), register_at(meter_id, end_s)
    return (last.energy_wh if last else 0) - (first.energy_wh if first else 0)


def last_sequence(meter_id: str) -> int:
    """The highest reading sequence stored, 0 when there is none."""
    highest = Reading.objects.filter(meter_id=meter_id).aggregate(highest=Max("sequence"))
    return highest["highest"] or 0


def missing_sequences(meter_id: str) -> list[tuple[int, int]]:
    """Ranges (first, last) of readings that are not stored, whether lost or still to come."""
    stored = list(Reading.objects.filter(meter_id=meter_id).values_list("sequence", flat=True))
    return rules.missing(0, max(stored, default=0) + 1, set(stored))


def gaps(meter_id: str) -> QuerySet[Gap]:
    """What the meter itself lost before it could send it."""
    return Gap.objects.filter(meter_id=meter_id)
