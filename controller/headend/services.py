"""Gives commands to meters. They leave by the outbox; only receipts say what became of them."""

import secrets
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from controller import clock, keyfile
from controller.audit import services as audit
from controller.errors import Refused
from controller.fleet.services import find_meter
from controller.headend import rules
from controller.headend.downlink import keep_arguments, lock_meters
from controller.headend.models import PENDING, Command, State
from controller.headend.signals import command_finished
from protocol import commands
from protocol.errors import ProtocolError
from protocol.limits import COMMAND_ID_BYTES

PASSWORD_BYTES = 32
QUEUE_MAX = 100  # commands that one meter may have waiting


def broker_password() -> str:
    """The password with which the headend logs in at the broker; made at its first use."""
    path = settings.BIJLI_HOME / "headend.password"
    return keyfile.read_or_create(path, secrets.token_hex(PASSWORD_BYTES))


@transaction.atomic
def queue_command(
    meter_id: str,
    name: str,
    arguments: Mapping[int, object],
    actor: str,
    ttl_s: int = rules.TTL_S,
    not_before_s: int = 0,
) -> Command:
    """Queues a command for a meter, to be sent in its turn until `ttl_s` seconds from now.

    Without `not_before_s` the meter may act at once: its clock may lag ours by some seconds.
    `arguments` are the wire's (docs/wire.md), bytes as bytes or as {"hex": ...}. Raises Refused
    for an unknown meter or name, bad arguments, a time to live of nothing, or a full queue.
    """
    find_meter(meter_id)
    now_s = clock.now_s()
    if now_s + ttl_s <= max(now_s, not_before_s):
        raise Refused("The command would expire before it may be carried out", "Give it longer.")
    checked = _check(name, arguments)
    lock_meters([meter_id])
    command = Command(
        id=secrets.token_hex(COMMAND_ID_BYTES),
        meter_id=meter_id,
        position=_next_position(meter_id),
        name=name,
        issued_s=now_s,
        not_before_s=not_before_s,
        next_send_s=not_before_s or now_s,
        expires_s=now_s + ttl_s,
        actor=actor,
    )
    keep_arguments(command, rules.to_json(checked))
    command.save(force_insert=True)
    audit.record(
        actor, "queue command", f"meter {meter_id}", command=command.pk, name=name,
        arguments=command.arguments,
    )  # fmt: skip
    return command


@transaction.atomic
def withdraw_queued(meter_id: str, command_id: str | None = None, *, actor: str) -> int:
    """Takes back every command that never left for the meter, or this one; returns how many.

    Each ends as expired, so that whoever ordered it hears of it. One that was sent may arrive.
    """
    lock_meters([meter_id])
    waiting = Command.objects.filter(meter_id=meter_id, state=State.QUEUED)
    queued = list(waiting if command_id is None else waiting.filter(pk=command_id))
    for command in queued:
        command.mark_expired()
        command.save()
        audit.record(
            actor, "withdraw command", f"meter {meter_id}", command=command.pk, name=command.name
        )
        command_finished.send(sender=Command, command=command)
    return len(queued)


def _check(name: str, arguments: Mapping[int, object]) -> dict[int, object]:
    number = commands.NUMBERS.get(name)
    if number is None:
        raise Refused(
            f"There is no command {name!r}", f"Use one of: {', '.join(sorted(commands.NUMBERS))}."
        )
    try:
        checked: dict[int, object] = rules.from_json(dict(arguments))
        commands.validate(number, checked)
    except (ProtocolError, ValueError) as error:
        raise Refused(
            f"The arguments of {name} are not acceptable: {error}", "See docs/wire.md, Commands."
        ) from error
    return checked


def _next_position(meter_id: str) -> int:
    of_meter = Command.objects.filter(meter_id=meter_id)
    if of_meter.filter(state__in=PENDING).count() >= QUEUE_MAX:
        raise Refused(
            f"Meter {meter_id} has {QUEUE_MAX} commands waiting already",
            "Wait until it has answered some, or until they expire.",
        )
    highest = of_meter.aggregate(highest=Max("position"))["highest"]
    return (highest or 0) + 1
