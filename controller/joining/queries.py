"""The lists of joinings, and a plant's register of consumers (MG-4)."""

from collections.abc import Iterable

from django.db.models import Count, QuerySet

from controller.consumers.models import Consumer, Plant
from controller.errors import Refused
from controller.joining.models import UNDER_WAY, Joining


def under_way(plants: Iterable[Plant], state: str | None = None) -> QuerySet[Joining]:
    """Who is on the way at these plants, the oldest first; or only who has come so far."""
    states = [state] if state is not None else list(UNDER_WAY)
    return _all().filter(plant__in=plants, state__in=states).order_by("surveyed_s", "pk")


def counts(plants: Iterable[Plant]) -> dict[str, int]:
    """How many stand in each state."""
    found = Joining.objects.filter(plant__in=plants).order_by("state")
    return dict(found.values_list("state").annotate(many=Count("pk")))


def find_joining(joining_id: int) -> Joining:
    """One joining with its steps. Raises Refused."""
    joining = _all().filter(pk=joining_id).first()
    if joining is None:
        raise Refused(f"There is no joining {joining_id}", "Take one from the list.")
    return joining


def plant_register(plant: Plant) -> QuerySet[Consumer]:
    """The plant's consumers in supply with connection and meter, by pole and connection."""
    found = Consumer.objects.filter(plant=plant, status=Consumer.Status.ACTIVE)
    found = found.select_related("connection__meter", "joining")
    return found.order_by("connection__pole", "connection__number")


def _all() -> QuerySet[Joining]:
    found = Joining.objects.select_related("plant", "package", "consumer__connection", "referrer")
    return found.prefetch_related("steps")
