"""What is in which store, and which way a meter has gone."""

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from controller.consumers.models import Fitting, Plant
from controller.inventory.models import Item, ItemState, ItemStep, Store


def stores(plants: Iterable[Plant]) -> QuerySet[Store]:
    """The plants' stores and the warehouses, each with `in_store`, `reserved`, `faulty`."""
    counts = {
        state.value: Count("items", filter=Q(items__state=state))
        for state in (ItemState.IN_STORE, ItemState.RESERVED, ItemState.FAULTY)
    }
    return Store.objects.filter(Q(plant__in=plants) | Q(plant=None)).annotate(**counts)


def items(plants: Iterable[Plant], state: str | None = None) -> QuerySet[Item]:
    """The meters of these plants' stores and of the warehouses, by identity."""
    found = Item.objects.filter(Q(store__plant__in=plants) | Q(store__plant=None))
    found = found.select_related("meter__state", "store", "connection__consumer")
    return found.filter(state=state) if state is not None else found


def available(plant: Plant) -> QuerySet[Item]:
    """What can be kept for a connection of this plant, its own store first."""
    return items([plant], ItemState.IN_STORE).order_by("store__plant", "meter")


def way_of(meter_id: str) -> tuple[QuerySet[ItemStep], QuerySet[Fitting]]:
    """The meter's steps through the stores, and the connections that it served."""
    steps = ItemStep.objects.filter(item=meter_id)
    fittings = Fitting.objects.filter(meter=meter_id).order_by("fitted_s", "pk")
    return steps, fittings.select_related("connection__consumer")
