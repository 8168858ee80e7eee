"""From what the broker delivered to a message that is genuine, well formed and new.

Touches no database: meters come in loaded, their replay windows are moved in memory.
"""

from dataclasses import dataclass
from typing import Any

from controller.fleet.models import Meter
from controller.headend import downlink
from protocol import errors, keys, messages
from protocol.replay import Window

# What a refusal is counted as.
REASONS = {
    errors.LimitError: "too large",
    errors.DecodeError: "undecodable",
    errors.AuthenticationError: "authentication",
    errors.MessageError: "malformed",
    errors.ReplayError: "replayed",
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message of a meter. `is_latest`: none with a higher counter has come before it."""

    meter: Meter
    kind: int
    counter: int
    sent_s: int
    body: Any
    envelope: bytes
    is_new: bool
    is_latest: bool


def read_topic(topic: str) -> tuple[str, int]:
    """Meter and kind that an uplink topic names. Raises MessageError or LimitError."""
    meter_id, direction, kind = messages.parse_topic(topic)
    if direction != messages.UP:
        raise errors.MessageError(f"not an uplink topic: {topic}")
    return meter_id, kind


def open_arrival(meter: Meter, payload: bytes) -> Arrival:
    """Verifies the envelope and moves the meter's replay window (in memory).

    A duplicate comes back with `is_new` false. Raises ProtocolError for anything else that
    cannot be accepted; the window is then as it was.
    """
    key = downlink.role_key(meter, keys.ROLE_UPLINK)
    epoch, kind, counter, sent_s, body = messages.open_message(key, meter.pk, messages.UP, payload)
    if epoch != meter.key_epoch:
        raise errors.AuthenticationError(f"key epoch {epoch}, not {meter.key_epoch}")
    window = Window(meter.uplink_highest, meter.uplink_window)
    is_latest = counter > window.highest
    is_new = window.accept(counter)
    meter.uplink_highest, meter.uplink_window = window.highest, window.bitmap
    return Arrival(meter, kind, counter, sent_s, body, payload, is_new, is_latest)


def reason_of(error: errors.ProtocolError) -> str:
    """Under which name a refusal is counted."""
    return REASONS.get(type(error), "malformed")
