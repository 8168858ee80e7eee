"""Every address of the console against every role: who may see it does, nobody else."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from controller.access import rules
from controller.access.models import ConsumerLogin, UserPlant
from controller.console import menu, urls
from controller.console.pages import ANYBODY, LOGGED_IN, Page
from controller.consumers.models import Consumer, Plant
from tests.controller.village import close_last_month, settle_village

pytestmark = pytest.mark.django_db


def address(page: Page) -> str:
    """The page's address, about something that does not exist."""
    keys = page.pattern().pattern.converters
    values = {name: 1 if converter.regex == "[0-9]+" else "X1" for name, converter in keys.items()}
    return reverse(f"console:{page.name}", kwargs=values)


def browser_of(role: str, *plants: str) -> Client:
    """A browser in which somebody of that role has logged in."""
    user = get_user_model().objects.create_user(f"a {role}")
    if role == rules.CONSUMER:
        ConsumerLogin.objects.create(user=user, consumer=Consumer.objects.first())
    else:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
        UserPlant.objects.bulk_create(UserPlant(user=user, plant_id=code) for code in plants)
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("role", [*rules.ROLES, rules.CONSUMER])
def test_a_role_is_shown_the_pages_of_its_work_and_refused_all_others(role: str) -> None:
    settle_village(meters=2, with_readings=0)
    browser = browser_of(role, "KATS")
    for page in urls.PAGES:
        if page.needs == ANYBODY:
            continue
        allowed = page.needs == LOGGED_IN or rules.allows(frozenset({role}), page.needs)
        status = browser.get(address(page)).status_code
        assert (status != 403) == allowed, (page.address, status)
        assert status in (200, 302, 403, 404, 405), (page.address, status)


def test_every_page_but_the_entrance_asks_for_a_login(client: Client) -> None:
    for page in urls.PAGES:
        if page.needs != ANYBODY:
            answer = client.get(address(page))
            assert answer.status_code == 302, page.address
            assert answer["Location"].startswith("/login/"), page.address


def test_only_the_entrance_is_open_to_anybody() -> None:
    opened = {page.name for page in urls.PAGES if page.needs == ANYBODY}
    assert opened == {"login", "logout", "language", "own_enter", "own_code"}
    known = {ANYBODY, LOGGED_IN, *rules.PERMISSIONS}
    assert [page.address for page in urls.PAGES if page.needs not in known] == []


def test_the_menu_asks_for_what_its_page_asks_for() -> None:
    needs = {page.name: page.needs for page in urls.PAGES}
    for group in menu.MENU:
        for entry in group.entries:
            assert entry.needs == needs[entry.page], entry.page


@pytest.mark.parametrize("role", [rules.CLERK, rules.CLUSTER])
def test_who_works_at_another_plant_finds_nothing_of_this_one(role: str) -> None:
    close_last_month(settle_village(meters=2, with_readings=0))
    Plant.objects.create(code="SITA", state="BH", name="Sitapur")
    elsewhere, here = browser_of(role, "SITA"), Client()
    here.force_login(get_user_model().objects.create_superuser("root"))
    for place in ("/meters/BJ2400001/", "/bills/BHKATS00101-2026-10/"):
        assert here.get(place).status_code == 200, place
        assert elsewhere.get(place).status_code == 404, place
    for place in ("/meters/", "/bills/"):
        assert "BHKATS" in here.get(place).content.decode()
        assert "BHKATS" not in elsewhere.get(place).content.decode()


def test_somebody_without_a_role_is_told_to_ask_for_one() -> None:
    client = Client()
    client.force_login(get_user_model().objects.create_user("new"))
    assert "You have no role yet" in client.get("/").content.decode()
    answer = client.get("/meters/")
    assert answer.status_code == 403
    assert "not for your role" in answer.content.decode()
