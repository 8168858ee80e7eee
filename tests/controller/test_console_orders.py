"""What an operator can order from a meter's page, and what a refusal looks like."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from controller import clock
from controller.audit.models import AuditEvent
from controller.console.actions import ACTIONS
from controller.consumers.models import Package, PackageAssignment
from controller.fleet.models import Meter, MeterState
from controller.headend.models import Command
from controller.prepay.models import Purchase
from tests.controller.village import settle_village

pytestmark = pytest.mark.django_db

MONEY_METER, ENERGY_METER, POSTPAID_METER = "BJ2400001", "BJ2400002", "BJ2400003"


@pytest.fixture
def clerk(client: Client) -> Client:
    """A browser in which the user `asha` has logged in, at a village of three meters."""
    settle_village(meters=3, with_readings=0)
    client.force_login(get_user_model().objects.create_superuser("asha"))
    return client


def order(client: Client, meter: str, action: str, **typed: str) -> tuple[int, str]:
    answer = client.post(f"/meters/{meter}/{action}/", typed, follow=True)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("action", list(ACTIONS))
def test_every_action_has_a_page_that_changes_nothing_by_being_looked_at(
    clerk: Client, action: str
) -> None:
    before = Command.objects.count()
    answer = clerk.get(f"/meters/{MONEY_METER}/{action}/")
    assert answer.status_code == 200
    assert ACTIONS[action].label in answer.content.decode()
    assert Command.objects.count() == before


def test_an_action_that_does_not_exist_is_not_found(clerk: Client) -> None:
    assert clerk.get(f"/meters/{MONEY_METER}/explode/").status_code == 404
    assert clerk.get("/meters/NOBODY/disconnect/").status_code == 404


@pytest.mark.parametrize("action", ["disconnect", "reconnect"])
def test_an_order_is_queued_and_audited_in_the_users_name(clerk: Client, action: str) -> None:
    status, page = order(clerk, MONEY_METER, action)
    assert status == 200
    assert "queued" in page
    assert Command.objects.get(name=action).meter_id == MONEY_METER
    assert AuditEvent.objects.get(action="queue command").actor == "asha"


@pytest.mark.parametrize(
    ("meter", "typed", "unit", "amount", "paid_paise"),
    [
        (MONEY_METER, {"paid_rupees": "250.50"}, 2, 25_050, 25_050),
        (MONEY_METER, {"paid_rupees": "0.01"}, 2, 1, 1),
        (ENERGY_METER, {"paid_rupees": "45", "energy_kwh": "10.125"}, 1, 10_125, 4_500),
    ],
)
def test_credit_is_sold_in_the_unit_of_the_account_to_the_last_paisa(
    clerk: Client, meter: str, typed: dict[str, str], unit: int, amount: int, paid_paise: int
) -> None:
    status, _ = order(clerk, meter, "credit", key="00" * 8, **typed)
    assert status == 200
    sold = Purchase.objects.get()
    assert (sold.unit, sold.amount, sold.paid_paise) == (unit, amount, paid_paise)
    assert sold.actor == "asha"


@pytest.mark.parametrize("typed", ["0", "-3", "1.005", "ten", "1e99", "10000001", ""])
def test_an_amount_that_cannot_be_is_kept_as_typed_and_nothing_is_sold(
    clerk: Client, typed: str
) -> None:
    status, page = order(clerk, MONEY_METER, "credit", key="00" * 8, paid_rupees=typed)
    assert status == 422
    assert "errorlist" in page
    assert not typed or f'value="{typed}"' in page
    assert not Purchase.objects.exists()


def test_the_same_form_sent_twice_sells_once_and_says_so(clerk: Client) -> None:
    typed = {"key": "ab" * 8, "paid_rupees": "100"}
    assert order(clerk, MONEY_METER, "credit", **typed)[0] == 200
    status, page = order(clerk, MONEY_METER, "credit", **typed)
    assert status == 422
    assert "sold already" in page
    assert 'value="100"' in page
    assert Purchase.objects.count() == 1


def test_credit_for_a_postpaid_meter_is_refused_with_the_reason(clerk: Client) -> None:
    status, page = order(clerk, POSTPAID_METER, "credit", key="00" * 8, paid_rupees="100")
    assert status == 422
    assert "postpaid" in page
    assert not Command.objects.filter(name="credit").exists()


def test_a_package_is_assigned_from_the_local_time_that_was_chosen(clerk: Client) -> None:
    package = Package.objects.get(kind="A2.2")
    in_india = "2031-01-01T05:30"  # midnight in UTC
    status, page = order(clerk, MONEY_METER, "package", package=package.pk, activation=in_india)
    assert status == 200, page
    assignment = PackageAssignment.objects.get(state="pending")
    assert clock.moment(assignment.activation_s).isoformat() == "2031-01-01T00:00:00+00:00"
    assert "not yet confirmed by the board" in page
    assert "1 Jan 2031, 05:30" in page


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({"package": "nonsense"}, "Select a valid choice"),
        ({"package": "A2.2 (FD) / 250 / 0 / 650p", "activation": "soon"}, "Write the time as"),
        ({"package": "A2.1 (EE) / 800 / 0 / 700p"}, "sanctioned"),
    ],
)
def test_a_package_that_cannot_be_is_refused_with_what_to_do(
    clerk: Client, typed: dict[str, str], complaint: str
) -> None:
    before = PackageAssignment.objects.count()
    status, page = order(clerk, MONEY_METER, "package", **typed)
    assert status == 422
    assert complaint in page
    assert PackageAssignment.objects.count() == before


@pytest.mark.parametrize("action", ["package", "credit"])
def test_a_meter_in_the_store_is_given_neither_package_nor_credit(
    clerk: Client, action: str
) -> None:
    MeterState.objects.create(
        meter=Meter.objects.create(id="NEW1", root_key_sealed=b"", created_s=0)
    )
    typed = {"package": Package.objects.first().pk, "paid_rupees": "5", "key": "00" * 8}
    status, page = order(clerk, "NEW1", action, **typed)
    assert status == 422
    assert "serves no connection" in page
