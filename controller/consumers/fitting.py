"""Fits meters at connections and takes them away; each fitting stays on record for the bill.

A released meter may serve another connection: what its board was told for this one is over.
"""

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.consumers import queries
from controller.consumers.models import WAITING, AssignmentState, Connection, Fitting
from controller.errors import Refused
from controller.fleet.services import find_meter
from controller.headend.downlink import lock_meters


@transaction.atomic
def fit_meter(consumer_id: str, meter_id: str, *, actor: str) -> Connection:
    """Records that the meter now serves the consumer's connection. Raises Refused."""
    found = queries.find_consumer(consumer_id).connection
    connection = queries.lock_connection(found.pk)
    meter = find_meter(meter_id)
    lock_meters([meter_id])
    if connection.meter_id is not None:
        raise Refused(
            f"Consumer {connection.consumer_id} has meter {connection.meter_id}",
            "Release that meter first, or choose another consumer.",
        )
    if Connection.objects.filter(meter=meter).exists():
        raise Refused(f"Meter {meter_id} serves another consumer", "Choose a free meter.")
    connection.meter = meter
    connection.fitted_s = clock.now_s()
    connection.save(update_fields=["meter", "fitted_s"])
    Fitting.objects.create(connection=connection, meter=meter, fitted_s=connection.fitted_s)
    audit.record(actor, "fit meter", f"consumer {connection.consumer_id}", meter=meter_id)
    return connection


@transaction.atomic
def release_meter(consumer_id: str, *, actor: str) -> Fitting:
    """Records that the meter is taken from the consumer's connection now.

    What it was programmed with is superseded; packages that it ran stay billed until now. Raises
    Refused when the connection has no meter.
    """
    found = queries.find_consumer(consumer_id).connection
    connection = queries.lock_connection(found.pk)
    if connection.meter_id is None:
        raise Refused(f"Consumer {connection.consumer_id} has no meter", "There is none to take.")
    lock_meters([connection.meter_id])
    fitting = connection.fittings.get(removed_s=None)
    fitting.removed_s = clock.now_s()
    fitting.save(update_fields=["removed_s"])
    connection.meter = None
    connection.save(update_fields=["meter"])
    _supersede_all(connection, fitting.meter_id)
    audit.record(
        actor, "release meter", f"consumer {connection.consumer_id}", meter=fitting.meter_id
    )
    return fitting


def _supersede_all(connection: Connection, meter_id: str) -> None:
    states = (*WAITING, AssignmentState.ACTIVE)
    for assignment in connection.assignments.filter(meter=meter_id, state__in=states):
        assignment.mark_superseded()
        assignment.save()
