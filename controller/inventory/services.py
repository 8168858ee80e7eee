"""Keeps meters in stores, for connections, and hands them on from one connection to the next.

What a fitting or a release means for bills and packages is `consumers.fitting`'s business; this
app hears of each (`receivers`), also where somebody fits a meter without asking a store.
"""

import re

from django.db import transaction

from controller import workflow
from controller.audit import services as audit
from controller.consumers import queries as consumers
from controller.consumers import services as consumer_services
from controller.consumers.models import Connection, Consumer, Fitting
from controller.errors import Refused
from controller.fleet.services import find_meter
from controller.headend.downlink import lock_meters
from controller.inventory.models import Item, Store

STORE_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,15}")
NAME_MAX = 80  # characters


@transaction.atomic
def add_store(*, code: str, name: str, plant_code: str | None = None, actor: str) -> Store:
    """Opens a store of a plant, or a warehouse that serves every plant. Raises Refused."""
    if not STORE_CODE.fullmatch(code):
        raise Refused(f"{code!r} is no code of a store", "Use 1 to 16 of A-Z 0-9 -.")
    if not name.strip() or len(name) > NAME_MAX:
        raise Refused(f"{name!r} is no name of a store", f"Use 1 to {NAME_MAX} characters.")
    if Store.objects.filter(pk=code).exists():
        raise Refused(f"Store {code} exists already", "Choose another code.")
    plant = consumers.find_plant(plant_code) if plant_code else None
    store = Store.objects.create(code=code, name=name, plant=plant)
    audit.record(actor, "add store", f"store {code}", name=name, plant=plant_code)
    return store


@transaction.atomic
def receive(*, meter_id: str, store_code: str, note: str = "", actor: str) -> Item:
    """A registered meter comes into a store for the first time. Raises Refused."""
    meter = find_meter(meter_id)
    lock_meters([meter_id])
    if Item.objects.filter(meter=meter).exists():
        raise Refused(f"Meter {meter_id} is in the inventory already", "Transfer it.")
    if Connection.objects.filter(meter=meter).exists():
        raise Refused(f"Meter {meter_id} is fitted", "Release it first.")
    item = Item.objects.create(meter=meter, store=find_store(store_code))
    workflow.note_step(item, "receive", actor=actor, note=note, store=store_code)
    return item


@transaction.atomic
def transfer(*, meter_id: str, store_code: str, note: str = "", actor: str) -> Item:
    """The meter goes from one store to another. Raises Refused."""
    item = lock_item(meter_id)
    before, item.store = item.store_id, find_store(store_code)
    if before == store_code:
        raise Refused(f"Meter {meter_id} is in {store_code} already", "Name another store.")
    workflow.move(item, "transfer", actor=actor, note=note, before=before, after=store_code)
    return item


@transaction.atomic
def reserve(*, meter_id: str, consumer_id: str, actor: str) -> Item:
    """Keeps a meter for a consumer's connection (MG-4), from the plant's store or a warehouse."""
    found = consumers.find_consumer(consumer_id).connection
    connection = consumers.lock_connection(found.pk)
    item = lock_item(meter_id)
    plant = connection.consumer.plant
    if item.store.plant_id not in (None, plant.pk):
        raise Refused(
            f"Meter {meter_id} is in the store of {item.store.plant_id}",
            f"Transfer it to a store of {plant.pk} first.",
        )
    if connection.meter_id is not None:
        raise Refused(f"{connection} has meter {connection.meter_id}", "Release that one first.")
    other = Item.objects.filter(connection=connection).first()
    if other is not None:
        raise Refused(f"Meter {other.meter_id} is kept for it already", "Free that one first.")
    item.connection = connection
    workflow.move(item, "reserve", actor=actor, consumer=connection.consumer_id)
    return item


@transaction.atomic
def free(*, meter_id: str, reason: str, actor: str) -> Item:
    """The meter is not needed for that connection. Raises Refused without a reason."""
    workflow.check_reason(reason)
    item = lock_item(meter_id)
    item.connection = None
    workflow.move(item, "free", actor=actor, note=reason)
    return item


@transaction.atomic
def mark_faulty(*, meter_id: str, reason: str, actor: str) -> Item:
    """A meter in a store must not be fitted. Raises Refused without a reason."""
    workflow.check_reason(reason)
    item = lock_item(meter_id)
    item.connection = None
    workflow.move(item, "mark_faulty", actor=actor, note=reason)
    return item


@transaction.atomic
def repair(*, meter_id: str, note: str, actor: str) -> Item:
    """A faulty meter is good again; the note says what was done. Raises Refused."""
    workflow.check_reason(note)
    item = lock_item(meter_id)
    workflow.move(item, "repair", actor=actor, note=note)
    return item


@transaction.atomic
def scrap(*, meter_id: str, reason: str, actor: str) -> Item:
    """A faulty meter is gone for good. Raises Refused without a reason."""
    workflow.check_reason(reason)
    item = lock_item(meter_id)
    workflow.move(item, "scrap", actor=actor, note=reason)
    return item


@transaction.atomic
def release(
    *,
    consumer_id: str,
    closing_wh: int | None,
    reason: str,
    store_code: str | None = None,
    next_consumer_id: str | None = None,
    actor: str,
) -> Fitting:
    """Takes the meter of a consumer who is no longer supplied, to a store or to the next one.

    Without `store_code` it goes where it came from; with `next_consumer_id` it is kept for that
    connection. Raises Refused while the consumer is supplied (deactivate first, MG-6).
    """
    workflow.check_reason(reason)
    consumer = consumers.find_consumer(consumer_id)
    if consumer.status == Consumer.Status.ACTIVE:
        raise Refused(
            f"{consumer.pk} is supplied by this meter", "Deactivate the connection first."
        )
    fitting = consumer_services.release_meter(consumer.pk, closing_wh, reason, actor=actor)
    _take_in(fitting.meter_id, store_code, actor)
    if next_consumer_id is not None:
        reserve(meter_id=fitting.meter_id, consumer_id=next_consumer_id, actor=actor)
    return fitting


@transaction.atomic
def change_meter(
    *,
    consumer_id: str,
    meter_id: str,
    closing_wh: int | None,
    reason: str,
    is_faulty: bool,
    store_code: str | None = None,
    actor: str,
) -> Connection:
    """Puts another meter in the place of a connection's, with the old closing register (MG-7).

    The package that the old board ran is programmed into the new one. A prepaid balance that is
    left on the old board becomes a task: it is the consumer's. Raises Refused.
    """
    workflow.check_reason(reason)
    before = consumers.find_consumer(consumer_id).connection
    running = consumers.active_assignment(before)
    fitting = consumer_services.release_meter(consumer_id, closing_wh, reason, actor=actor)
    item = _take_in(fitting.meter_id, store_code, actor)
    if is_faulty and item is not None:
        workflow.move(item, "mark_faulty", actor=actor, note=reason)
    connection = consumer_services.fit_meter(consumer_id, meter_id, actor=actor)
    if running is not None:
        consumer_services.assign_package(connection.pk, running.package_id, actor=actor)
    return connection


def _take_in(meter_id: str, store_code: str | None, actor: str) -> Item | None:
    """The meter's item, in its store; one that came through none is told which."""
    if Item.objects.filter(pk=meter_id).exists():
        item = lock_item(meter_id)
        if store_code is not None and item.store_id != store_code:
            item = transfer(meter_id=meter_id, store_code=store_code, actor=actor)
        return item
    if store_code is None:
        raise Refused(f"Meter {meter_id} came from no store", "Say to which store it goes.")
    return receive(meter_id=meter_id, store_code=store_code, actor=actor)


def lock_item(meter_id: str) -> Item:
    """The meter as the inventory knows it, to this transaction alone. Raises Refused."""
    found = Item.objects.select_for_update(of=("self",)).select_related("store")
    item = found.filter(meter=meter_id).first()
    if item is None:
        raise Refused(f"Meter {meter_id!r} is in no store", "Receive it into a store first.")
    return item


def find_store(code: str) -> Store:
    """The store. Raises Refused."""
    store = Store.objects.filter(pk=code).first()
    if store is None:
        raise Refused(f"There is no store {code!r}", "Open it first.")
    return store
