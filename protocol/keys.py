"""Keys: HMAC-SHA256 (RFC 2104), HKDF (RFC 5869) and the one key for each role of a meter.

MicroPython has SHA-256 but no `hmac`; both runtimes use this one source.
This module must not know where keys are stored.
"""

import hashlib

from protocol import cbor
from protocol.errors import LimitError, MessageError
from protocol.limits import KEY_BYTES, KEY_EPOCH_MAX, METER_ID_MAX

ROLE_UPLINK = "uplink"
ROLE_DOWNLINK = "downlink"
ROLE_TOKEN = "token"  # noqa: S105  the name of a role
ROLE_BROKER = "broker"

_BLOCK_BYTES = 64
_METER_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def hmac_sha256(key, data):
    """Return the 32 byte tag of `data` under `key` (any length)."""
    if len(key) > _BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    inner = hashlib.sha256(_pad(key, 0x36))
    inner.update(data)
    outer = hashlib.sha256(_pad(key, 0x5C))
    outer.update(inner.digest())
    return outer.digest()


def _pad(key, octet):
    block = bytearray(_BLOCK_BYTES)
    for index, value in enumerate(key):
        block[index] = value ^ octet
    for index in range(len(key), _BLOCK_BYTES):
        block[index] = octet
    return block


def hkdf_sha256(secret, salt, info, length):
    """Return `length` octets (1…8160) derived from `secret`; LimitError beyond."""
    if not 1 <= length <= 255 * KEY_BYTES:
        raise LimitError("HKDF gives 1 to %d octets" % (255 * KEY_BYTES))
    extracted = hmac_sha256(salt, secret)
    out = bytearray()
    block = b""
    while len(out) < length:
        counter = bytes((len(out) // KEY_BYTES + 1,))
        block = hmac_sha256(extracted, block + info + counter)
        out.extend(block)
    return bytes(out[:length])


def role_key(root, epoch, role, meter):
    """Return the 32 byte key of one role (`ROLE_…`) of a meter in one key epoch.

    The broker's is always of epoch 0. Raises LimitError for a root that is not 32 bytes or an
    epoch outside 0…2^30-1, MessageError for a meter identity of the wrong form.
    """
    check_meter(meter)
    if len(root) != KEY_BYTES:
        raise LimitError("a root key has %d bytes, not %d" % (KEY_BYTES, len(root)))
    if not 0 <= epoch <= KEY_EPOCH_MAX:
        raise LimitError("key epoch %d is outside 0...%d" % (epoch, KEY_EPOCH_MAX))
    info = ("bijli/1|%s|%s" % (role, meter)).encode()
    return hkdf_sha256(root, epoch.to_bytes(4, "big"), info, KEY_BYTES)


def external_aad(direction, meter, epoch):
    """Return what ties an envelope to one direction, meter and key epoch."""
    return cbor.encode(["bijli/1", direction, meter, epoch])


def check_meter(meter):
    """Raise MessageError unless `meter` is 1–16 characters of A–Z and 0–9."""
    good = isinstance(meter, str) and 1 <= len(meter) <= METER_ID_MAX
    if not good or any(letter not in _METER_LETTERS for letter in meter):
        raise MessageError("a meter identity is 1-16 characters of A-Z and 0-9: %r" % (meter,))


def same_bytes(left, right):
    """Compare in a time that does not tell where the first difference is."""
    if len(left) != len(right):
        return False
    difference = 0
    for index in range(len(left)):
        difference |= left[index] ^ right[index]
    return difference == 0
