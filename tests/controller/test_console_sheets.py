"""Pages about consumers, tasks, service requests, the ledger, settings and logins."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from controller.consumers.models import Consumer, Plant
from controller.ledger import services as ledger
from controller.ledger.models import Entry
from controller.profile import queries as profile
from controller.requests.models import ServiceRequest
from controller.tasks import services as tasks
from controller.tasks.models import Task
from tests.controller.test_console_access import browser_of
from tests.controller.village import settle_village

pytestmark = pytest.mark.django_db
RAMESH = "BHKATS00101"


@pytest.fixture
def head(client: Client) -> Client:
    """A browser in which somebody who may do all has logged in, at a village of three."""
    settle_village(meters=3, with_readings=1)
    client.force_login(get_user_model().objects.create_superuser("head"))
    return client


def owe(consumer_id: str, paise: int) -> Entry:
    return ledger.post(
        kind="bill", reference=f"b:{consumer_id}:{paise}", text="Bill of October", actor="test",
        transfers=[(f"consumer:{consumer_id}", "income:energy", paise)],
    )  # fmt: skip


def text_of(client: Client, address: str, **terms: str) -> str:
    answer = client.get(address, terms)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def order(client: Client, address: str, /, **typed: object) -> tuple[int, str]:
    answer = client.post(address, typed, follow=True)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize(
    ("search", "found"),
    [(RAMESH, 1), ("bhkats00101 u", 1), ("98765", 1), ("BJ2400001", 1), ("nobody at all", 0)],
)
def test_a_consumer_is_found_by_number_name_phone_or_meter(head, search, found) -> None:
    """MG-5: all hangs on the consumer's number, with or without its check character."""
    Consumer.objects.filter(pk=RAMESH).update(phone="9876543210")
    page = text_of(head, "/consumers/", q=search)
    assert page.count("/consumers/BHKATS") == found


def test_the_list_counts_active_and_banned_consumers_and_says_what_they_owe(head) -> None:
    """MG-6: consumers are listed by status, with their debts."""
    Consumer.objects.filter(pk="BHKATS00102").update(status="banned")
    owe(RAMESH, 45_000)
    page = text_of(head, "/consumers/")
    for part in ("Active 2", "Banned 1", "All 3", "₹450.00"):
        assert part in page
    assert RAMESH not in text_of(head, "/consumers/", show="banned")


def test_the_account_page_shows_package_dues_readings_and_transactions_in_tabs(head) -> None:
    """The account page has a tab for each side of a consumer's account."""
    owe(RAMESH, 45_000)
    profile_tab = text_of(head, f"/consumers/{RAMESH}/")
    for part in ("₹450.00", "A2.2 (FD)", "BJ2400001", "250\u202fW"):
        assert part in profile_tab
    assert "Bill of October" in text_of(head, f"/consumers/{RAMESH}/transactions/")
    assert "Security" in text_of(head, f"/consumers/{RAMESH}/")
    readings = text_of(head, f"/consumers/{RAMESH}/readings/")
    assert "<svg" in readings
    assert "Units a day" in readings


def test_a_consumer_is_added_with_a_number_made_from_the_place(head) -> None:
    """MG-5: plant, pole and connection make the number."""
    typed = {
        "plant": "KATS", "name": "Asha", "pole": 11, "number": 12, "load_w": 500, "phases": "1",
        "category": "domestic", "sector": "private",
    }  # fmt: skip
    status, page = order(head, "/consumers/add/", **typed)
    assert (status, "BHKATS01112" in page) == (200, True)
    status, page = order(head, "/consumers/add/", **typed)
    assert status == 422
    assert "exists already" in page
    assert 'value="Asha"' in page


def test_a_task_is_decided_once_with_a_reason_and_by_who_may(head) -> None:
    task = tasks.raise_task(
        kind="payment_conflict", subject=f"consumer {RAMESH}", key="k", title="Amounts differ",
        evidence={"said_paise": 5}, actor="test",
    )  # fmt: skip
    clerk = browser_of("clerk", "KATS")
    assert "Decide" not in text_of(clerk, f"/tasks/{task.pk}/")
    assert "₹0.05" in text_of(head, f"/tasks/{task.pk}/")
    address = f"/tasks/{task.pk}/close/"
    assert clerk.post(address, {"outcome": "done", "note": "x"}).status_code == 403
    assert order(head, address, outcome="done", note="")[0] == 422
    assert order(head, address, outcome="done", note="Looked at it.")[0] == 200
    status, page = order(head, address, outcome="done", note="Again.")
    assert status == 422
    assert "was closed by head" in page
    assert Task.objects.get().note == "Looked at it."
    assert "Amounts differ" in text_of(head, "/tasks/", show="closed")


@pytest.mark.parametrize(
    "subject", [f"consumer {RAMESH}", "meter BJ2400001"], ids=["consumer", "meter"]
)
def test_a_task_about_another_plant_is_not_shown(head, subject) -> None:
    Plant.objects.create(code="SITA", state="BH", name="Sitapur")
    task = tasks.raise_task(kind="k", subject=subject, key="k", title="Look", actor="test")
    elsewhere, here = browser_of("operator", "SITA"), browser_of("clerk", "KATS")
    assert "Look<" not in text_of(elsewhere, "/tasks/")
    assert elsewhere.get(f"/tasks/{task.pk}/").status_code == 404
    assert "Look<" in text_of(here, "/tasks/")


def test_a_service_request_goes_from_the_agent_to_the_technician_and_to_its_rating(head) -> None:
    """MG-12: submitted, assigned, completed, rated; each step with who and when."""
    agent, technician = browser_of("sales agent", "KATS"), browser_of("technician", "KATS")
    submit = f"/consumers/{RAMESH}/requests/submit/"
    status, _ = order(agent, submit, kind="outage", text="Dark since noon")
    assert status == 200
    request = ServiceRequest.objects.get()
    place = f"/requests/{request.pk}/"
    assert agent.post(f"{place}assign/", {"assignee": "a technician"}).status_code == 403
    assert order(head, f"{place}assign/", assignee="a technician")[0] == 200
    assert "Dark since noon" in text_of(technician, "/requests/")
    visited = "2031-01-01T10:00"
    assert order(technician, f"{place}complete/", visited=visited, done="Fuse")[0] == 422
    ServiceRequest.objects.update(submitted_s=0)
    visited = "2026-11-01T10:00"
    assert order(technician, f"{place}complete/", visited=visited, done="Fuse")[0] == 200
    assert order(agent, f"{place}rate/", stars="5", opinion="Quick")[0] == 200
    page = text_of(head, place)
    for part in ("★★★★★", "a sales agent", "a technician", "Fuse"):
        assert part in page
    assert "<svg" in text_of(head, "/requests/figures/")


def test_the_ledger_shows_accounts_statements_and_a_trial_balance_of_nothing(head) -> None:
    owe(RAMESH, 45_000)
    assert "₹450.00" in text_of(head, "/ledger/", q=RAMESH)
    assert "Bill of October" in text_of(head, f"/ledger/accounts/consumer:{RAMESH}/")
    assert "Debits equal credits" in text_of(head, "/ledger/trial/")
    status, page = order(head, "/ledger/days/check/")
    assert status == 200
    assert "what was sealed" in page


def test_an_entry_is_reversed_once_by_a_new_one(head) -> None:
    entry = owe(RAMESH, 45_000)
    address = f"/ledger/entries/{entry.pk}/reverse/"
    assert order(head, address, reason="")[0] == 422
    assert order(head, address, reason="Wrong consumer")[0] == 200
    status, page = order(head, address, reason="Wrong consumer")
    assert status == 422
    assert "reversed already" in page
    assert Entry.objects.count() == 2


def test_the_ledger_of_another_plants_consumers_is_not_shown(head) -> None:
    entry = owe(RAMESH, 45_000)
    Plant.objects.create(code="SITA", state="BH", name="Sitapur")
    elsewhere = browser_of("clerk", "SITA")
    assert RAMESH not in text_of(elsewhere, "/ledger/")
    assert elsewhere.get(f"/ledger/accounts/consumer:{RAMESH}/").status_code == 404
    assert RAMESH not in text_of(elsewhere, "/ledger/accounts/income:energy/")
    assert elsewhere.get(f"/ledger/entries/{entry.pk}/").status_code == 404


def test_a_setting_is_changed_with_its_earlier_values_kept(head) -> None:
    assert "MG-9" in text_of(head, "/settings/")
    address = "/settings/due_days/change/"
    assert order(head, address, value="forty")[0] == 422
    status, page = order(head, address, value="20")
    assert status == 200
    assert "due_days is now 20" in page
    assert profile.setting("due_days") == 20
    assert head.get("/settings/nothing/").status_code == 404


def test_a_login_is_given_roles_and_plants_and_closed(head) -> None:
    typed = {"username": "meena", "password": "a lamp in the rain", "roles": ["clerk"],
             "plants": ["KATS"]}  # fmt: skip
    assert order(head, "/logins/add/", **typed | {"password": "short"})[0] == 422
    assert order(head, "/logins/add/", **typed)[0] == 200
    assert order(head, "/logins/meena/roles/", roles=["operator"])[0] == 200
    assert order(head, "/logins/meena/plants/", plants=[], states="BH")[0] == 200
    page = text_of(head, "/logins/meena/")
    assert "operator" in page
    assert order(head, "/logins/meena/close/")[0] == 200
    assert "closed" in text_of(head, "/logins/")
    status, page = order(head, "/logins/head/roles/", roles=["clerk"])
    assert status == 422
    assert "their own access" in page
