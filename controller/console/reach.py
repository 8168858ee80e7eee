"""What the user of a request may do and reach: rights looked up once a request, and the rows that
lie at the user's plants. A row at another plant is not found, as if it did not exist.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from controller.access import queries as access
from controller.access import rules
from controller.consumers.models import Consumer
from controller.fleet.models import Meter

if TYPE_CHECKING:
    from controller.access.queries import SomeUser

PLANT_LETTERS = 4
OWN = "own.see"  # a consumer's own account: not even a superuser has one


@dataclass
class Rights:
    """Of one user: `may` asks the database nothing once the roles are known."""

    user: "SomeUser"

    @cached_property
    def roles(self) -> frozenset[str]:
        """The names of the user's roles."""
        return access.roles_of(self.user)

    @cached_property
    def plants(self) -> list[str]:
        """The codes of the plants that the user sees."""
        return [prefix[-PLANT_LETTERS:] for prefix in self.prefixes]

    @cached_property
    def prefixes(self) -> list[str]:
        """How the IDs of those plants' consumers begin: state and plant (MG-5)."""
        found = access.plants_of(self.user).order_by("pk").values_list("state", "pk")
        return [f"{state}{code}" for state, code in found]

    @cached_property
    def consumer(self) -> Consumer | None:
        """The consumer whose own login this is; None for staff."""
        return access.consumer_of(self.user)

    def may(self, action: str) -> bool:
        """Whether the user may do it at one plant at least. KeyError for an unknown action."""
        permitted = rules.PERMISSIONS[action]
        everything = bool(getattr(self.user, "is_superuser", False)) and action != OWN
        return everything or not permitted.isdisjoint(self.roles)


def rights(request: HttpRequest) -> Rights:
    """The rights of the request's user, the same object each time it is asked for."""
    held: Rights | None = getattr(request, "rights", None)
    if held is None:
        held = Rights(request.user)
        request.rights = held  # type: ignore[attr-defined]  # for the rest of this request
    return held


def actor(request: HttpRequest) -> str:
    """Whose name stands in the audit trail."""
    return request.user.get_username()


def meter(request: HttpRequest, meter_id: str) -> Meter:
    """A meter at one of the user's plants, or in the store. Raises Http404."""
    return get_object_or_404(meters(request), pk=meter_id)


def meters(request: HttpRequest) -> QuerySet[Meter]:
    """The meters that the user sees, with state and consumer."""
    here = Q(connection__consumer__plant__in=rights(request).plants)
    found = Meter.objects.select_related("state", "connection__consumer")
    return found.filter(here | Q(connection=None))


def consumer(request: HttpRequest, consumer_id: str) -> Consumer:
    """A consumer at one of the user's plants. Raises Http404."""
    return get_object_or_404(consumers(request), pk=consumer_id)


def consumers(request: HttpRequest) -> QuerySet[Consumer]:
    """The consumers at the user's plants."""
    found = Consumer.objects.select_related("plant", "connection__meter__state")
    return found.filter(plant__in=rights(request).plants)


def at_plants(request: HttpRequest, rows: QuerySet[Any], path: str) -> QuerySet[Any]:
    """Those of `rows` whose plant, at the end of the lookup `path`, the user sees."""
    return rows.filter(**{f"{path}__in": rights(request).plants})
