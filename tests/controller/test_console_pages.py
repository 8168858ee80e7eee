"""Every page of the console, as a browser without JavaScript sees it."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from controller import clock
from controller.console.templatetags.format import seen
from controller.fleet.models import Meter, MeterState
from controller.headend.models import Command, Receipt, SignedMessage
from tests.controller.village import settle_village

pytestmark = pytest.mark.django_db

QUERIES_OF_LIST = 9  # session, user, plants, count, numbers, meters; whatever the number of meters


@pytest.fixture
def clerk(client: Client) -> Client:
    """A browser in which the user `asha` has logged in."""
    client.force_login(get_user_model().objects.create_superuser("asha"))
    return client


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_a_wrong_password_is_answered_with_what_to_do(client: Client) -> None:
    answer = client.post("/login/", {"username": "asha", "password": "wrong"})
    assert "try again" in answer.content.decode()


def test_the_list_says_of_each_meter_how_it_stands(clerk: Client) -> None:
    settle_village(meters=10, with_readings=0)
    page = text_of(clerk, "/meters/")
    for words in ("BJ2400001", "BHKATS001", "credit is used up", "overload trip", "All 10"):
        assert words in page


@pytest.mark.parametrize(
    ("address", "shown", "hidden"),
    [
        ("/meters/?q=BJ2400003", "BJ2400003", "BJ2400004"),
        ("/meters/?q=bhkats00104", "BJ2400004", "BJ2400003"),
        ("/meters/?q=bhkats00104 O", "BJ2400004", "BJ2400003"),  # as the list itself shows it
        ("/meters/?show=off", "BJ2400003", "BJ2400001"),
        ("/meters/?show=silent", "BJ2400009", "BJ2400001"),
        ("/meters/?show=nonsense", "BJ2400001", "no such thing"),
        ("/meters/?q=nobody", "No meter matches", "BJ2400001"),
        ("/meters/?page=2", "BJ2400051", "BJ2400050"),
        ("/meters/?page=99", "BJ2400060", "BJ2400050"),
        ("/meters/?page=x", "BJ2400001", "BJ2400051"),
    ],
)
def test_the_list_can_be_searched_filtered_and_paged(
    clerk: Client, address: str, shown: str, hidden: str
) -> None:
    settle_village(meters=60, with_readings=0)
    page = text_of(clerk, address)
    assert shown in page
    assert hidden not in page


@pytest.mark.parametrize("meters", [5, 50])
def test_the_list_asks_the_database_no_more_often_for_more_meters(
    clerk: Client, django_assert_max_num_queries: object, meters: int
) -> None:
    settle_village(meters=meters, with_readings=0)
    with django_assert_max_num_queries(QUERIES_OF_LIST):
        text_of(clerk, "/meters/")


@pytest.mark.parametrize(
    ("relay", "holds", "answer"),
    [
        (1, 0, "Supply is on."),
        (0, 1, "disconnected by the operator"),
        (0, 2, "credit is used up"),
        (0, 8 | 2, "overload trip"),
        (0, 4, "supply hours"),
        (1, 2, "check the relay"),
    ],
)
def test_one_line_at_the_top_says_why_the_supply_is_off(
    clerk: Client, relay: int, holds: int, answer: str
) -> None:
    settle_village(meters=1, with_readings=0)
    MeterState.objects.update(relay=relay, holds=holds)
    page = text_of(clerk, "/meters/BJ2400001/")
    line = page.split('role="status">', 1)[1].split("</p>", 1)[0]
    assert answer in line


def test_a_silent_meter_says_since_when_and_does_not_pass_for_one_that_is_on(
    clerk: Client,
) -> None:
    settle_village(meters=9, with_readings=0)
    page = text_of(clerk, "/meters/BJ2400009/")
    assert 'class="line silent" role="status">Not heard since' in page
    assert '<td class="silent">silent' in text_of(clerk, "/meters/?q=BJ2400009")


def test_a_meter_without_consumer_or_report_has_a_page_too(clerk: Client) -> None:
    MeterState.objects.create(
        meter=Meter.objects.create(id="NEW1", root_key_sealed=b"", created_s=0)
    )
    page = text_of(clerk, "/meters/NEW1/")
    assert "has not reported yet" in page
    assert "NEW1" in text_of(clerk, "/meters/")


def test_an_unknown_meter_is_not_found(clerk: Client) -> None:
    assert clerk.get("/meters/NOBODY/").status_code == 404


def test_the_meter_page_shows_a_week_of_load_with_its_limit_and_gaps(clerk: Client) -> None:
    settle_village(meters=1, with_readings=1)
    page = text_of(clerk, "/meters/BJ2400001/")
    for part in ("<svg", "limit 250 W", 'class="off"', "<desc", "Overload trip"):
        assert part in page


def test_disconnecting_asks_first_and_then_queues_a_command_in_the_users_name(
    clerk: Client,
) -> None:
    settle_village(meters=1, with_readings=0)
    address = "/meters/BJ2400001/disconnect/"
    assert "stays off until you reconnect" in text_of(clerk, address)
    assert not Command.objects.filter(name="disconnect").exists()
    page = clerk.post(address, follow=True).content.decode()
    assert Command.objects.get(name="disconnect").actor == "asha"
    assert "Disconnect" in page.split("<h2>Commands</h2>", 1)[1]
    assert "queued" in page


def test_a_command_shows_what_the_board_said_of_it_and_when(clerk: Client) -> None:
    settle_village(meters=1, with_readings=1)
    command = Command.objects.get()
    Command.objects.update(state="refused", reason=3)
    Receipt.objects.create(
        command=command,
        stage=3,
        reason=3,
        message=SignedMessage.objects.get(),
        received_s=clock.now_s() - 2 * 86_400,
    )
    history = text_of(clerk, "/meters/BJ2400001/").split("<h2>Commands</h2>", 1)[1]
    assert "refused: value out of range" in history
    assert f"confirmed {seen(clock.now_s() - 2 * 86_400)}" in history


def test_an_order_without_the_csrf_token_is_refused() -> None:
    settle_village(meters=1, with_readings=0)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(get_user_model().objects.create_superuser("asha"))
    assert browser.post("/meters/BJ2400001/disconnect/").status_code == 403
    assert not Command.objects.filter(name="disconnect").exists()


def test_pages_carry_no_inline_script_or_style(clerk: Client) -> None:
    settle_village(meters=2, with_readings=1)
    for address in ("/", "/meters/", "/meters/BJ2400001/", "/meters/BJ2400001/credit/", "/bills/"):
        page = text_of(clerk, address)
        assert "style=" not in page, address
        assert "<style" not in page, address
        assert "<script>" not in page, address
        assert " on" + "click" not in page, address
