"""Words for commands and events, and the load bar. Pure: no Django.

The numbers are those of docs/wire.md; why a supply is off is `fleet.rules`' to say.
"""

from collections.abc import Callable

from controller.fleet import rules as fleet
from protocol.sts import ANSWERS

# Why a board refused a message before it was a command (never in a receipt).
REASONS = {
    11: "it was older than one already seen",
    13: "its signature was wrong",
    14: "it could not be decoded",
    15: "it was too large",
}
AUTHENTICATION_FAILED = 100  # added to the reason in event 1019

COMMANDS = {
    "disconnect": "Disconnect",
    "reconnect": "Reconnect",
    "set_programme": "Change package",
    "credit": "Add credit",
    "set_emergency_limit": "Limit in an emergency",
    "clear_tamper": "Clear tamper",
    "set_source": "Set source of supply",
    "set_clock": "Set clock",
    "set_token_key": "Set token key",
    "read_registers": "Read registers",
    "read_profile": "Read readings again",
    "show_message": "Show message",
}

STATES = {
    "queued": "queued",
    "sent": "sent, not yet confirmed",
    "received": "received by the board",
    "applied": "applied",
    "refused": "refused",
    "expired": "expired, not done",
    "unconfirmed": "sent, but the board never said what became of it",
}

ASSIGNMENTS = {
    "pending": "ordered, not yet confirmed by the board",
    "stored": "stored by the board, waiting for its time",
}

METERING = {1: "silent", 2: "implausible", 3: "all zero", 4: "frozen"}
STORES = {1: "ledger", 2: "programme", 3: "readings", 4: "events", 5: "whole memory"}
RESET_CAUSES = {0: "unknown cause", 1: "power on", 2: "reset", 3: "watchdog", 4: "crash"}


def load_percent(power_w: int, limit_w: int) -> int:
    """The load against the limit, 0...100 for a bar; 0 when there is no limit."""
    if limit_w <= 0:
        return 0
    return max(0, min(100, power_w * 100 // limit_w))


def command_words(name: str) -> str:
    """What an operator calls the command."""
    return COMMANDS.get(name, name.replace("_", " "))


def command_state(state: str, why: str) -> str:
    """What became of a command; `why` is the board's reason in words, empty for none."""
    words = STATES.get(state, state)
    return f"{words}: {why}" if why else words


def _held(value: int) -> str:
    return ", ".join(fleet.names(value)) or "nothing holds it off"


def _refused_message(value: int) -> str:
    authentic = value < AUTHENTICATION_FAILED
    reason = value if authentic else value - AUTHENTICATION_FAILED
    why = REASONS.get(reason, f"reason {reason}")
    return why if authentic else f"not from this controller; {why}"


def _minute(value: int) -> str:
    return f"{value // 60:02d}:{value % 60:02d}"


def _phase(value: int) -> str:
    return f"phase {value}" if value else "unbalance"


def _seconds(value: int) -> str:
    return f"after {value // 60} min {value % 60} s" if value else "after an unknown time"


def _number(unit: str) -> Callable[[int], str]:
    return lambda value: f"{value} {unit}".strip()


# Event code: words, and how its value is told (None: it says nothing).
EVENTS: dict[int, tuple[str, Callable[[int], str] | None]] = {
    101: ("Power failed", None),
    102: ("Power came back", _seconds),
    158: ("Load limit set", _number("W")),
    251: ("Cover opened", None),
    301: ("Supply off", _held),
    302: ("Supply on", None),
    1001: ("Overload trip", _number("W")),
    1002: ("Locked out after too many trips", None),
    1003: ("Button pressed: reset", None),
    1004: ("Button pressed, refused", _held),
    1005: ("Credit is low", None),
    1006: ("Credit is very low", None),
    1007: ("Credit used up", None),
    1008: ("Credit added", None),
    1009: ("Supply hours ended", _minute),
    1010: ("Supply hours began", _minute),
    1011: ("Programme stored, version", _number("")),
    1012: ("Programme active, version", _number("")),
    1013: ("Metering fault", lambda value: METERING.get(value, "")),
    1014: ("Metering works again", None),
    1015: ("Relay welded, attempts", _number("")),
    1016: ("Relay did not switch, attempts", _number("")),
    1017: ("Clock set, step", _number("s")),
    1018: ("Metering chip started anew at", _number("Wh")),
    1019: ("Message refused", _refused_message),
    1020: ("Board started", lambda value: RESET_CAUSES.get(value, "")),
    1021: ("Old records overwritten", _number("records")),
    1022: ("Operator disconnected", None),
    1023: ("Operator reconnected", None),
    1024: ("Emergency limit", lambda value: f"{value} W" if value else "ended"),
    1025: ("Supply tried again by itself, attempt", _number("")),
    1026: ("Supply comes from", lambda value: "the generator" if value else "the mains"),
    1027: ("Tamper cleared", None),
    1028: ("Emergency credit accepted", None),
    1029: ("Emergency credit repaid", None),
    1030: ("Debt paid", None),
    1031: ("Paid until another date", None),
    1032: ("Lifeline advance begun", None),
    1033: ("Recharge overdue", _number("days")),
    1034: ("Part of the firmware started again, task", _number("")),
    1035: ("Safe mode", lambda value: "entered" if value else "left"),
    1036: ("Clock not believed, step", _number("s")),
    1037: ("Overload of", _phase),
    1038: ("Memory fault", lambda value: STORES.get(value, "")),
    1039: ("Stuck", lambda value: "power-fail line" if value else "button"),
    1040: ("Calibrated, power gain in ppm", _number("")),
    1041: ("Relay alarm", lambda value: {1: "welded", 2: "does not close"}.get(value, "")),
    1042: ("Token taken, number", _number("")),
    1043: ("Token refused", lambda value: dict(enumerate(ANSWERS)).get(value, "")),
    1044: ("Token key changed to", lambda value: f"{value // 10:06d}/{value % 10}"),
    1045: ("Credit cleared by a token", _number("")),
}


def event_words(code: int, value: int) -> str:
    """One event as a person would say it."""
    if code not in EVENTS:
        return f"Event {code}: {value}"
    words, tell = EVENTS[code]
    detail = tell(value) if tell else ""
    return f"{words}: {detail}" if detail else words
