"""Adds meters to the registry and gives out what commissioning needs. All of it is audited."""

import os

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.errors import Refused
from controller.fleet import rules, sealing
from controller.fleet.models import Meter, MeterState
from protocol import keys

NOTE_MAX = 200  # characters
BROKER_EPOCH = 0  # a board must reach the broker whatever became of its key change


def add_meter(
    meter_id: str, root_key: bytes | None = None, note: str = "", *, actor: str
) -> Meter:
    """Registers a meter; a root key (32 bytes) is made up when none is given.

    Raises Refused for a malformed identity or key and for a meter that is there already.
    """
    if not rules.IDENTITY.fullmatch(meter_id):
        raise Refused(
            f"{meter_id!r} is no meter identity", "Use 1 to 16 capital letters A-Z and digits."
        )
    root_key = os.urandom(rules.ROOT_KEY_BYTES) if root_key is None else root_key
    if len(root_key) != rules.ROOT_KEY_BYTES:
        raise Refused(
            f"The root key has {len(root_key)} bytes", f"Give {rules.ROOT_KEY_BYTES} bytes."
        )
    if len(note) > NOTE_MAX:
        raise Refused("The note is too long", f"Use at most {NOTE_MAX} characters.")
    with transaction.atomic():
        if Meter.objects.filter(pk=meter_id).exists():
            raise Refused(
                f"Meter {meter_id} is registered already", "Choose another identity, or use it."
            )
        meter = Meter.objects.create(
            id=meter_id,
            root_key_sealed=sealing.seal(meter_id, root_key),
            created_s=clock.now_s(),
            note=note,
        )
        MeterState.objects.create(meter=meter)
        audit.record(actor, "add meter", f"meter {meter_id}", note=note)
    return meter


def find_meter(meter_id: str) -> Meter:
    """The meter; raises Refused when it is not registered."""
    meter = Meter.objects.filter(pk=meter_id).first()
    if meter is None:
        raise Refused(
            f"There is no meter {meter_id!r}", "Add it first, or see `bijli meter list`."
        )
    return meter


def root_key(meter: Meter) -> bytes:
    """The meter's root key, for the controller's own use only."""
    return sealing.unseal(meter.id, bytes(meter.root_key_sealed))


def check_root_key(meter: Meter) -> None:
    """Raises Refused when the meter's root key is not usable: nothing then reaches the meter."""
    try:
        is_usable = len(root_key(meter)) == rules.ROOT_KEY_BYTES
    except Refused:
        is_usable = False
    if not is_usable:
        raise Refused(
            f"The root key of meter {meter.pk} cannot be used, so that no credit would reach it",
            "Put back the master key file that was in use, or fit another meter.",
        )


@transaction.atomic
def reveal_root_key(meter_id: str, actor: str) -> bytes:
    """The root key for putting into a board at commissioning; who asked is recorded."""
    meter = find_meter(meter_id)
    audit.record(actor, "reveal root key", f"meter {meter_id}")
    return root_key(meter)


def broker_password(meter_id: str) -> str:
    """The password with which the meter logs in at the broker (64 hex digits)."""
    root = root_key(find_meter(meter_id))
    return keys.role_key(root, BROKER_EPOCH, "broker", meter_id).hex()
