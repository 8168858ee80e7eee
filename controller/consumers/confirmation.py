"""What a board says of its programme moves a package assignment on; nothing else does (MG-14).

Called inside the transaction that stored the board's receipt or event.
"""

from django.db import transaction

from controller.audit import services as audit
from controller.consumers import queries
from controller.consumers.models import (
    WAITING,
    AssignmentState,
    Connection,
    PackageAssignment,
)
from controller.consumers.signals import assignment_moved
from controller.headend.models import Command, State


@transaction.atomic
def programme_receipted(command: Command) -> None:
    """The board has answered a `set_programme`: stored, or refused (also: too late).

    A stored programme takes the place of any older one still waiting in the passive slot.
    """
    assignment = PackageAssignment.objects.filter(command=command).first()
    if assignment is None or assignment.state != AssignmentState.PENDING:
        return
    if command.state != State.APPLIED:
        assignment.mark_refused()
    else:
        assignment.mark_stored()
        _supersede(assignment, WAITING)
    _save(assignment)


@transaction.atomic
def programme_activated(meter_id: str, version: int, at_s: int) -> None:
    """The board says that it runs programme `version` since `at_s`: that ends the older ones.

    One that a later receipt or event has overtaken stays superseded, but it was in force.
    """
    assignment = PackageAssignment.objects.filter(
        meter=meter_id,
        programme_version=version,
        state__in=(*WAITING, AssignmentState.SUPERSEDED),
        activated_s__isnull=True,
    ).first()
    if assignment is None or queries.was_removed(assignment, at_s):
        return
    if assignment.state == AssignmentState.SUPERSEDED:
        assignment.activated_s = at_s
    else:
        assignment.mark_active(at_s)
        Connection.objects.filter(pk=assignment.connection_id).update(
            sanctioned_load_w=assignment.sanctioned_load_w
        )
    _supersede(assignment, (*WAITING, AssignmentState.ACTIVE))
    _save(assignment)


def _supersede(by: PackageAssignment, states: tuple[AssignmentState, ...]) -> None:
    older = PackageAssignment.objects.filter(
        meter=by.meter_id, programme_version__lt=by.programme_version, state__in=states
    )
    for assignment in older:
        assignment.mark_superseded()
        _save(assignment)


def _save(assignment: PackageAssignment) -> None:
    assignment.save()
    audit.record(
        f"meter {assignment.meter_id}",
        f"package {assignment.state}",
        f"consumer {assignment.connection.consumer_id}",
        package=assignment.package_id,
        programme_version=assignment.programme_version,
    )
    assignment_moved.send(sender=PackageAssignment, assignment=assignment)
