"""When a command is sent again, and the names of what was refused. Pure: no I/O, no Django."""

from typing import Any

# Their arguments are digits that a keypad takes, too: kept sealed, and never in the audit trail.
SECRET_COMMANDS = frozenset({"set_token_key"})
TTL_S = 86_400
RESEND_FIRST_S = 60
RESEND_LONGEST_S = 3_600
SENDS_MAX = 48
GRACE_S = 120  # a receipt may still be under way when the command's time is over

DUPLICATE = "duplicate"
UNKNOWN_METER = "unknown meter"
BAD_TOPIC = "bad topic"
NOT_STORABLE = "not storable"


def next_send_s(sends: int, now_s: int, expires_s: int) -> int:
    """When to send a command again that has now been sent `sends` times without a receipt.

    60 s after the first time, then twice as long each time, at most an hour; from SENDS_MAX on
    not before it expires, which means never, unless the meter says hello.
    """
    if sends >= SENDS_MAX:
        return expires_s + 1
    wait_s = RESEND_FIRST_S << min(sends - 1, 10)
    return now_s + min(wait_s, RESEND_LONGEST_S)


def to_json(value: Any) -> Any:
    """A value of the wire in a form that JSON can hold: bytes as {"hex": ...}, keys as text."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return value


def from_json(value: Any) -> Any:
    """What `to_json` was given. Raises ValueError for anything that `to_json` does not make."""
    if isinstance(value, dict):
        if set(value) == {"hex"}:
            return bytes.fromhex(value["hex"])
        return {int(key): from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value
