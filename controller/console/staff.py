"""Logins: who works here, in which roles and at which plants; adding and changing them."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from controller.access import rules, services
from controller.console.entry import EntryForm
from controller.console.orders import Order
from controller.console.reach import rights
from controller.console.rows import Rows
from controller.console.sheets import Button, Cell, Sheet, list_page
from controller.console.words import said, say, word
from controller.consumers.models import Plant


def users(request: HttpRequest) -> HttpResponse:
    """All logins of staff."""
    rows = Rows(request.GET)
    found = User.objects.filter(consumer_login=None).order_by("username")
    found = found.prefetch_related("groups", "user_plants", "user_states")
    if rows.search:
        found = found.filter(
            Q(username__icontains=rows.search) | Q(groups__name__icontains=rows.search)
        ).distinct()
    add = Button(say("Add a login"), reverse("console:user_add"))
    return list_page(
        request, say("Logins"), rows, found, [say("User name"), say("Roles"), say("Plants")], _row,
        hint=say("Name or role"), buttons=[add] if rights(request).may("access.change") else [],
    )  # fmt: skip


def _row(user: User) -> list[Cell]:
    url = reverse("console:user", args=[user.username])
    closed = "" if user.is_active else say("closed")
    return [Cell(user.username, url, small=closed), Cell(_roles(user)), Cell(_places(user))]


def _roles(user: User) -> str:
    names = sorted(group.name for group in user.groups.all() if group.name in rules.ROLES)
    return ", ".join(map(said, names)) or (say("everything") if user.is_superuser else "–")


def _places(user: User) -> str:
    states = [given.state for given in user.user_states.all()]
    return ", ".join([*states, *(given.plant_id for given in user.user_plants.all())]) or "–"


def find(_request: HttpRequest, username: str) -> User:
    """A login of staff. Raises Http404."""
    return get_object_or_404(User, username=username, consumer_login=None)


def user(request: HttpRequest, username: str) -> HttpResponse:
    """One login."""
    found = find(request, username)
    orders = USER_ORDERS if rights(request).may("access.change") else ()
    return Sheet(
        title=found.username,
        headline="" if found.is_active else say("This login is closed."),
        look="off",
        facts=[
            (say("Roles"), _roles(found)),
            (say("Plants"), _places(found)),
        ],
        buttons=[Button(said(order.label), f"{order.name}/", order.danger) for order in orders],
    ).answer(request)


def _role_field() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=word("Roles"),
        choices=[(role, role) for role in rules.ROLES],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class PlacesForm(EntryForm):
    """At which plants, or in which states at every plant."""

    plants = forms.ModelMultipleChoiceField(
        Plant.objects.all(), label=word("Plants"), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    states = forms.CharField(
        label=word("States, by their two letters"), max_length=80, required=False
    )

    def places(self) -> dict[str, Any]:
        """As the service takes them."""
        typed = self.cleaned_data
        return {
            "plants": [plant.pk for plant in typed["plants"]],
            "states": typed["states"].replace(",", " ").upper().split(),
        }


class RolesForm(EntryForm):
    """In which roles."""

    roles = _role_field()

    def __init__(self, data: Any, subject: User) -> None:
        super().__init__(data, subject)
        self.fields["roles"].initial = [group.name for group in subject.groups.all()]


class UserForm(PlacesForm):
    """A new login."""

    username = forms.CharField(label=word("User name"), max_length=31)
    password = forms.CharField(
        label=word("Password"), max_length=128, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    roles = _role_field()
    field_order = ("username", "password", "roles", "plants", "states")


def _add(_nobody: str, form: UserForm, actor: str) -> str:
    typed = form.cleaned_data
    services.add_user(
        username=typed["username"], password=typed["password"], roles=typed["roles"],
        actor=actor, **form.places(),
    )  # fmt: skip
    return say("{0} can log in.", typed["username"])


def _set_roles(found: User, form: RolesForm, actor: str) -> str:
    services.set_roles(username=found.username, roles=form.cleaned_data["roles"], actor=actor)
    return say("The roles are set.")


def _set_plants(found: User, form: PlacesForm, actor: str) -> str:
    services.set_plants(username=found.username, actor=actor, **form.places())
    return say("The plants are set.")


def _close(found: User, _form: EntryForm, actor: str) -> str:
    services.close_login(username=found.username, actor=actor)
    return say("This login is closed.")


def _page(found: User) -> str:
    return reverse("console:user", args=[found.username])


ADD = Order(
    "add", word("Add a login"),
    word("Every person has a login of their own: the name stands beside all that they do."),
    UserForm, "access.change", lambda _request: say("Logins"), _add, str,
    lambda _nobody: reverse("console:users"),
)  # fmt: skip
USER_ORDERS = (
    Order(
        "roles", word("Set roles"), word("These roles, and no other, from now on."),
        RolesForm, "access.change", find, _set_roles, str, _page,
    ),
    Order(
        "plants", word("Set plants"), word("These plants, and no other, from now on."),
        PlacesForm, "access.change", find, _set_plants, str, _page,
    ),
    Order(
        "close", word("Close this login"),
        word("The person cannot log in any more; what they did stays recorded."),
        EntryForm, "access.change", find, _close, str, _page, danger=True,
    ),
)  # fmt: skip
