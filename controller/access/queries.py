"""Says what a user may do, which plants they see, and which consumer they are."""

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q, QuerySet

from controller.access import rules
from controller.consumers.models import Consumer, Plant

SomeUser = User | AnonymousUser


def may(
    user: SomeUser, action: str, plant: Plant | str | None = None,
    consumer: Consumer | None = None,
) -> bool:  # fmt: skip
    """Whether the user may do `action` (rules.PERMISSIONS), at this plant, for this consumer.

    Without a plant: whether there may be one where they may (is the page shown at all?). A
    consumer is at their plant, and a consumer's own login reaches that account only. A superuser
    may do everything. KeyError for an action that is not in the table.
    """
    allowed = rules.PERMISSIONS[action]
    if not user.is_active:
        return False
    if user.is_superuser:
        return True
    own = consumer_of(user)
    if own is not None:
        asks_for_own = consumer.pk == own.pk if consumer is not None else plant is None
        return rules.CONSUMER in allowed and asks_for_own
    if not rules.allows(roles_of(user), action):
        return False
    place = consumer.plant_id if consumer is not None and plant is None else plant
    if place is None or action in rules.WITHOUT_PLANT:
        return True
    return plants_of(user).filter(pk=getattr(place, "pk", place)).exists()


def roles_of(user: SomeUser) -> frozenset[str]:
    """The names of the user's roles; a consumer's login has that one only."""
    if consumer_of(user) is not None:
        return frozenset({rules.CONSUMER})
    return frozenset(user.groups.values_list("name", flat=True)) & rules.ROLES.keys()


def plants_of(user: SomeUser) -> QuerySet[Plant]:
    """The plants that the user sees: all for the head office and a superuser."""
    plants = Plant.objects.all()
    if isinstance(user, AnonymousUser) or not user.is_active:
        return plants.none()
    if user.is_superuser or rules.HEAD_OFFICE in roles_of(user):
        return plants
    states = Q(state__in=user.user_states.values("state"))
    return plants.filter(states | Q(pk__in=user.user_plants.values("plant")))


def consumer_of(user: SomeUser) -> Consumer | None:
    """The consumer whose own login this is; None for staff."""
    login = getattr(user, "consumer_login", None)
    return login.consumer if login is not None else None


def staff_at(plant: Plant, role: str) -> list[User]:
    """The active users of a role who were given the plant or its state, by name."""
    given = Q(user_plants__plant=plant) | Q(user_states__state=plant.state)
    found = User.objects.filter(given, is_active=True, groups__name=role)
    return list(found.distinct().order_by("username"))
