"""Reads commands with their receipts."""

from django.db.models import QuerySet

from controller.headend.models import Command

HISTORY_MAX = 200

# The wire's reasons (docs/wire.md) as an operator reads them.
REASONS = {
    1: "unknown command",
    2: "bad arguments",
    3: "value out of range",
    4: "wrong credit unit",
    5: "not yet time",
    6: "programme version not newer",
    7: "purchase already credited",
    8: "not supported by this firmware",
    9: "the meter's storage failed",
    10: "the meter's clock is not set",
    12: "expired",
    16: "purchase too old to be judged",
}


def command_history(meter_id: str, count: int = 20) -> QuerySet[Command]:
    """The newest commands first, each with its receipts, at most HISTORY_MAX."""
    commands = Command.objects.filter(meter_id=meter_id).prefetch_related("receipts")
    return commands.order_by("-position")[: min(count, HISTORY_MAX)]


def reason_text(reason: int) -> str:
    """The board's reason in words; empty for none."""
    return REASONS.get(reason, f"reason {reason}") if reason else ""
