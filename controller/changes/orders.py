"""From an approved change to the board's confirmation: the order, and what the board says of it.

A change is complete only by the board's word (MG-14). Refused or expired, it goes back and is a
task for a person, and what was before stays true.
"""

from django.db import transaction

from controller import clock, workflow
from controller.changes import rules
from controller.changes.models import Change, ChangeState
from controller.changes.services import lock_change, step
from controller.consumers import services as consumer_services
from controller.consumers.models import AssignmentState, Consumer, PackageAssignment
from controller.deposits import queries as deposits
from controller.errors import Refused
from controller.figures import rupees
from controller.headend.models import Command, State
from controller.headend.services import queue_command
from controller.ledger.queries import balance_paise
from controller.profile.queries import setting
from controller.tasks.services import raise_task

BOARD_SAYS = {
    State.REFUSED: "the board refused the order",
    State.EXPIRED: "the order came too late, or never left",
}
OVERTAKEN = "another programme took its place before it ran"


@transaction.atomic
def process(*, change_id: int, actor: str) -> Change:
    """Gives the board its order, once what is due is paid (MG-14c, d). Raises Refused.

    Where no board is fitted, a person does by hand what is to be done, and completes the change.
    """
    change = lock_change(change_id)
    if change.state == ChangeState.IN_PROCESS:
        _check_paid(change)
        order(change, actor)
    step(change, "process", actor=actor, board=change.board)
    return change


def order(change: Change, actor: str, ttl_s: int = rules.ORDER_MAX_S) -> None:
    """Queues what the board must do; `change` is saved by the step that follows."""
    connection = change.connection
    change.assignment = change.command = None
    change.board = ""
    if change.package is not None:
        now_s, offset_min = clock.now_s(), connection.consumer.plant.utc_offset_min
        change.assignment = consumer_services.assign_package(
            connection.pk,
            change.package.pk,
            rules.activation_s(change.effective, now_s, offset_min),
            change.sanctioned_load_w,
            actor=actor,
        )
        change.board = change.assignment.state
    elif connection.meter_id is not None:
        name = "reconnect" if change.kind == rules.REACTIVATE else "disconnect"
        change.command = queue_command(connection.meter_id, name, {}, actor, ttl_s=ttl_s)
        change.board = change.command.state


@transaction.atomic
def complete(*, change_id: int, note: str, actor: str) -> Change:
    """Completes by hand what no board can confirm, saying what was done. Raises Refused."""
    workflow.check_reason(note)
    change = lock_change(change_id)
    if change.assignment_id or change.command_id:
        raise Refused(
            "The meter board completes this change", "Wait for it, or send the change back."
        )
    _complete(change, actor, note)
    return change


@transaction.atomic
def send_back(*, change_id: int, reason: str, actor: str) -> Change:
    """Back to `in process`: it was not right, or the board stays silent. Raises Refused.

    An order that is under way may still be carried out; what the board then says still counts.
    """
    workflow.check_reason(reason)
    change = lock_change(change_id)
    step(change, "send_back", actor=actor, note=reason)
    return change


# --- what the board says ------------------------------------------------------------------------


def assignment_moved(assignment: PackageAssignment) -> None:
    """The board's word on a programme moved its assignment on."""
    change = _lock_by(assignment=assignment)
    if change is None:
        return
    actor = f"meter {assignment.meter_id}"
    change.board = assignment.state
    if assignment.state == AssignmentState.ACTIVE:
        _complete(change, actor)
    elif assignment.state == AssignmentState.STORED:
        change.save()
        workflow.note_step(change, "stored", actor=actor)
    elif assignment.activated_s is None:
        is_overtaken = assignment.state == AssignmentState.SUPERSEDED
        _fail(change, actor, OVERTAKEN if is_overtaken else BOARD_SAYS[assignment.command.state])


def command_finished(command: Command) -> None:
    """The board has disconnected or reconnected, or it will not."""
    change = _lock_by(command=command)
    if change is None:
        return
    actor = f"meter {command.meter_id}"
    change.board = command.state
    if command.state == State.APPLIED:
        _complete(change, actor)
    else:
        _fail(change, actor, BOARD_SAYS[command.state])


def _lock_by(**order: object) -> Change | None:
    """The change that waits for this order; the meter's row is locked by who stored its word."""
    found = Change.objects.select_for_update(of=("self",)).filter(
        state__in=(ChangeState.REVIEW, ChangeState.IN_PROCESS), **order
    )
    return found.select_related("connection__consumer").first()


def _complete(change: Change, actor: str, note: str = "") -> None:
    change.completed_s = clock.now_s()
    if change.state == ChangeState.IN_PROCESS:  # sent back, and the board has done it after all
        step(change, "process", actor=actor, note="the board had its order already")
    step(change, "complete", actor=actor, note=note, before=change.before)
    if change.kind in (rules.DEACTIVATE, rules.REACTIVATE):
        consumer_services.set_status(
            change.connection.consumer_id, _status(change), change.get_cause_display(), actor=actor
        )


def _status(change: Change) -> str:
    if change.kind == rules.REACTIVATE:
        return Consumer.Status.ACTIVE
    by_wish = change.cause == rules.WISH
    return Consumer.Status.INACTIVE if by_wish else Consumer.Status.BANNED


def _fail(change: Change, actor: str, what: str) -> None:
    if change.state == ChangeState.REVIEW:
        step(change, "send_back", actor=actor, note=what)
    else:
        change.save()
    if change.is_by_rule and change.board == State.EXPIRED:
        return  # the rule orders it again, by itself
    raise_task(
        kind="change_failed",
        subject=change.subject,
        key=f"change:{change.pk}",
        title=f"{change.get_kind_display()} not done: {what}",
        evidence={
            "change": change.pk,
            "board": change.board,
            "package": change.package_id,
            "before": change.before,
        },
        actor=actor,
    )


def _check_paid(change: Change) -> None:
    """MG-14c. Raises Refused while something is to be paid."""
    consumer_id = change.connection.consumer_id
    demand = deposits.open_demand(consumer_id) if change.package_id else None
    if demand is not None:
        raise Refused(
            f"{rupees(demand.amount_paise)} of the security deposit is to be paid",
            "Take the payment with purpose deposit first.",
        )
    if change.kind != rules.REACTIVATE:
        return
    debt_paise, limit_paise = balance_paise(f"consumer:{consumer_id}"), setting("debt_limit_paise")
    if debt_paise > limit_paise:
        raise Refused(
            f"{consumer_id} owes {rupees(debt_paise)}, more than {rupees(limit_paise)}",
            "Take the payment first.",
        )
