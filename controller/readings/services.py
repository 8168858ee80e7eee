"""Stores the measured record: each reading and event once, whatever arrives how often.

Called by the headend inside its transaction, with the meters' rows locked. Knows nothing of
envelopes, keys or topics.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from controller.fleet.models import Meter, MeterState
from controller.headend.models import SignedMessage
from controller.readings import rules
from controller.readings.models import Event, Gap, Reading
from controller.readings.signals import events_stored


@dataclass(frozen=True, slots=True)
class Ring:
    """One of the two records that a meter keeps, and where the controller keeps its copy."""

    kind: Gap.Kind
    model: type[Reading] | type[Event]
    fields: tuple[str, ...]
    through: str  # the field of MeterState: up to which sequence everything is stored


READINGS = Ring(Gap.Kind.READINGS, Reading, rules.READING_FIELDS, "readings_through")
EVENTS = Ring(Gap.Kind.EVENTS, Event, rules.EVENT_FIELDS, "events_through")


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one signed message, each a list in the order of the ring's fields."""

    meter: Meter
    message: SignedMessage
    records: list[list[int]]


def store(ring: Ring, batches: Sequence[Batch]) -> None:
    """Stores what is new in the batches and moves each meter's `through` on (not saved here)."""
    if not batches:
        return
    held = stored_beyond(ring, {batch.meter.pk for batch in batches})
    rows: list[Any] = []
    for batch in batches:
        state, known = batch.meter.state, held[batch.meter.pk]
        through = getattr(state, ring.through)
        for record in batch.records:
            if record[0] > through and record[0] not in known:
                known.add(record[0])
                rows.append(_row(ring, batch, record))
        setattr(state, ring.through, rules.advance(through, known))
    ring.model._default_manager.bulk_create(rows, ignore_conflicts=True)
    if ring is EVENTS:
        _tell(rows)


def stored_beyond(ring: Ring, meter_ids: Iterable[str]) -> dict[str, set[int]]:
    """Per meter the sequences stored after its `through`: those that wait for a hole to fill."""
    beyond: dict[str, set[int]] = defaultdict(set)
    rows = ring.model._default_manager.filter(
        meter_id__in=meter_ids, sequence__gt=F(f"meter__state__{ring.through}")
    )
    for meter_id, sequence in rows.values_list("meter_id", "sequence").order_by():
        beyond[meter_id].add(sequence)
    return beyond


def open_gap(ring: Ring, state: MeterState, first_held: int) -> None:
    """Records as lost what lies before `first_held`, the first record that the meter still has.

    Moves `through` past the hole, so that the meter may let go of what follows (not saved here).
    """
    through = getattr(state, ring.through)
    if first_held <= through + 1:
        return
    held = stored_beyond(ring, [state.pk])[state.pk]
    Gap.objects.bulk_create(
        [
            Gap(meter_id=state.pk, kind=ring.kind, first=first, last=last)
            for first, last in rules.missing(through, first_held, held)
        ],
        ignore_conflicts=True,
    )
    setattr(state, ring.through, rules.advance(first_held - 1, held))


def _row(ring: Ring, batch: Batch, record: list[int]) -> Reading | Event:
    values = dict(zip(ring.fields, record, strict=True))
    return ring.model(meter_id=batch.meter.pk, message_id=batch.message.pk, **values)


def _tell(events: list[Event]) -> None:
    by_meter: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_meter[event.meter_id].append(event)
    for meter_id, stored in by_meter.items():
        events_stored.send(sender=Event, meter_id=meter_id, events=stored)
