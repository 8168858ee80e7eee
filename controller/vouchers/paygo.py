"""Issues OpenPAYGO tokens for devices of other makers, behind the same face as vouchers.

Keys and tokens are sealed and audited as those of `services`. A device's counter moves with every
token that is issued, so that no two are the same.
"""

import hashlib

from django.db import transaction

from controller import clock
from controller.audit import services as audit
from controller.errors import Refused
from controller.fleet import sealing
from controller.vouchers import openpaygo, rules
from controller.vouchers.models import PaygoDevice, PaygoToken
from controller.vouchers.services import IssuedVoucher

DEVICE_ID_MAX = 32
STARTING_CODE_MAX = 999_999_999
PURCHASE_ID_BYTES = 8


@transaction.atomic
def add_device(
    device_id: str,
    *,
    key: bytes,
    actor: str,
    starting_code: int | None = None,
    extended: bool = False,
    restricted: bool = False,
    count: int = 0,
) -> PaygoDevice:
    """Registers a device with its maker's key (16 bytes) and the counter that it stands at.

    Raises Refused for an identity, key, code or counter that is none, and for a known device.
    """
    if not 1 <= len(device_id) <= DEVICE_ID_MAX or not device_id.isascii():
        raise Refused(f"{device_id!r} is no device", f"Use 1 to {DEVICE_ID_MAX} characters.")
    if starting_code is not None and not 1 <= starting_code <= STARTING_CODE_MAX:
        raise Refused("The starting code is none", "It has nine digits; or leave it out.")
    if PaygoDevice.objects.filter(pk=device_id).exists():
        raise Refused(f"Device {device_id} is registered already", "Use it as it is.")
    openpaygo.encode(key, count, openpaygo.SYNC)  # the key and the counter are good for a token
    device = PaygoDevice.objects.create(
        id=device_id,
        key_sealed=sealing.seal(_subject(device_id), key),
        starting_code=starting_code,
        extended=extended,
        restricted=restricted,
        count=count,
        created_s=clock.now_s(),
    )
    audit.record(actor, "add OpenPAYGO device", str(device), count=count)
    return device


@transaction.atomic
def issue(
    *, device_id: str, actor: str, days: int | None = None, kind: str = openpaygo.ADD
) -> IssuedVoucher:
    """Issues a token: ADD or SET of days, DISABLE or SYNC without. Raises Refused."""
    device = PaygoDevice.objects.select_for_update().filter(pk=device_id).first()
    if device is None:
        raise Refused(f"There is no device {device_id!r}", "Register it first.")
    digits, count = openpaygo.encode(
        sealing.unseal(_subject(device_id), bytes(device.key_sealed)),
        device.count,
        kind,
        days,
        start=device.starting_code,
        extended=device.extended,
        restricted=device.restricted,
    )
    device.count = count
    device.save(update_fields=["count"])
    purchase_id = _purchase_id(device_id, count)
    PaygoToken.objects.create(
        purchase_id=purchase_id,
        device=device,
        count=count,
        kind=kind,
        value=days,
        token_sealed=sealing.seal(f"OpenPAYGO token {purchase_id}", digits.encode()),
        issued_s=clock.now_s(),
        actor=actor,
    )
    audit.record(
        actor, "issue OpenPAYGO token", str(device), purchase=purchase_id, kind=kind, days=days
    )
    return IssuedVoucher(
        purchase_id=purchase_id,
        meter_id=device_id,
        amount_tenths=0,
        token=rules.write_token(digits),
        days=days or 0,
    )


def _purchase_id(device_id: str, count: int) -> str:
    name = f"bijli/1|openpaygo|{device_id}|{count}"
    return hashlib.sha256(name.encode()).digest()[:PURCHASE_ID_BYTES].hex()


def _subject(device_id: str) -> str:
    return f"OpenPAYGO device {device_id}"
