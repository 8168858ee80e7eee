"""Which meter served which connection, from when to when: begun, ended, and handed on.

A meter that goes from one consumer to the next must take nothing along: no order that was meant
for the first, no credit, no package. Knows nothing of stores (`inventory`).
"""

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.consumers import queries
from controller.consumers.models import (
    WAITING,
    AssignmentState,
    Connection,
    Fitting,
    PackageAssignment,
)
from controller.consumers.signals import assignment_moved, meter_fitted, meter_released
from controller.errors import Refused
from controller.fleet.models import Meter, MeterState
from controller.fleet.services import find_meter
from controller.headend.downlink import lock_meters
from controller.headend.models import PENDING, Command
from controller.headend.services import withdraw_queued
from controller.readings.models import Reading
from protocol.programme import MODE_POSTPAID

REGISTER_WH_MAX = 10**12
REASON_MAX = 200  # characters


def check_free(meter: Meter) -> None:
    """Raises Refused unless the meter is free, and brings nothing along from another place."""
    if Connection.objects.filter(meter=meter).exists():
        raise Refused(f"Meter {meter.pk} serves another consumer", "Choose a free meter.")
    if not Fitting.objects.filter(meter=meter).exists():
        return
    waiting = Command.objects.filter(meter=meter, state__in=PENDING).count()
    if waiting:
        raise Refused(
            f"Meter {meter.pk} may still carry out {waiting} orders meant for its last place",
            "Wait until it has answered them, or they expire.",
        )
    state: MeterState = meter.state
    if state.credit_mode != MODE_POSTPAID and state.balance:
        raise Refused(
            f"Meter {meter.pk} still has a balance of {state.balance} from its last place",
            "Clear its credit first, and let it report.",
        )


@transaction.atomic
def fit_meter(consumer_id: str, meter_id: str, *, actor: str) -> Connection:
    """Records that the meter now serves the consumer's connection. Raises Refused.

    A meter that served another before must have nothing left of it (`check_free`).
    """
    found = queries.find_consumer(consumer_id).connection
    connection = queries.lock_connection(found.pk)
    meter = find_meter(meter_id)
    lock_meters([meter_id])
    if connection.meter_id is not None:
        raise Refused(
            f"Consumer {connection.consumer_id} has meter {connection.meter_id}",
            "Release that meter first, with its closing register.",
        )
    check_free(meter)
    connection.meter = meter
    connection.fitted_s = clock.now_s()
    connection.save(update_fields=["meter", "fitted_s"])
    fitting = Fitting.objects.create(
        connection=connection,
        meter=meter,
        fitted_s=connection.fitted_s,
        first_reading=last_reading(meter, connection.fitted_s),
    )
    audit.record(actor, "fit meter", f"consumer {connection.consumer_id}", meter=meter_id)
    meter_fitted.send(sender=Fitting, fitting=fitting, actor=actor)
    return connection


@transaction.atomic
def release_meter(
    consumer_id: str, closing_wh: int | None = None, reason: str = "", *, actor: str
) -> Fitting:
    """Takes the meter off the connection, with what its display showed at the last.

    `closing_wh` is None where the display cannot be read; then the last signed reading closes the
    account. Orders that never left for the meter are withdrawn; packages that it ran stay billed
    until now. Raises Refused for a register below what the meter itself has signed.
    """
    found = queries.find_consumer(consumer_id).connection
    connection = queries.lock_connection(found.pk)
    meter = connection.meter
    if meter is None:
        raise Refused(f"Consumer {connection.consumer_id} has no meter", "There is none to take.")
    if len(reason) > REASON_MAX:
        raise Refused("The reason is too long", f"Use at most {REASON_MAX} characters.")
    lock_meters([meter.pk])
    now_s = clock.now_s()
    last = last_reading(meter, now_s)
    _check_closing(meter, closing_wh, last)
    fitting = _end(connection, meter, now_s)
    fitting.last_reading, fitting.closing_wh, fitting.reason = last, closing_wh, reason
    fitting.save()
    connection.meter, connection.fitted_s = None, 0
    connection.save(update_fields=["meter", "fitted_s"])
    _end_packages(connection, meter)
    withdraw_queued(meter.pk, actor=actor)
    audit.record(
        actor, "release meter", f"consumer {connection.consumer_id}", meter=meter.pk,
        closing_wh=closing_wh, last_reading=last and last.sequence, reason=reason,
    )  # fmt: skip
    meter_released.send(sender=Fitting, fitting=fitting, actor=actor)
    return fitting


def last_reading(meter: Meter, until_s: int) -> Reading | None:
    """The meter's last signed reading up to then, if there is one."""
    found = Reading.objects.filter(meter=meter, end_s__lte=until_s)
    return found.order_by("end_s", "sequence").last()


def _check_closing(meter: Meter, closing_wh: int | None, last: Reading | None) -> None:
    if closing_wh is None:
        return
    least = last.energy_wh if last is not None else 0
    if not least <= closing_wh <= REGISTER_WH_MAX:
        raise Refused(
            f"{closing_wh} Wh cannot be the closing register of meter {meter.pk}",
            f"It has signed {least} Wh already; read the display again.",
        )


def _end(connection: Connection, meter: Meter, now_s: int) -> Fitting:
    fitting = connection.fittings.filter(removed_s=None).first() or Fitting(
        connection=connection, meter=meter, fitted_s=connection.fitted_s
    )
    fitting.removed_s = now_s
    fitting.closing_balance = meter.state.balance
    fitting.credit_mode = meter.state.credit_mode
    return fitting


def _end_packages(connection: Connection, meter: Meter) -> None:
    """What that board ran, or was to run, is over: another board says anew what it runs."""
    running = PackageAssignment.objects.filter(
        connection=connection, meter=meter, state__in=(*WAITING, AssignmentState.ACTIVE)
    )
    for assignment in running:
        assignment.mark_superseded()
        assignment.save()
        assignment_moved.send(sender=PackageAssignment, assignment=assignment)
