"""What an API key looks like, how often it may ask, how little of a consumer it is told. Pure."""

import hashlib
import hmac
import re

KEY = re.compile(r"bjk_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
IDEMPOTENCY_KEY = re.compile(r"[!-~]{8,64}")
BUCKET_MAX = 60  # requests at once
REFILL_S = 1  # for one more
KEYS_MAX = 5  # that are good, of one point of sale


def write_key(identity: str, secret: str) -> str:
    """`bjk_<id>_<secret>`: how a point of sale sends it, as `Authorization: Bearer …`."""
    return f"bjk_{identity}_{secret}"


def read_key(text: str) -> tuple[str, str] | None:
    """(id, secret) of a key; None when it does not look like one."""
    match = KEY.fullmatch(text)
    return (match[1], match[2]) if match else None


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret(secret: str, kept: str) -> bool:
    """Whether it is the secret of which `kept` is the digest."""
    return hmac.compare_digest(digest(secret), kept)


def draw(bucket: int, filled_s: int, now_s: int) -> tuple[int, int] | None:
    """Bucket and fill time after one more request; None when the bucket is empty.

    A clock that was set back fills nothing.
    """
    gained = max(0, now_s - filled_s) // REFILL_S
    level = min(BUCKET_MAX, bucket + gained)
    if level == 0:
        return None
    return level - 1, filled_s + gained * REFILL_S if level < BUCKET_MAX else max(filled_s, now_s)


def hint_name(name: str) -> str:
    """Enough of a name to see that it is the right consumer: `A. D.` of Asha Devi."""
    return " ".join(f"{word[0]}." for word in name.split())
