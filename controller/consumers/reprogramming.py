"""Programmes a whole group of connections again: with one package, or each with its own anew.

The group is written down first; then each connection is a transaction of its own, so that whoever
is killed meanwhile goes on with the next (`advance_batch`). What became of each, its board says.
"""

from collections import Counter
from datetime import date

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from controller import clock
from controller.audit import services as audit
from controller.consumers import queries, rules
from controller.consumers.models import (
    WAITING,
    AssignmentState,
    Batch,
    BatchItem,
    Category,
    Connection,
    ItemState,
    PackageAssignment,
)
from controller.consumers.services import assign_package
from controller.errors import Refused
from controller.headend.rules import TTL_S
from controller.tariffs.queries import version_on
from controller.tasks.services import raise_task

BATCH_MAX = 100_000  # connections
STEP_MAX = 500  # connections at a time
ROWS_AT_ONCE = 1_000
GRACE_S = 7 * 86_400  # after the activation, in which a board that was away may still take it
REASON_MAX = 400


@transaction.atomic
def reprogramme_group(
    *,
    package_id: str | None = None,
    plant_code: str | None = None,
    running_id: str | None = None,
    category: str | None = None,
    tariff_code: str | None = None,
    activation_s: int = 0,
    actor: str,
) -> Batch:
    """Writes down who gets the package (None: each its own anew), for `advance_batch`.

    They are the connections with a meter, of the plant, whose newest package is `running_id` or
    has the tariff, whose consumer is of the category; at least one of these must be named. 0
    activates at once.
    Raises Refused when nobody is meant, or more than BATCH_MAX.
    """
    words = {
        "plant": plant_code, "running": running_id, "category": category, "tariff": tariff_code,
    }  # fmt: skip
    asked: dict[str, str | int] = {
        name: value for name, value in words.items() if value is not None
    }
    if not asked:
        raise Refused("No group is named", "Name a plant, a package, a tariff or a category.")
    if activation_s and activation_s <= clock.now_s():
        raise Refused("The activation lies in the past", "Choose a later time, or 0 for now.")
    found = _group(plant_code, running_id, category, tariff_code)
    times = dict.fromkeys(found.values_list("pk", flat=True)[: BATCH_MAX + 1], activation_s)
    return _write_down(package_id, {**asked, "activation_s": activation_s}, times, actor)


@transaction.atomic
def tariff_changed(*, tariff_code: str, valid_from: date, actor: str) -> Batch:
    """Writes down that all connections of the tariff get its version of that day, at its midnight.

    Each keeps its package. Where that midnight has passed, at once. Raises Refused when the tariff
    has no version of that day, or no connection has the tariff.
    """
    if version_on(tariff_code, valid_from).valid_from != valid_from:
        raise Refused(
            f"Tariff {tariff_code} has no version from {valid_from} on", "Import it first."
        )
    rows = _group(None, None, None, tariff_code).values_list(
        "pk", "consumer__plant__utc_offset_min"
    )
    times = {
        pk: max(0, rules.local_midnight_s(valid_from, offset_min))
        for pk, offset_min in rows[: BATCH_MAX + 1]
    }
    return _write_down(None, {"tariff": tariff_code, "valid_from": str(valid_from)}, times, actor)


def _write_down(
    package_id: str | None, asked: dict[str, str | int], times: dict[int, int], actor: str
) -> Batch:
    if not 1 <= len(times) <= BATCH_MAX:
        raise Refused(
            f"{'No' if not times else 'Too many'} connections are meant",
            f"Choose a group of 1 to {BATCH_MAX}.",
        )
    package = queries.find_package(package_id) if package_id is not None else None
    batch = Batch.objects.create(package=package, asked=asked, begun_s=clock.now_s(), actor=actor)
    BatchItem.objects.bulk_create(
        (
            BatchItem(batch=batch, connection_id=pk, activation_s=at_s)
            for pk, at_s in times.items()
        ),
        batch_size=ROWS_AT_ONCE,
    )
    audit.record(
        actor, "reprogramme group", f"batch {batch.pk}", connections=len(times),
        package=package and package.pk, **asked,
    )  # fmt: skip
    return batch


def _group(
    plant_code: str | None,
    running_id: str | None,
    category: str | None,
    tariff_code: str | None,
) -> QuerySet[Connection]:
    """By each connection's newest package: the one it runs, or that is on its way."""
    found = Connection.objects.filter(meter__isnull=False)
    if plant_code is not None:
        found = found.filter(consumer__plant=queries.find_plant(plant_code))
    if category is not None:
        if category not in Category.values:
            raise Refused(
                f"{category!r} is no category", f"Use one of {', '.join(Category.values)}."
            )
        found = found.filter(consumer__category=category)
    newest = PackageAssignment.objects.filter(
        connection=OuterRef("pk"), meter=OuterRef("meter"),
        state__in=(*WAITING, AssignmentState.ACTIVE),
    ).order_by("-pk")  # fmt: skip
    found = found.annotate(newest=Subquery(newest.values("package")[:1]))
    if running_id is not None:
        found = found.filter(newest=queries.find_package(running_id).pk)
    if tariff_code is not None:
        of_tariff = newest.filter(package__tariff__code=tariff_code)
        found = found.filter(Exists(of_tariff))
    return found.filter(newest__isnull=False).order_by("consumer")


def advance_batch(batch_id: int, most: int = STEP_MAX, *, actor: str) -> int:
    """Programmes the next connections, at most `most`; returns how many more could be now.

    A connection that has another programme on its way waits until its board has answered: call
    again then. Raises Refused when there is no such batch.
    """
    batch = find_batch(batch_id)
    ready = _waiting(batch, blocked=False)
    for pk in list(ready.values_list("pk", flat=True)[: min(most, STEP_MAX)]):
        _advance(pk, batch, actor)
    _tell_refused(batch, actor)
    return ready.count()


def _waiting(batch: Batch, *, blocked: bool) -> QuerySet[BatchItem]:
    """Those not programmed yet, where another programme is on its way (`blocked`) or none is.

    A board keeps one programme for later, and a new one would take the place of that.
    """
    under_way = PackageAssignment.objects.filter(
        connection=OuterRef("connection"), meter=OuterRef("connection__meter"), state__in=WAITING
    )
    waiting = batch.items.filter(state=ItemState.WAITING)
    return waiting.filter(Exists(under_way) if blocked else ~Exists(under_way))


@transaction.atomic
def _advance(item_id: int, batch: Batch, actor: str) -> None:
    item = BatchItem.objects.select_for_update().get(pk=item_id)
    if item.state != ItemState.WAITING:  # somebody else was here first
        return
    connection = queries.lock_connection(item.connection_id)
    running = queries.assignments(connection).filter(meter=connection.meter_id)
    if running.filter(state__in=WAITING).exists():
        return
    active = running.filter(state=AssignmentState.ACTIVE).last()
    own = active.package_id if active is not None else None
    _programme(item, batch.package_id or own, actor)
    item.save()


def _programme(item: BatchItem, package_id: str | None, actor: str) -> None:
    now_s = clock.now_s()
    activation_s = item.activation_s if item.activation_s > now_s else 0
    try:
        if package_id is None:
            raise Refused("The board runs no package any more", "Assign one by hand.")
        with transaction.atomic():
            item.assignment = assign_package(
                item.connection_id,
                package_id,
                activation_s,
                ttl_s=max(TTL_S, activation_s - now_s) + GRACE_S,
                actor=actor,
            )
        item.state, item.reason = ItemState.QUEUED, ""
    except Refused as refused:
        item.state, item.reason = ItemState.REFUSED, str(refused)[:REASON_MAX]


def _tell_refused(batch: Batch, actor: str) -> None:
    refused = batch.items.filter(state=ItemState.REFUSED)
    count = refused.count()
    if count:
        first = refused.select_related("connection").first()
        assert first is not None
        raise_task(
            kind="reprogramming",
            subject=f"batch {batch.pk}",
            key=f"batch {batch.pk} refused",
            title=f"Batch {batch.pk}: connections could not be programmed",
            evidence={"refused": count, "consumer": first.connection.consumer_id,
                      "reason": first.reason},
            actor=actor,
        )  # fmt: skip


@transaction.atomic
def retry_batch(batch_id: int, *, actor: str) -> int:
    """Lets those wait again that were refused, at the desk or by their board; returns how many."""
    batch = find_batch(batch_id)
    again = batch.items.filter(state=ItemState.REFUSED) | batch.items.filter(
        assignment__state=AssignmentState.REFUSED
    )
    count = BatchItem.objects.filter(pk__in=list(again.values_list("pk", flat=True))).update(
        state=ItemState.WAITING, assignment=None, reason=""
    )
    audit.record(actor, "retry batch", f"batch {batch_id}", connections=count)
    return count


def find_batch(batch_id: int) -> Batch:
    """The batch. Raises Refused."""
    batch = Batch.objects.select_related("package").filter(pk=batch_id).first()
    if batch is None:
        raise Refused(f"There is no batch {batch_id}", "See `bijli package batches`.")
    return batch


def progress(batch: Batch) -> dict[str, int]:
    """How many connections of the batch stand where, and `connections` for all of them.

    `waiting` are not programmed yet, of which `blocked` have another programme on its way, `desk`
    were refused before anything was sent; the others are the states of their assignments.
    """
    rows = batch.items.values_list("state", "assignment__state").annotate(count=Count("pk"))
    counts: Counter[str] = Counter()
    for state, assignment_state, count in rows.order_by():
        name = {"waiting": "waiting", "refused": "desk"}.get(state, assignment_state)
        counts[name] += count
    blocked = _waiting(batch, blocked=True).count()
    names = ("waiting", "desk", *AssignmentState.values)
    return {
        "connections": counts.total(),
        **{name: counts[name] for name in names},
        "blocked": blocked,
    }


def refusals(batch: Batch) -> QuerySet[BatchItem]:
    """The items that a person must look at, with their reasons."""
    return batch.items.filter(state=ItemState.REFUSED).select_related("connection")
