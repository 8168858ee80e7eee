"""Seals what goes down to a meter: an acknowledgement or a command, with the next counter."""

import functools
import json
from collections.abc import Iterable

from controller.fleet import sealing
from controller.fleet.models import Meter
from controller.headend import rules
from controller.headend.models import Command
from protocol import keys, messages

KEYS_CACHED_MAX = 20_000  # some 6 MB

Publication = tuple[str, bytes]  # topic, payload


@functools.lru_cache(maxsize=KEYS_CACHED_MAX)
def _role_key(meter_id: str, sealed: bytes, epoch: int, role: str) -> bytes:
    return keys.role_key(sealing.unseal(meter_id, sealed), epoch, role, meter_id)


def role_key(meter: Meter, role: str) -> bytes:
    """The meter's key for one role in its present key epoch."""
    return _role_key(meter.pk, bytes(meter.root_key_sealed), meter.key_epoch, role)


def lock_meters(meter_ids: Iterable[str]) -> dict[str, Meter]:
    """The meters with their states, locked until the transaction ends; unknown ones are left out.

    Whoever changes what belongs to a meter (counters, commands, readings) holds this lock.
    """
    rows = Meter.objects.select_related("state").filter(pk__in=set(meter_ids))
    # Always in the same order, so that two workers cannot wait for each other.
    return {meter.pk: meter for meter in rows.order_by("pk").select_for_update(of=("self",))}


def keep_arguments(command: Command, arguments: dict[str, object]) -> None:
    """Puts the arguments (`rules.to_json`) on the command, sealed where they are secret."""
    if command.name in rules.SECRET_COMMANDS:
        secret = json.dumps(arguments).encode()
        command.arguments_sealed = sealing.seal(_subject(command), secret)
    else:
        command.arguments = arguments


def arguments_of(command: Command) -> dict[int, object]:
    """The arguments as the wire has them. For who sends them to the meter, and nobody else."""
    box = bytes(command.arguments_sealed)
    kept = json.loads(sealing.unseal(_subject(command), box)) if box else command.arguments
    arguments: dict[int, object] = rules.from_json(kept)
    return arguments


def _subject(command: Command) -> str:
    return f"command {command.pk}"


def seal(meter: Meter, kind: int, body: dict[int, object], now_s: int) -> Publication:
    """Topic and payload of a message to the meter.

    Takes the next downlink counter on `meter`, whose row must be locked; the caller saves it
    before the message leaves.
    """
    meter.downlink_counter += 1
    payload = messages.seal_message(
        role_key(meter, keys.ROLE_DOWNLINK),
        meter.pk,
        meter.key_epoch,
        messages.DOWN,
        kind,
        meter.downlink_counter,
        now_s,
        body,
    )
    return messages.topic(meter.pk, messages.DOWN, kind), payload
