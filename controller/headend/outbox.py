"""Which commands leave now. A command is marked as sent, and committed, before it is published.

So `queued` always means that it never left; `sent` means only that it may have arrived.
One command a meter is under way at a time, in the order in which they were given; one that was
sent SENDS_MAX times without an answer no longer holds up the next.
"""

import logging

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from controller import clock
from controller.audit import services as audit
from controller.fleet.models import Meter
from controller.headend import downlink, rules
from controller.headend.downlink import Publication, lock_meters
from controller.headend.models import IN_FLIGHT, PENDING, Command, State
from controller.headend.signals import command_finished, meters_locking
from protocol import commands, messages

log = logging.getLogger(__name__)

ACTOR = "headend"
BATCH_MAX = 100


def take_due() -> list[Publication]:
    """Marks the commands that are due as sent and returns them sealed, ready to publish."""
    now_s = clock.now_s()
    if not (_due(now_s).exists() or _overdue(now_s).exists()):
        return []
    _close_overdue(now_s)
    return _send_due(now_s)


@transaction.atomic
def _send_due(now_s: int) -> list[Publication]:
    due = _due(now_s).order_by("next_send_s")[:BATCH_MAX]
    meters = lock_meters({command.meter_id for command in due})
    return [
        publication
        for command in due.all()  # read again, now that nobody else can change them
        if command.meter_id in meters
        for publication in _send_or_put_off(meters[command.meter_id], command, now_s)
    ]


def _due(now_s: int) -> QuerySet[Command]:
    ready = Command.objects.filter(
        state__in=PENDING, not_before_s__lte=now_s, expires_s__gte=now_s
    )
    earlier = ready.filter(
        meter=OuterRef("meter"), position__lt=OuterRef("position"), sends__lt=rules.SENDS_MAX
    )
    return ready.filter(~Exists(earlier), next_send_s__lte=now_s)


def _overdue(now_s: int) -> QuerySet[Command]:
    never_sent = Command.objects.filter(state=State.QUEUED, expires_s__lt=now_s)
    silent = Command.objects.filter(state__in=IN_FLIGHT, expires_s__lt=now_s - rules.GRACE_S)
    return never_sent | silent


@transaction.atomic
def _close_overdue(now_s: int) -> None:
    overdue = _overdue(now_s)[:BATCH_MAX]
    meter_ids = {command.meter_id for command in overdue}
    meters_locking.send(sender=Meter, meter_ids=meter_ids)
    meters = lock_meters(meter_ids)
    for command in overdue.all():
        if command.meter_id not in meters:
            continue  # others moved up meanwhile; a receipt may be changing them
        if command.state == State.QUEUED:
            command.mark_expired()
        else:
            command.mark_unconfirmed()
        command.save()
        audit.record(
            ACTOR, f"command {command.state}", f"meter {command.meter_id}",
            command=command.pk, name=command.name,
        )  # fmt: skip
        if command.state == State.EXPIRED:
            command_finished.send(sender=Command, command=command)


def _send_or_put_off(meter: Meter, command: Command, now_s: int) -> list[Publication]:
    """One that cannot be sealed waits for an hour, so that it holds up no other meter's."""
    try:
        with transaction.atomic():
            return [_send(meter, command, now_s)]
    except DatabaseError:
        raise
    except Exception:
        log.exception("command %s to meter %s cannot be sent", command.pk, meter.pk)
        later_s = now_s + rules.RESEND_LONGEST_S
        Command.objects.filter(pk=command.pk).update(next_send_s=later_s)
        return []


def _send(meter: Meter, command: Command, now_s: int) -> Publication:
    command.note_sending(now_s, rules.next_send_s(command.sends + 1, now_s, command.expires_s))
    command.save()
    publication = downlink.seal(meter, messages.COMMAND, _body(command), now_s)
    meter.save(update_fields=["downlink_counter"])
    return publication


def _body(command: Command) -> dict[int, object]:
    return {
        0: bytes.fromhex(command.pk),
        1: command.issued_s,
        2: command.not_before_s,
        3: command.expires_s,
        4: commands.NUMBERS[command.name],
        5: downlink.arguments_of(command),
    }
