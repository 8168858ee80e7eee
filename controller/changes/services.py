"""Requests and decisions of the five-step change (MG-14); what follows is in `orders`.

(a) requested by the consumer or an agent, (b) approved or refused by another person, (c) what is
due paid, (d) effective now or from the next period, (e) complete when the board has confirmed it.
"""

from typing import Any

from django.db import transaction

from controller import clock, workflow
from controller.access.services import check_member
from controller.changes import rules
from controller.changes.models import OPEN, Change
from controller.changes.signals import change_moved
from controller.consumers import queries as consumers
from controller.consumers import services as consumer_services
from controller.consumers.models import Connection, Consumer, Package
from controller.deposits import queries as deposits
from controller.deposits import services as deposit_services
from controller.errors import Refused
from controller.headend.downlink import lock_meters


@transaction.atomic
def request_package(
    *,
    consumer_id: str,
    package_id: str,
    effective: str = rules.NOW,
    channel: str,
    note: str = "",
    actor: str,
) -> Change:
    """Asks for another package (MG-14), within the sanctioned load. Raises Refused."""
    connection = lock_connection(consumer_id)
    package = consumers.find_package(package_id)
    load_w = connection.sanctioned_load_w
    _check_package(connection, package, load_w)
    running = consumers.active_assignment(connection)
    if running is not None and running.package_id == package.pk:
        raise Refused(f"{package.pk} is what the meter runs", "Choose another package.")
    facts = {"package": package, "effective": effective}
    return _request(connection, rules.PACKAGE, channel, note, actor, **facts)


@transaction.atomic
def request_load(
    *,
    consumer_id: str,
    sanctioned_load_w: int,
    package_id: str,
    effective: str = rules.NOW,
    channel: str,
    note: str = "",
    actor: str,
) -> Change:
    """Asks for another sanctioned load, with the package for it (UP-7). Raises Refused."""
    connection = lock_connection(consumer_id)
    package = consumers.find_package(package_id)
    consumer_services.check_load(sanctioned_load_w, connection.phases)
    _check_package(connection, package, sanctioned_load_w)
    if sanctioned_load_w == connection.sanctioned_load_w:
        raise Refused(
            f"The sanctioned load is {sanctioned_load_w} W already", "Ask for the package alone."
        )
    facts = {
        "package": package, "sanctioned_load_w": sanctioned_load_w, "effective": effective,
    }  # fmt: skip
    return _request(connection, rules.LOAD, channel, note, actor, **facts)


@transaction.atomic
def request_supply(
    *, consumer_id: str, is_on: bool, cause: str = rules.WISH, channel: str, note: str = "",
    actor: str,
) -> Change:  # fmt: skip
    """Asks that a connection be deactivated or reactivated (MG-6), and why. Raises Refused."""
    connection = lock_connection(consumer_id)
    if cause not in (rules.WISH, rules.DEBT, rules.CAPACITY):
        raise Refused(f"{cause!r} is no cause", "Use wish, debt or capacity.")
    check_standing(connection.consumer, is_on=is_on)
    kind = rules.REACTIVATE if is_on else rules.DEACTIVATE
    return _request(connection, kind, channel, note, actor, cause=cause)


@transaction.atomic
def approve(*, change_id: int, assignee: str = "", note: str = "", actor: str) -> Change:
    """Another person of the plant's staff agrees; what is due is demanded (MG-13, MG-14b).

    `assignee` sees to it; without one it is whoever approved. Raises Refused, also for the person
    who asked.
    """
    change = lock_change(change_id)
    if actor == change.requested_by:
        raise Refused("Nobody decides on their own request", "Let another person approve it.")
    change.assignee = assignee or actor
    if assignee:
        check_member(assignee, "changes.process", change.connection.consumer.plant)
    _decide(change, actor)
    change.due_paise = _demand(change, actor)
    step(change, "approve", actor=actor, note=note, due_paise=change.due_paise)
    return change


@transaction.atomic
def refuse(*, change_id: int, reason: str, actor: str) -> Change:
    """It is not to be; the reason goes to the consumer. Raises Refused."""
    workflow.check_reason(reason)
    change = lock_change(change_id)
    _decide(change, actor)
    step(change, "refuse", actor=actor, note=reason)
    _withdraw_demand(change, actor)
    return change


@transaction.atomic
def cancel(*, change_id: int, reason: str, actor: str) -> Change:
    """It is not wanted any more. Raises Refused once the board has its order."""
    workflow.check_reason(reason)
    change = lock_change(change_id)
    step(change, "cancel", actor=actor, note=reason)
    _withdraw_demand(change, actor)
    return change


@transaction.atomic
def reassign(*, change_id: int, assignee: str, note: str = "", actor: str) -> Change:
    """Another person of the plant's staff sees to it. Raises Refused."""
    change = lock_change(change_id)
    check_member(assignee, "changes.process", change.connection.consumer.plant)
    change.assignee = assignee
    step(change, "reassign", actor=actor, note=note, assignee=assignee)
    return change


def step(change: Change, name: str, *, actor: str, note: str = "", **facts: Any) -> None:
    """Takes a step of a change, whose row is locked, and tells who listens. Raises Refused."""
    taken = workflow.move(change, name, actor=actor, note=note, **facts)
    change_moved.send(sender=Change, change=change, step=taken)


def lock_connection(consumer_id: str) -> Connection:
    """The consumer's connection with its meter, to this transaction alone. Raises Refused.

    All who change several of them lock in this order: consumer, connection, meter, change.
    """
    found = consumers.find_consumer(consumer_id)
    connection = consumers.lock_connection(found.connection.pk)
    if connection.meter_id is not None:
        lock_meters([connection.meter_id])
    return connection


def lock_change(change_id: int) -> Change:
    """The change with its connection, to this transaction alone. Raises Refused."""
    first = Change.objects.select_related("connection").filter(pk=change_id).first()
    if first is None:
        raise Refused(f"There is no change {change_id}", "Choose one of the lists.")
    lock_connection(first.connection.consumer_id)
    found = Change.objects.select_for_update(of=("self",))
    return found.select_related(
        "connection__consumer__plant", "connection__meter", "package__tariff"
    ).get(pk=change_id)


def check_standing(consumer: Consumer, *, is_on: bool) -> None:
    """Raises Refused where the connection is already as it is to be."""
    if is_on == (consumer.status == Consumer.Status.ACTIVE):
        raise Refused(
            f"Consumer {consumer.pk} is {consumer.get_status_display().lower()} already",
            "Nothing is to be changed.",
        )


def create(connection: Connection, kind: str, channel: str, actor: str, **facts: Any) -> Change:
    """A new change, not told of yet. Raises Refused where one is open already."""
    topic = Change.Topic.PACKAGE if kind in (rules.PACKAGE, rules.LOAD) else Change.Topic.SUPPLY
    known = connection.changes.filter(topic=topic, state__in=OPEN).first()
    if known is not None:
        raise Refused(
            f"Change {known.pk} ({known.get_kind_display().lower()}) is open already",
            "Complete or cancel that one first.",
        )
    running = consumers.active_assignment(connection)
    return Change.objects.create(
        connection=connection,
        kind=kind,
        topic=topic,
        channel=channel,
        before={
            "package": running.package_id if running is not None else None,
            "sanctioned_load_w": connection.sanctioned_load_w,
            "status": connection.consumer.status,
        },
        requested_s=clock.now_s(),
        requested_by=actor,
        **facts,
    )


def _request(
    connection: Connection, kind: str, channel: str, note: str, actor: str, **facts: Any
) -> Change:
    if channel not in Change.Channel.values:
        raise Refused(f"There is no channel {channel!r}", "Use consumer, agent or office.")
    offset_min = connection.consumer.plant.utc_offset_min
    rules.activation_s(facts.get("effective", rules.NOW), clock.now_s(), offset_min)
    change = create(connection, kind, channel, actor, **facts)
    taken = workflow.note_step(
        change, "request", actor=actor, note=note, kind=kind, before=change.before,
        package=change.package_id, sanctioned_load_w=change.sanctioned_load_w,
        cause=change.cause,
    )  # fmt: skip
    change_moved.send(sender=Change, change=change, step=taken)
    return change


def _check_package(connection: Connection, package: Package, load_w: int) -> None:
    if connection.meter_id is None:
        raise Refused(
            f"Consumer {connection.consumer_id} has no meter", "Fit one, and assign a package."
        )
    consumer_services.check_suits(connection, package, load_w)


def _decide(change: Change, actor: str) -> None:
    change.decided_by, change.decided_s = actor, clock.now_s()


def _demand(change: Change, actor: str) -> int:
    """The increase of the deposit that the new package needs; paise."""
    if change.package is None:
        return 0
    demand = deposit_services.demand(
        consumer_id=change.connection.consumer_id,
        needed_paise=deposits.needed_paise(
            change.connection, change.package, change.sanctioned_load_w
        ),
        reason=f"change {change.pk}: {change.package_id}",
        actor=actor,
    )
    return demand.amount_paise if demand is not None else 0


def _withdraw_demand(change: Change, actor: str) -> None:
    if change.due_paise:
        deposit_services.cancel_demand(
            consumer_id=change.connection.consumer_id,
            reason=f"change {change.pk} is {change.state}",
            actor=actor,
        )
