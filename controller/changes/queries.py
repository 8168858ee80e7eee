"""The lists of changes (MG-14), and who is to be deactivated or supplied again (MG-6)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.db.models import Q, QuerySet

from controller import clock
from controller.changes import rules
from controller.changes.models import CLOSED, OPEN, Change, ChangeState
from controller.consumers import queries as consumers
from controller.consumers.models import (
    AssignmentState,
    Connection,
    Consumer,
    PackageAssignment,
    Plant,
)
from controller.errors import Refused
from controller.headend.models import State
from controller.ledger.queries import balances, balances_of
from controller.profile.queries import setting, settings

KEYS_AT_ONCE = 500
ACTIVE, BANNED = Consumer.Status.ACTIVE, Consumer.Status.BANNED


class Due(NamedTuple):
    """A consumer who is to be deactivated, and whether that may happen by itself now."""

    consumer_id: str
    cause: str
    debt_paise: int
    has_board: bool
    may_cut_now: bool
    why_not: str


# --- lists --------------------------------------------------------------------------------------


def lists(plants: Iterable[Plant]) -> dict[str, QuerySet[Change]]:
    """The four lists of these plants: request, in process, review, completed (newest first)."""
    found = _all().filter(connection__consumer__plant__in=plants)
    waiting = found.order_by("requested_s", "pk")
    return {
        "request": waiting.filter(state=ChangeState.REQUESTED),
        "in_process": waiting.filter(state=ChangeState.IN_PROCESS),
        "review": waiting.filter(state=ChangeState.REVIEW),
        "completed": found.filter(state__in=CLOSED),
    }


def find_change(change_id: int) -> Change:
    """One change with its steps. Raises Refused."""
    change = _all().filter(pk=change_id).first()
    if change is None:
        raise Refused(f"There is no change {change_id}", "Choose one of the lists.")
    return change


def of_consumer(consumer: Consumer) -> QuerySet[Change]:
    """All changes of the consumer's connection, the newest first."""
    return _all().filter(connection__consumer=consumer)


def _all() -> QuerySet[Change]:
    found = Change.objects.select_related("connection__consumer__plant", "package", "command")
    return found.prefetch_related("steps")


# --- status by rules ----------------------------------------------------------------------------


def due_for_disconnection(plant_code: str | None = None) -> list[Due]:
    """Who is to be deactivated: for debts above the limit, and where a plant's capacity does not
    suffice (that is proposed only: a person decides who is dropped). The most in debt first.
    """
    limit_paise: int = setting("debt_limit_paise")
    debts = {
        code.partition(":")[2]: paise
        for code, paise in balances_of("consumer").items()
        if paise > limit_paise
    }
    found = [
        _due(row, rules.DEBT, debts[row.consumer_id])
        for some in _pieces(sorted(debts))
        for row in _supplied(plant_code).filter(consumer__in=some)
    ]
    owing = {row.consumer_id for row in found}
    found += [
        Due(load.consumer_id, rules.CAPACITY, load.debt_paise, True, False, "A person decides.")
        for load in _to_drop(plant_code)
        if load.consumer_id not in owing
    ]
    return sorted(found, key=lambda row: (-row.debt_paise, row.consumer_id))


def _supplied(plant_code: str | None) -> QuerySet[Connection]:
    """Connections in supply, but for those that a change is about to cut."""
    found = Connection.objects.filter(consumer__status=ACTIVE).exclude(
        changes__in=Change.objects.filter(topic=Change.Topic.SUPPLY, state__in=OPEN)
    )
    if plant_code is not None:
        found = found.filter(consumer__plant=plant_code)
    return found.select_related("consumer__plant")


def _pieces(keys: list[str]) -> Iterator[list[str]]:
    """Few enough for one statement."""
    for begin in range(0, len(keys), KEYS_AT_ONCE):
        yield keys[begin : begin + KEYS_AT_ONCE]


def _due(connection: Connection, cause: str, debt_paise: int) -> Due:
    has_board = connection.meter_id is not None
    may_cut = not has_board or bool(rules.order_for_s(clock.now_s(), hours(connection)))
    why_not = "" if may_cut else "Friendly hours or a holiday, now or very soon."
    return Due(connection.consumer_id, cause, debt_paise, has_board, may_cut, why_not)


def hours(connection: Connection) -> rules.Hours:
    """In which hours the connection is not cut: its package's friendly windows, and holidays."""
    running = consumers.active_assignment(connection)
    friendly = running.package.parameters.get("friendly_windows", []) if running else []
    return rules.Hours(friendly, setting("holidays"), connection.consumer.plant.utc_offset_min)


def _to_drop(plant_code: str | None) -> list[rules.Load]:
    """Of each plant whose capacity is known and does not suffice."""
    plants = Plant.objects.filter(capacity_w__gt=0)
    if plant_code is not None:
        plants = plants.filter(pk=plant_code)
    simultaneity_pct: int = setting("simultaneity_pct")
    chosen: list[rules.Load] = []
    for plant in plants:
        loads = _loads(plant)
        limits = [load.limit_w for load in loads]
        excess = rules.excess_w(limits, simultaneity_pct, plant.capacity_w)
        chosen += rules.choose_to_drop(loads, excess, simultaneity_pct)
    return chosen


def _loads(plant: Plant) -> list[rules.Load]:
    connections = list(_supplied(plant.pk))
    limits = _limits(connections)
    debts = balances(f"consumer:{row.consumer_id}" for row in connections)
    return [
        rules.Load(
            row.consumer_id,
            limits.get(row.pk, row.sanctioned_load_w),
            debts[f"consumer:{row.consumer_id}"],
            row.fitted_s,
        )
        for row in connections
    ]


def _limits(connections: list[Connection]) -> dict[int, int]:
    """By connection, the limit that its board confirmed."""
    running = PackageAssignment.objects.filter(
        connection__in=connections, state=AssignmentState.ACTIVE
    )
    return dict(running.values_list("connection", "package__limit_w"))


def is_cut_for_debts(consumer: Consumer) -> bool:
    """Whether the consumer is banned, and debts were why."""
    if consumer.status != BANNED:
        return False
    last = Change.objects.filter(
        connection__consumer=consumer, kind=rules.DEACTIVATE, state=ChangeState.COMPLETED
    ).order_by("completed_s", "pk").last()  # fmt: skip
    return last is not None and last.cause == rules.DEBT


def due_for_reconnection(plant_code: str | None = None) -> list[str]:
    """Who was cut for debts, owes no more than the limit and waits for no order yet: their IDs."""
    profile = settings(["debt_limit_paise", "reconnect_by_itself"])
    if not profile["reconnect_by_itself"]:
        return []
    banned = Consumer.objects.filter(status=BANNED).exclude(
        connection__changes__in=Change.objects.filter(topic=Change.Topic.SUPPLY, state__in=OPEN)
    )
    if plant_code is not None:
        banned = banned.filter(plant=plant_code)
    rows = list(banned.order_by("pk"))
    debts = balances(f"consumer:{row.pk}" for row in rows)
    return [
        row.pk
        for row in rows
        if debts[f"consumer:{row.pk}"] <= profile["debt_limit_paise"] and is_cut_for_debts(row)
    ]


def lost_orders(plant_code: str | None = None) -> list[int]:
    """Changes by rule whose order expired, or to which the board said nothing in time."""
    lost = Q(state=ChangeState.IN_PROCESS, command__state=State.EXPIRED)
    silent = Q(state=ChangeState.REVIEW, command__state=State.UNCONFIRMED)
    found = Change.objects.filter(lost | silent, is_by_rule=True)
    if plant_code is not None:
        found = found.filter(connection__consumer__plant=plant_code)
    return list(found.order_by("pk").values_list("pk", flat=True))


def settled_cuts(plant_code: str | None = None, consumer_id: str | None = None) -> list[int]:
    """Cuts for debts that the rule ordered and whose debts are paid meanwhile: their numbers."""
    found = Change.objects.filter(
        kind=rules.DEACTIVATE, cause=rules.DEBT, is_by_rule=True, state=ChangeState.REVIEW
    )
    if plant_code is not None:
        found = found.filter(connection__consumer__plant=plant_code)
    if consumer_id is not None:
        found = found.filter(connection__consumer=consumer_id)
    rows = list(found.values_list("pk", "connection__consumer"))
    debts = balances(f"consumer:{consumer}" for _pk, consumer in rows)
    limit = setting("debt_limit_paise")
    return [pk for pk, consumer in rows if debts[f"consumer:{consumer}"] <= limit]
