"""Who may do what, and at which plants: every role sees its plants and does its own work."""

import pytest

from controller.access import rules
from controller.errors import Refused

HEAD = {"actor": "head"}
PASSWORD = "a lamp in the rain"


@pytest.fixture
def plants(db, clock):
    from controller.consumers import services

    services.add_plant("KATS", "BH", "Katsa", **HEAD)
    services.add_plant("SITA", "BH", "Sitapur", **HEAD)
    services.add_plant("KOLA", "KL", "Kolam", **HEAD)
    services.add_consumer("KATS", "Asha Devi", 11, 12, 2000, **HEAD)
    services.add_consumer("KATS", "Ravi", 11, 13, 2000, **HEAD)


@pytest.fixture
def add(plants):
    """Opens a login of one role."""
    from controller.access import services

    def add_user(username, *roles, **where):
        return services.add_user(
            username=username, password=PASSWORD, roles=roles, **where, **HEAD
        )

    return add_user


def test_every_action_is_allowed_to_somebody_and_every_role_may_do_something():
    known = {*rules.ROLES, rules.CONSUMER}
    assert all(roles and roles <= known for roles in rules.PERMISSIONS.values())
    assert frozenset.union(*rules.PERMISSIONS.values()) == known
    assert rules.PERMISSIONS.keys() >= rules.WITHOUT_PLANT


@pytest.mark.parametrize(
    ("role", "yes", "no"),
    [
        (rules.CLERK, "counter.take", "tariffs.change"),
        (rules.SALES_AGENT, "joining.sell", "changes.decide"),
        (rules.TECHNICIAN, "requests.complete", "counter.take"),
        (rules.OPERATOR, "changes.decide", "cash.verify"),
        (rules.CLUSTER, "bills.run", "profile.change"),
        (rules.STATE, "bills.correct", "tariffs.change"),
        (rules.HEAD_OFFICE, "cash.verify", "counter.take"),
    ],
)
def test_a_role_does_its_own_work_at_its_own_plant_only(add, role, yes, no):
    """MG-14, MG-9: who takes money is not who verifies it; who sells does not approve."""
    from controller.access.queries import may

    user = add("meena", role, plants=["KATS"])
    assert may(user, yes)
    assert may(user, yes, "KATS")
    assert not may(user, no)
    elsewhere = role == rules.HEAD_OFFICE
    assert may(user, yes, "SITA") == elsewhere


def test_a_state_in_charge_sees_the_plants_of_the_state_also_later_ones(add):
    from controller.access.queries import plants_of
    from controller.consumers import services

    user = add("meena", rules.STATE, states=["BH"])
    services.add_plant("PATN", "BH", "Patna", **HEAD)
    assert [plant.code for plant in plants_of(user)] == ["KATS", "PATN", "SITA"]


def test_a_consumers_login_reaches_that_account_and_nothing_else(plants):
    """MG-11, MG-12, MG-14: a consumer edits, asks and changes for themselves only."""
    from controller.access import queries, services
    from controller.consumers.models import Consumer

    own, other = Consumer.objects.order_by("id")
    user = services.add_consumer_login(
        username="asha", password=PASSWORD, consumer_id=own.id, **HEAD
    )
    assert queries.consumer_of(user) == own
    for action in ("requests.submit", "changes.request", "contact.edit", "own.see"):
        assert queries.may(user, action, consumer=own)
        assert not queries.may(user, action, consumer=other)
        assert not queries.may(user, action, "KATS")
    assert not queries.may(user, "consumers.see")
    assert not queries.plants_of(user)
    with pytest.raises(Refused, match="consumer's login"):
        services.set_roles(username="asha", roles=[rules.HEAD_OFFICE], **HEAD)


def test_nobody_without_a_role_or_with_a_closed_login_may_do_anything(add):
    from django.contrib.auth.models import AnonymousUser

    from controller.access import services
    from controller.access.queries import may

    user = add("meena", plants=["KATS"])
    assert not any(may(user, action) for action in rules.PERMISSIONS)
    assert not may(AnonymousUser(), "meters.see")
    clerk = add("ravi", rules.CLERK, plants=["KATS"])
    closed = services.close_login(username="ravi", **HEAD)
    assert may(clerk, "counter.take")
    assert not may(closed, "counter.take")


def test_a_superuser_may_do_everything(db):
    from django.contrib.auth.models import User

    from controller.access.queries import may

    user = User.objects.create_superuser("root")
    assert all(may(user, action, "NONE") for action in rules.PERMISSIONS)


def test_a_change_of_roles_and_plants_is_recorded_and_never_by_oneself(add):
    from controller.access import services
    from controller.access.queries import may, staff_at
    from controller.audit.models import AuditEvent
    from controller.consumers.models import Plant

    add("meena", rules.CLERK, plants=["KATS"])
    user = services.set_roles(username="meena", roles=[rules.OPERATOR], **HEAD)
    user = services.set_plants(username="meena", plants=["SITA"], **HEAD)
    assert may(user, "changes.decide", "SITA")
    assert not may(user, "changes.decide", "KATS")
    assert staff_at(Plant.objects.get(code="SITA"), rules.OPERATOR) == [user]
    assert not staff_at(Plant.objects.get(code="KATS"), rules.OPERATOR)
    told = AuditEvent.objects.filter(subject="user meena").order_by("pk").values_list("detail")
    assert {"before": ["clerk"], "after": ["operator"]} in [detail for (detail,) in told]
    assert PASSWORD not in str(list(told))
    with pytest.raises(Refused, match="their own"):
        services.set_roles(username="meena", roles=[rules.HEAD_OFFICE], actor="meena")


@pytest.mark.parametrize(
    "facts",
    [
        {"username": "Meena"},
        {"username": "taken"},
        {"password": "short"},
        {"password": "password"},
        {"roles": ["king"]},
        {"plants": ["NONE"]},
        {"states": ["ZZ"]},
    ],
)
def test_a_login_that_cannot_be_is_refused_whole(add, facts):
    from django.contrib.auth.models import User

    from controller.access import services

    add("taken")
    asked = {"username": "meena", "password": PASSWORD, "roles": [rules.CLERK], **facts}
    with pytest.raises(Refused):
        services.add_user(**asked, **HEAD)
    assert User.objects.count() == 1
