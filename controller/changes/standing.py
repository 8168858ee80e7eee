"""Who is to be deactivated and who is supplied again, decided by the profile's rules (MG-6).

Where a board is fitted it happens by itself, outside friendly hours, and counts when the board has
confirmed it; where none is, it is a task for a person. `enforce` may be called at any time.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from django.db import transaction

from controller import clock, workflow
from controller.changes import orders, queries, rules
from controller.changes.models import Change, ChangeState
from controller.changes.services import check_standing, create, lock_change, lock_connection, step
from controller.changes.signals import change_moved
from controller.consumers.models import Connection, Consumer
from controller.errors import Refused
from controller.headend.models import State
from controller.headend.services import withdraw_queued
from controller.ledger.queries import balance_paise
from controller.profile.queries import setting
from controller.tasks.services import raise_task

ACTOR = "rule debt_limit_paise"
Key = TypeVar("Key", str, int)


class Outcome(NamedTuple):
    """How many connections: cut or put before a person, waiting for their hours, on again."""

    cut: int
    waiting: int
    reconnected: int
    called_off: int
    repeated: int


def enforce(plant_code: str | None = None) -> Outcome:
    """Orders what the rules say now, each consumer in a transaction of its own (MG-6).

    For a plant or for all. What was ordered already is not ordered again, unless the order went
    lost on its way.
    """
    due = queries.due_for_disconnection(plant_code)
    debts = [row for row in due if row.cause == rules.DEBT]
    may_cut = [row for row in debts if row.may_cut_now]
    called_off = _count(queries.settled_cuts(plant_code), _call_off)
    repeated = _count(queries.lost_orders(plant_code), _repeat)
    cut = _count([row.consumer_id for row in may_cut], deactivate_by_rule)
    again = _count(queries.due_for_reconnection(plant_code), reactivate_by_rule)
    return Outcome(cut, len(debts) - len(may_cut), again, called_off, repeated)


def _count(keys: Iterable[Key], do: Callable[[Key], bool]) -> int:
    return sum(do(key) for key in keys)


def deactivate_by_rule(consumer_id: str, cause: str = rules.DEBT) -> bool:
    """Cuts one consumer off for debts, if that is still so; False where nothing was ordered."""
    try:
        with transaction.atomic():
            connection = lock_connection(consumer_id)
            if not _owes_too_much(connection.consumer):
                return False
            check_standing(connection.consumer, is_on=False)
            if connection.meter_id is None:
                return _ask_person(connection, cause)
            ttl_s = rules.order_for_s(clock.now_s(), queries.hours(connection))
            if not ttl_s:
                return False
            _order(connection, rules.DEACTIVATE, cause, ttl_s)
    except Refused:  # open already, or settled meanwhile
        return False
    return True


def reactivate_by_rule(consumer_id: str) -> bool:
    """Reconnects who was cut for debts and has paid, where the profile wants it by itself."""
    try:
        with transaction.atomic():
            connection = lock_connection(consumer_id)
            consumer = connection.consumer
            if not queries.is_cut_for_debts(consumer) or _owes_too_much(consumer):
                return False
            if connection.meter_id is None or not setting("reconnect_by_itself"):
                return False
            _order(connection, rules.REACTIVATE, rules.DEBT, rules.ORDER_MAX_S)
    except Refused:
        return False
    return True


def reconsider(consumer_id: str) -> None:
    """The consumer has paid: what was cut for debts comes back, a cut under way is called off."""
    for pk in queries.settled_cuts(consumer_id=consumer_id):
        _call_off(pk)
    reactivate_by_rule(consumer_id)


def _order(connection: Connection, kind: str, cause: str, ttl_s: int) -> None:
    """Requested, decided and ordered in one, by the rule; each is a step of its own."""
    change = create(connection, kind, Change.Channel.OFFICE, ACTOR, cause=cause, is_by_rule=True)
    debt_paise = balance_paise(f"consumer:{connection.consumer_id}")
    taken = workflow.note_step(
        change, "request", actor=ACTOR, kind=kind, cause=cause, debt_paise=debt_paise
    )
    change_moved.send(sender=Change, change=change, step=taken)
    change.decided_by, change.decided_s, change.assignee = ACTOR, clock.now_s(), ACTOR
    step(change, "approve", actor=ACTOR)
    orders.order(change, ACTOR, ttl_s)
    step(change, "process", actor=ACTOR, board=change.board)


def _call_off(change_id: int) -> bool:
    """Takes back a cut that never left, as the debt is paid. One that left is undone later."""
    with transaction.atomic():
        change = lock_change(change_id)
        command = change.command
        if change.state != ChangeState.REVIEW or command is None or command.state != State.QUEUED:
            return False
        if _owes_too_much(change.connection.consumer):
            return False
        step(change, "call_off", actor=ACTOR, note="the debt is paid")
        withdraw_queued(command.meter_id, command.pk, actor=ACTOR)
    return True


def _repeat(change_id: int) -> bool:
    """Orders anew what the board never got, or drops it where it is not to be any more."""
    with transaction.atomic():
        change = lock_change(change_id)
        is_cut = change.kind == rules.DEACTIVATE
        if change.state == ChangeState.REVIEW:
            step(change, "send_back", actor=ACTOR, note="the board said nothing in time")
        if is_cut != _owes_too_much(change.connection.consumer):
            step(change, "cancel", actor=ACTOR, note="the debt has changed meanwhile")
            return False
        hours = queries.hours(change.connection)
        ttl_s = rules.order_for_s(clock.now_s(), hours) if is_cut else rules.ORDER_MAX_S
        if not ttl_s or change.connection.meter_id is None:
            return False
        orders.order(change, ACTOR, ttl_s)
        step(change, "process", actor=ACTOR, board=change.board, note="ordered again")
    return True


def _owes_too_much(consumer: Consumer) -> bool:
    limit_paise: int = setting("debt_limit_paise")
    return balance_paise(f"consumer:{consumer.pk}") > limit_paise


def _ask_person(connection: Connection, cause: str) -> bool:
    raise_task(
        kind="disconnect_by_hand",
        subject=f"consumer {connection.consumer_id}",
        key=f"disconnect:{connection.consumer_id}",
        title="To be deactivated, and there is no meter board to do it",
        evidence={
            "cause": cause,
            "debt_paise": balance_paise(f"consumer:{connection.consumer_id}"),
        },
        actor=ACTOR,
    )
    return True
