"""What a meter's identity may look like, and why its supply is off. Pure: no I/O, no Django."""

import re

from protocol import messages

IDENTITY = re.compile(r"[A-Z0-9]{1,16}")
ROOT_KEY_BYTES = 32
OFFLINE_AFTER_S = 2 * 3600  # boards report their status every hour

# The status map of the wire, by name and in order of its keys (docs/wire.md).
STATUS_FIELDS = (
    "clock_state",
    "holds",
    "relay",
    "power_w",
    "voltage_v",
    "energy_wh",
    "balance",
    "credit_mode",
    "credited_total",
    "charged_total",
    "programme_version",
    "passive_version",
    "passive_activation_s",
    "limit_w",
    "wait_until_s",
    "trips_total",
    "outages_total",
    "supply_minutes_total",
    "last_reading_sequence",
    "last_event_sequence",
    "heap_free_bytes",
    "metering_state",
    "last_downlink_counter",
    "clock_now_s",
)
# The fields after those: a board leaves out what is 0, a newer one may have more.
FURTHER_FIELDS = {
    24: "maximum_demand_w",
    25: "maximum_demand_s",
    26: "reverse_wh",
    27: "source",
    28: "emergency_credit",
    29: "debt",
    30: "paid_until_s",
    31: "recharge_overdue_days",
    32: "task_restarts",
    33: "crashes",
    34: "safe_mode",
    35: "tampers",
    36: "token_key",
}
# In order of explanation: the first that holds is the one that the consumer must hear about.
# `{wait}` names the time until which to wait, while there is one.
EXPLANATIONS = (
    (
        messages.HOLD_OPERATOR,
        "disconnected by the operator",
        "It comes back by a reconnect command.",
    ),
    (messages.HOLD_CREDIT, "credit is used up", "Recharge to get supply back."),
    (
        messages.HOLD_LOCKOUT,
        "too many overload trips",
        "Remove the excess load{wait}, press the button.",
    ),
    (messages.HOLD_OVERLOAD, "overload trip", "Remove the excess load{wait}, press the button."),
    (
        messages.HOLD_TAMPER,
        "the meter's cover was opened",
        "Inspect the meter, then clear the tamper hold.",
    ),
    (
        messages.HOLD_FAULT,
        "metering or relay fault",
        "Have the meter checked; supply returns once it measures and switches again.",
    ),
    (
        messages.HOLD_WINDOW,
        "outside the package's supply hours",
        "Supply returns when they begin.",
    ),
    (
        messages.HOLD_START,
        "power has just returned",
        "Supply comes on by itself within a minute or so.",
    ),
    (
        messages.HOLD_CONFIRM,
        "it waits for somebody at the meter",
        "Press the button on the meter.",
    ),
)


def names(holds: int) -> list[str]:
    """The holds in the mask as short English phrases, most important first."""
    return [phrase for bit, phrase, _remedy in EXPLANATIONS if holds & bit]


def explain(holds: int, when: str) -> str:
    """One line: why supply is off and what to do. Empty when nothing holds it off."""
    standing = [row for row in EXPLANATIONS if holds & row[0]]
    if not standing:
        return ""
    _bit, phrase, remedy = standing[0]
    others = "".join(f"; also: {also}" for _, also, _ in standing[1:])
    wait = f", wait until {when}" if when else ""
    return f"Off: {phrase}{others}. {remedy.format(wait=wait)}"


def named(status: dict[int, int]) -> dict[str, int]:
    """A status map by name; what has no name yet keeps its number, so that nothing is lost."""
    return {name: status[key] for key, name in enumerate(STATUS_FIELDS)} | further(status)


def further(status: dict[int, int]) -> dict[str, int]:
    """The fields of a status map that not every board has, by name or by number."""
    return {
        FURTHER_FIELDS.get(key, str(key)): value
        for key, value in sorted(status.items())
        if key >= len(STATUS_FIELDS)
    }


def is_online(received_s: int, now_s: int) -> bool:
    """Whether the meter was heard of lately (it reports at least every hour)."""
    return received_s > 0 and now_s - received_s <= OFFLINE_AFTER_S
