"""Gives people a login, roles and plants. Every change is audited; passwords never are."""

import re
from collections.abc import Collection

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from controller.access import rules
from controller.access.models import ConsumerLogin, UserPlant, UserState
from controller.access.queries import may
from controller.audit import services as audit
from controller.consumers import queries as consumers
from controller.consumers.models import Plant
from controller.errors import Refused

USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,30}")


@transaction.atomic
def add_user(
    *,
    username: str,
    password: str,
    roles: Collection[str] = (),
    plants: Collection[str] = (),
    states: Collection[str] = (),
    email: str = "",
    actor: str,
) -> User:
    """Opens a login for a member of staff, with roles and plants; `email`: where notices of their
    work go (MG-12). Raises Refused.
    """
    user = _new_user(username, password, email)
    audit.record(actor, "add login", f"user {username}")
    set_roles(username=username, roles=roles, actor=actor)
    set_plants(username=username, plants=plants, states=states, actor=actor)
    return user


@transaction.atomic
def add_consumer_login(*, username: str, password: str, consumer_id: str, actor: str) -> User:
    """Opens a login by which a consumer sees their own account, and nothing else (MG-11)."""
    consumer = consumers.find_consumer(consumer_id)
    user = _new_user(username, password)
    ConsumerLogin.objects.create(user=user, consumer=consumer)
    audit.record(actor, "add login", f"consumer {consumer.id}", user=username)
    return user


@transaction.atomic
def set_roles(*, username: str, roles: Collection[str], actor: str) -> User:
    """These roles, and no other. Nobody changes their own. Raises Refused."""
    user = _lock_staff(username, actor)
    for role in roles:
        if role not in rules.ROLES:
            raise Refused(f"There is no role {role!r}", f"Use: {', '.join(rules.ROLES)}.")
    before = sorted(user.groups.filter(name__in=rules.ROLES).values_list("name", flat=True))
    user.groups.remove(*user.groups.filter(name__in=rules.ROLES))
    user.groups.add(*(Group.objects.get_or_create(name=role)[0] for role in roles))
    audit.record(actor, "set roles", f"user {username}", before=before, after=sorted(set(roles)))
    return user


@transaction.atomic
def set_plants(
    *, username: str, plants: Collection[str], states: Collection[str] = (), actor: str
) -> User:
    """The user sees these plants and every plant of these states, and no other. Raises Refused."""
    user = _lock_staff(username, actor)
    rows = [consumers.find_plant(code) for code in sorted(set(plants))]
    for state in states:
        if not Plant.objects.filter(state=state).exists():
            raise Refused(f"There is no plant in state {state!r}", "Add one first.")
    before = [*user.user_plants.values_list("plant", flat=True).order_by("plant"),
              *user.user_states.values_list("state", flat=True).order_by("state")]  # fmt: skip
    user.user_plants.all().delete()
    user.user_states.all().delete()
    UserPlant.objects.bulk_create(UserPlant(user=user, plant=plant) for plant in rows)
    UserState.objects.bulk_create(UserState(user=user, state=state) for state in set(states))
    after = [*(plant.code for plant in rows), *sorted(set(states))]
    audit.record(actor, "set plants", f"user {username}", before=before, after=after)
    return user


@transaction.atomic
def close_login(*, username: str, actor: str) -> User:
    """The user cannot log in any more; what they did stays recorded. Raises Refused."""
    user = _lock_user(username, actor)
    user.is_active = False
    user.save(update_fields=["is_active"])
    audit.record(actor, "close login", f"user {username}")
    return user


def check_member(username: str, action: str, plant: Plant) -> None:
    """Raises Refused unless the user may do `action` at the plant: work is given to who may."""
    user = User.objects.filter(username=username).first()
    if user is None or not may(user, action, plant):
        raise Refused(
            f"{username!r} is nobody who could do this at {plant.code}",
            "Choose a member of the plant's staff who may.",
        )


def _new_user(username: str, password: str, email: str = "") -> User:
    if not USERNAME.fullmatch(username):
        raise Refused(
            f"{username!r} is no user name", "Use 2 to 31 of a-z 0-9 . _ -, a letter first."
        )
    if User.objects.filter(username=username).exists():
        raise Refused(f"User {username} exists already", "Choose another name.")
    user = User(username=username, email=email)
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise Refused(f"{email!r} is no e-mail address", "Correct it.") from None
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused("The password is too weak", "\n".join(error.messages)) from None
    user.set_password(password)
    user.save()
    return user


def _lock_staff(username: str, actor: str) -> User:
    user = _lock_user(username, actor)
    if ConsumerLogin.objects.filter(user=user).exists():
        raise Refused(f"{username} is a consumer's login", "Give roles to staff only.")
    return user


def _lock_user(username: str, actor: str) -> User:
    user = User.objects.select_for_update().filter(username=username).first()
    if user is None:
        raise Refused(f"There is no user {username!r}", "Add the user first.")
    if username == actor:
        raise Refused("Nobody changes their own access", "Ask another person of the head office.")
    return user
