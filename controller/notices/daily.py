"""What consumers are told once a day: little credit left, and a recharge that is overdue."""

from datetime import date, datetime
from typing import Any

from controller.consumers.models import Connection
from controller.fleet.models import MeterState
from controller.notices import queries, services
from controller.prepay.queries import overdue_recharges
from controller.profile.queries import settings
from protocol.programme import MODE_ENERGY, MODE_FLAT, MODE_MONEY

ACTOR = "notices"
FIRST_HOUR, LAST_HOUR = 9, 20
# By the wire's credit mode: the unit of the balance, and the setting that calls it little.
MODES = {
    MODE_ENERGY: ("Wh", "low_credit_wh"),
    MODE_MONEY: ("paise", "low_credit_paise"),
    MODE_FLAT: ("days", "low_credit_days"),
}


def is_due(told_on: date | None, now: datetime) -> bool:
    """Once a day, in hours in which nobody is woken by it; `now` in local time."""
    return FIRST_HOUR <= now.hour < LAST_HOUR and told_on != now.date()


def tell(*, actor: str = ACTOR) -> int:
    """Tells each of them once for a recharge; how many messages there are more. Idempotent."""
    return _tell_low_credit(actor) + _tell_overdue(actor)


def _tell_low_credit(actor: str) -> int:
    """By what the boards last said of their balances."""
    limits = settings([name for _unit, name in MODES.values()])
    told = 0
    for mode, (unit, name) in MODES.items():
        states = MeterState.objects.filter(
            credit_mode=mode, balance__lt=limits[name], received_s__gt=0
        )
        for state in states.order_by("pk").iterator():
            told += _tell_one(state, unit, actor)
    return told


def _tell_one(state: MeterState, unit: str, actor: str) -> int:
    connection = Connection.objects.filter(meter=state.meter_id).first()
    if connection is None:
        return 0
    left = max(state.balance, 0)
    # What has been credited in all changes with each recharge, and with it the key.
    since = f"{state.meter_id} {state.credited_total}"
    if left:
        values: dict[str, Any] = {"credit": (left, unit)}
        return _send("low_credit", f"low credit {since}", connection.consumer_id, values, actor)
    return _send("credit_used_up", f"no credit {since}", connection.consumer_id, {}, actor)


def _tell_overdue(actor: str) -> int:
    """UP-10: who has not recharged in time."""
    return sum(
        _send(
            "recharge_overdue",
            f"recharge overdue {row.consumer_id} {row.due_day}",
            row.consumer_id,
            {"due_day": row.due_day, "last_day": row.last_day},
            actor,
        )
        for row in overdue_recharges()
    )


def _send(template: str, key: str, consumer_id: str, values: dict[str, Any], actor: str) -> int:
    """1 for a message that was not there before."""
    if queries.is_told(key):
        return 0
    services.send(template=template, key=key, consumer_id=consumer_id, values=values, actor=actor)
    return 1
