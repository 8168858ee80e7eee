"""What a clerk reads when something is refused, in the clerk's own language, on the page."""

import html
import re

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from controller.consumers.models import Package, Plant
from controller.inventory import services as inventory
from controller.payments import points
from tests.controller.test_console_desk import add_tariff
from tests.controller.test_console_sheets import order
from tests.controller.village import settle_village

pytestmark = pytest.mark.django_db
RAMESH, SUNITA = "BHKATS00101", "BHKATS00102"
FILE = """\
tariffs:
  - id: LMV9
    name: Village
    versions:
      - valid_from: 2026-01-01
        slabs: [[100, 300], [90, 500]]
        electricity_duty_pct: 2.385
"""
# What stands as it was typed, or as fields of a file are called.
AS_WRITTEN = {
    "X", "Y", "A", "Z", "a", "z", "KA", "yaml", "t", "electricity", "duty", "pct", "BHKATS",
    "KATS", "W", "UP", "due", "days", "soon", "Anu", "Roy", "ALL", "BJ",
}  # fmt: skip


@pytest.fixture
def head(client: Client) -> Client:
    """A browser of somebody who may do all, at a village of three with a counter and a store."""
    settle_village(meters=3, with_readings=1)
    client.force_login(get_user_model().objects.create_superuser("head"))
    points.add_point_of_sale(
        code="KA1", name="Counter", kind="counter", plant_code="KATS", actor="test"
    )
    inventory.add_store(code="G1", name="Godown", plant_code="KATS", actor="test")
    add_tariff()
    return client


def refusals() -> list[tuple[str, dict[str, object]]]:
    """Addresses of orders, with what is typed and refused there."""
    large = Package.objects.get(limit_w=800).pk
    plant = Plant.objects.get(code="KATS").pk
    month = {"plants": plant, "month": "2099-01"}
    key = {"key": "0123456789abcdef"}
    house = {"plant": plant, "name": "Asha", "phone": "12", "segment": "household"}
    far = {"pole": "3", "distance_m": "900", "needs": "fan", "expected_kwh": "30"}
    return [
        (f"/counter/{SUNITA}/recharge/", {"amount": "5", "method": "cash", "point": "KA1", **key}),
        ("/packages/groups/start/", {}),
        ("/tariffs/import/", {"file": SimpleUploadedFile("t.yaml", FILE.encode())}),
        ("/settings/due_days/change/", {"value": "soon"}),
        ("/logins/add/", {"username": "anu", "password": "1234"}),
        ("/logins/add/", {"username": "Anu Roy", "password": "1234"}),
        ("/store/places/add/", {"code": "X Y", "name": "Godown"}),
        ("/store/receive/", {"meter": "BJ2400001", "store": "G1"}),
        ("/bills/runs/start/", month),
        ("/reconcile/run/", {"first_day": "2026-01-01", "last_day": "2099-01-01"}),
        ("/joining/survey/", house | far),
        (
            "/packages/design/",
            {"kind": "B1.1", "timing": "NN", "limit_w": "250", "monthly": "100", "price": "500"},
        ),
        ("/cash/KA1/deposit/", {"amount": "100", "slip": "SBI-1", "source": "cash", **key}),
        (
            f"/consumers/{RAMESH}/changes/load/",
            {"load_w": "250", "effective": "now", "package": large},
        ),
    ]


@pytest.mark.parametrize("spoken", ["hi", "ml"])
def test_a_refusal_is_told_wholly_in_the_clerks_language(head: Client, spoken: str) -> None:
    head.cookies["language"] = spoken
    for address, typed in refusals():
        status, page = order(head, address, **typed)
        told = re.search(r'class="note error" role="alert">(.*?)</p>', page, re.DOTALL)
        assert status == 422, address
        assert told, address
        text = html.unescape(re.sub(r"<[^>]*>", "", told[1]))
        left = set(re.findall("[A-Za-z]+", text)) - AS_WRITTEN
        assert left == set(), (address, text)
