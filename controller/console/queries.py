"""Reads what the pages show: one statement a table, however many meters stand on the page."""

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from controller import clock
from controller.console import series
from controller.console.chart import Tick
from controller.console.words import say, word
from controller.consumers import identity
from controller.consumers.models import AssignmentState, PackageAssignment
from controller.errors import Refused
from controller.fleet import queries as fleet
from controller.fleet.models import Meter
from controller.fleet.rules import OFFLINE_AFTER_S
from controller.readings.models import Reading

SHOWN = ON, OFF, SILENT = "on", "off", "silent"
DAYS = (
    word("Mon"), word("Tue"), word("Wed"), word("Thu"), word("Fri"), word("Sat"), word("Sun"),
)  # fmt: skip


def _condition(show: str) -> Q:
    """Which meters are on, off or silent; a silent one counts as neither of the others."""
    heard = Q(state__received_s__gte=max(1, clock.now_s() - OFFLINE_AFTER_S))
    return {
        ON: heard & Q(state__relay=1),
        OFF: heard & Q(state__relay=0),
        SILENT: ~heard,
    }[show]


def counts(plants: list[str]) -> dict[str, int]:
    """How many meters there are at the plants and in store: all, on, off and silent."""
    kinds = {show: Count("pk", filter=_condition(show)) for show in SHOWN}
    return Meter.objects.filter(_here(plants)).aggregate(all=Count("pk"), **kinds)


def _here(plants: list[str]) -> Q:
    """At one of these plants, or in the store, which is everybody's."""
    return Q(connection__consumer__plant__in=plants) | Q(connection=None)


def meters_shown(plants: list[str], show: str) -> QuerySet[Meter]:
    """The meters at these plants and in store that are ON, OFF or SILENT."""
    return Meter.objects.filter(_here(plants)).filter(_condition(show))


def meters(plants: list[str], search: str, show: str) -> QuerySet[Meter]:
    """Meters with state, consumer and `package_id`, filtered by text and by ON, OFF, SILENT."""
    active = PackageAssignment.objects.filter(
        connection__meter=OuterRef("pk"), state=AssignmentState.ACTIVE
    )
    found = fleet.meters().select_related("connection__consumer")
    found = found.filter(_here(plants)).annotate(
        package_id=Subquery(active.values("package_id")[:1])
    )
    if search:
        found = found.filter(
            Q(id__icontains=search)
            | Q(connection__consumer__id__icontains=without_check(search))
            | Q(connection__consumer__name__icontains=search)
        )
    return found.filter(_condition(show)) if show in SHOWN else found


def without_check(search: str) -> str:
    """A consumer's ID that was typed with its check character, without it; all else as it is."""
    try:
        return identity.consumer_id(identity.parse_consumer_id(search))
    except Refused:
        return search


def load_steps(meter_id: str) -> tuple[list[int | None], list[Tick]]:
    """The steps of the last seven days' chart, and a tick at each local midnight."""
    until_s = -(-clock.now_s() // series.STEP_S) * series.STEP_S
    from_s = until_s - series.STEPS * series.STEP_S
    rows = (
        Reading.objects.filter(
            meter=meter_id, end_s__gt=from_s, end_s__lte=until_s + series.STEP_S
        )
        .order_by("end_s")
        .values_list("end_s", "power_w_max", "supply_s")
    )
    return series.steps(rows, from_s), _midnights(from_s)


def _midnights(from_s: int) -> list[Tick]:
    ticks = []
    for step in range(series.STEPS):
        local = timezone.localtime(clock.moment(from_s + step * series.STEP_S))
        if local.hour == 0 and local.minute < series.STEP_S // 60:
            ticks.append(Tick(step, f"{say(DAYS[local.weekday()])} {local.day}"))
    return ticks
