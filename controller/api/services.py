"""Gives keys to points of sale, and lets in who has one, so often and no oftener."""

import secrets

from django.db import transaction

from controller import clock
from controller.api import rules
from controller.api.models import ApiKey
from controller.audit import services as audit
from controller.errors import Refused
from controller.payments import register

SECRET_BYTES = 32
ID_BYTES = 4


class Throttled(Refused):
    """The key has asked too often."""

    def __init__(self) -> None:
        super().__init__("This key asks too often", f"Ask again in {rules.REFILL_S} s.")


@transaction.atomic
def add_key(*, point_of_sale: str, note: str = "", actor: str) -> str:
    """A new key of the point of sale, in clear for this once. Raises Refused beyond KEYS_MAX."""
    point = register.lock_point(point_of_sale)
    if point.api_keys.filter(revoked_s__isnull=True).count() >= rules.KEYS_MAX:
        raise Refused(f"{point.code} has {rules.KEYS_MAX} keys", "Revoke one of them.")
    now_s = clock.now_s()
    identity, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    ApiKey.objects.create(
        id=identity,
        point_of_sale=point,
        digest=rules.digest(secret),
        note=note[:80],
        created_s=now_s,
        bucket=rules.BUCKET_MAX,
        filled_s=now_s,
    )
    audit.record(actor, "add API key", f"point of sale {point.code}", key=identity)
    return rules.write_key(identity, secret)


@transaction.atomic
def revoke_key(*, key_id: str, actor: str) -> ApiKey:
    """The key is no longer good. Raises Refused."""
    key = ApiKey.objects.select_for_update().filter(pk=key_id).first()
    if key is None or key.revoked_s is not None:
        raise Refused(f"There is no key {key_id!r} that is good", "See `bijli pay keys`.")
    key.revoked_s = clock.now_s()
    key.save(update_fields=["revoked_s"])
    audit.record(actor, "revoke API key", f"point of sale {key.point_of_sale_id}", key=key_id)
    return key


def admit(text: str) -> ApiKey | None:
    """The key that was sent, one request drawn from its bucket; None when it is not good.

    The bucket is a row: it holds across processes. Raises Throttled when it is empty.
    """
    parts = rules.read_key(text)
    if parts is None:
        return None
    identity, secret = parts
    known = ApiKey.objects.filter(pk=identity, revoked_s__isnull=True).first()
    if known is None or not rules.is_secret(secret, known.digest):
        return None
    return _draw(identity)


@transaction.atomic
def _draw(identity: str) -> ApiKey:
    locked = ApiKey.objects.select_for_update(of=("self",)).select_related("point_of_sale")
    key = locked.get(pk=identity)
    now_s = clock.now_s()
    drawn = rules.draw(key.bucket, key.filled_s, now_s)
    if drawn is None:
        raise Throttled
    key.bucket, key.filled_s = drawn
    key.last_used_s = now_s
    key.save(update_fields=["bucket", "filled_s", "last_used_s"])
    return key
