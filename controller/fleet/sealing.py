"""Keeps keys encrypted at rest: AES-256-GCM, bound to what they belong to.

A meter's root key is bound to the meter's identity; whatever else is sealed has a subject with a
blank in it ("vending key 123457/1"), which no meter's identity has.

The master key stands in a file outside the database (BIJLI_MASTER_KEY_FILE), so that a copy of
the database alone opens nothing.
"""

import functools
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from controller import keyfile
from controller.errors import Refused

NONCE_BYTES = 12
MASTER_KEY_BYTES = 32


@functools.cache
def _master() -> AESGCM:
    text = keyfile.read_or_create(
        settings.BIJLI_MASTER_KEY_FILE, secrets.token_hex(MASTER_KEY_BYTES)
    )
    return AESGCM(bytes.fromhex(text))


def seal(subject: str, secret: bytes) -> bytes:
    """The secret encrypted for storage: nonce, ciphertext, tag. `subject`: whose it is."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _master().encrypt(nonce, secret, subject.encode())


def unseal(subject: str, sealed: bytes) -> bytes:
    """The secret again. Raises Refused when the master key is not the one it was sealed with."""
    nonce, box = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return _master().decrypt(nonce, box, subject.encode())
    except (InvalidTag, ValueError):  # ValueError: too short to be anything sealed
        raise Refused(
            f"The key that is kept for {subject} does not open with this master key",
            f"Put back the master key file that was in use ({settings.BIJLI_MASTER_KEY_FILE}).",
        ) from None
