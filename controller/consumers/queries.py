"""Finds plants, consumers, connections, and which package runs where."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet

from controller import clock
from controller.consumers import identity, rules
from controller.consumers.models import (
    AssignmentState,
    Connection,
    Consumer,
    Fitting,
    Package,
    PackageAssignment,
    Plant,
)
from controller.errors import Refused
from controller.tariffs.queries import prepaid_record, record_for, version_on


def find_plant(code: str) -> Plant:
    """The plant; raises Refused when there is none of that code."""
    plant = Plant.objects.filter(code=code).first()
    if plant is None:
        raise Refused(f"There is no plant {code!r}", "Add it first.")
    return plant


def find_consumer(text: str) -> Consumer:
    """The consumer of an ID, given with or without its check character. Raises Refused."""
    plain = identity.consumer_id(identity.parse_consumer_id(text))
    consumer = Consumer.objects.select_related("connection").filter(id=plain).first()
    if consumer is None:
        raise Refused(f"There is no consumer {plain}", "Add the consumer first.")
    return consumer


def find_package(text: str) -> Package:
    """The package of an ID, given with or without its check character. Raises Refused."""
    plain = identity.package_id(identity.parse_package_id(text))
    package = Package.objects.select_related("tariff").filter(id=plain).first()
    if package is None:
        raise Refused(f"There is no package {plain}", "Design it first.")
    return package


def tariff_record(package: Package, plant: Plant, at_s: int) -> dict[str, Any]:
    """What the package costs at a time, in rating.md names, with a prepaid one's rebate (UP-2).
    Raises Refused where it costs nothing known: its tariff has no version in force then.
    """
    is_prepaid = package.mode in (Package.Mode.ENERGY, Package.Mode.MONEY)
    if package.tariff is None:
        record = rules.price_record(package.price_paise or 0, package.monthly_paise)
        return prepaid_record(record, None) if is_prepaid else record
    local = clock.moment(at_s) + timedelta(minutes=plant.utc_offset_min)
    return record_for(version_on(package.tariff.code, local.date()), prepaid=is_prepaid)


def connection_of_meter(meter_id: str) -> Connection:
    """The connection that the meter serves. Raises Refused."""
    found = Connection.objects.select_related("consumer__plant", "meter")
    connection = found.filter(meter=meter_id).first()
    if connection is None:
        raise Refused(
            f"Meter {meter_id!r} serves no connection", "Add a consumer and fit the meter."
        )
    return connection


def lock_by_meters(meter_ids: Iterable[str]) -> None:
    """Locks the consumers that these meters serve, then their connections, each in one order."""
    served = Connection.objects.filter(meter__in=set(meter_ids))
    consumers = Consumer.objects.filter(connection__in=served).order_by("pk")
    locked = [row.pk for row in consumers.select_for_update(of=("self",))]
    if locked:
        rows = Connection.objects.filter(consumer__in=locked).order_by("pk")
        list(rows.select_for_update(of=("self",)))


def lock_connection(connection_id: int) -> Connection:
    """The connection, to this transaction alone: programmes and sales take turns.

    Its consumer is locked before it: who locks several locks consumer, connection, meter, and
    then what belongs to them (docs/architecture.md). Raises Refused when there is none.
    """
    Consumer.objects.select_for_update(of=("self",)).filter(connection=connection_id).first()
    found = Connection.objects.select_for_update(of=("self",))
    connection = found.select_related("consumer__plant", "meter").filter(pk=connection_id).first()
    if connection is None:
        raise Refused(f"There is no connection {connection_id}", "Choose one of a consumer.")
    return connection


def was_removed(assignment: PackageAssignment, at_s: int) -> bool:
    """Whether the assignment's meter no longer served the connection at that time."""
    last = assignment.connection.fittings.filter(meter=assignment.meter_id).last()
    return last is not None and last.removed_s is not None and at_s >= last.removed_s


def assignments(connection: Connection) -> QuerySet[PackageAssignment]:
    """All that was ever programmed for the connection, the oldest first."""
    return connection.assignments.select_related("package__tariff")


def active_assignment(connection: Connection) -> PackageAssignment | None:
    """What the connection's board says that it runs, if it has said so."""
    return assignments(connection).filter(state=AssignmentState.ACTIVE).last()


def fittings_in(connection: Connection, start_s: int, end_s: int) -> QuerySet[Fitting]:
    """Which meters served the connection in [start_s, end_s), the first first (MG-7)."""
    touching = Q(removed_s=None) | Q(removed_s__gt=start_s)
    found = connection.fittings.select_related("meter", "first_reading", "last_reading")
    return found.filter(touching, fitted_s__lt=end_s).order_by("fitted_s", "pk")
