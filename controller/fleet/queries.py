"""Reads the registry: meters with their live state, and why a supply is off in one line."""

from django.db.models import QuerySet
from django.utils import timezone

from controller import clock
from controller.fleet import rules
from controller.fleet.models import Meter, MeterState


def meters() -> QuerySet[Meter]:
    """All meters in the order of their identities, each with its `state`."""
    return Meter.objects.select_related("state").order_by("id")


def is_online(state: MeterState) -> bool:
    """Whether the meter was heard of lately."""
    return rules.is_online(state.received_s, clock.now_s())


def supply(state: MeterState) -> str:
    """One word: `on`, `off`, or `unknown` while the meter has never reported."""
    if not state.reported_s:
        return "unknown"
    return "on" if state.relay else "off"


def why_off(state: MeterState) -> str:
    """One English line saying why the supply is off and what to do; empty when it is on."""
    if not state.reported_s:
        return "Unknown: the meter has not reported yet."
    if state.relay:
        return "On although it should be off: check the relay." if state.holds else ""
    line = rules.explain(state.holds, wait_text(state.wait_until_s))
    return line or "Off: the relay is open though nothing holds it. Have the relay checked."


def wait_text(wait_until_s: int) -> str:
    """The time of day until which to wait, with the date when that is not today; "" if over."""
    if wait_until_s <= clock.now_s():
        return ""
    until = timezone.localtime(clock.moment(wait_until_s))
    today = timezone.localtime(clock.moment(clock.now_s())).date()
    return until.strftime("%H:%M" if until.date() == today else "%d %b %H:%M")
