"""The activity log in the console: who did what, what was before and after."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from controller.audit import services as audit
from controller.console import words
from controller.console.details import pairs

pytestmark = pytest.mark.django_db


@pytest.fixture
def leader(client: Client) -> Client:
    """A browser in which somebody who may see all has logged in."""
    client.force_login(get_user_model().objects.create_superuser("head"))
    audit.record("meena", "set roles", "user ravi", before=["clerk"], after=["operator"])
    audit.record("ravi", "change setting", "setting due_days", before=15, after=20)
    audit.record("ravi", "sell credit", "consumer BHKATS01112", paid_paise=4_500)
    return client


@pytest.mark.parametrize(
    ("search", "shown", "hidden"),
    [
        ("", "meena", "nobody"),
        ("ravi sell", "BHKATS01112", "due_days"),
        ("BHKATS011", "paid: ₹45.00", "clerk"),
        ("set roles", "operator", "due_days"),
        ("ravi fly", "Nothing of that kind", "due_days"),
    ],
)
def test_the_log_is_searched_by_who_what_and_to_what(
    leader: Client, search: str, shown: str, hidden: str
) -> None:
    page = leader.get("/log/", {"q": search}).content.decode()
    assert shown in page
    assert hidden not in page.replace(f'value="{search}"', "")


def test_what_was_before_stands_beside_what_is_after(leader: Client) -> None:
    page = leader.get("/log/", {"q": "due_days"}).content.decode()
    row = page.split("<tbody>", 1)[1]
    assert row.index("before: 15") < row.index("after: 20")


def test_details_are_told_in_the_language_of_the_page_and_what_a_person_wrote_is_not() -> None:
    detail = {
        "name": "Card", "kind": "cash_in_hand", "held_paise": 5_000, "roles": ["clerk", "KATS"],
        "order": "bjo_29c8", "hex": "ac" * 100, "due_s": None,
    }  # fmt: skip
    with words.speaking("hi"):
        told = dict(pairs("", detail))
    assert told == {
        "नाम": "Card", "प्रकार": "हाथ में नकद", "पास में": "₹50.00", "भूमिकाएँ": "क्लर्क, KATS",
        "आदेश": "bjo_29c8", "बाइट": "ac" * 30 + "…", "देय": "–",
    }  # fmt: skip
