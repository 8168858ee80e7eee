"""Pages of tariffs, packages, groups, bill runs, joining, the store, reconciliation, messages."""

from datetime import date

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from controller.billing.models import Bill, BillRun
from controller.consumers.models import Batch, Consumer, Package, Plant
from controller.inventory.models import Item, Store
from controller.joining.models import Joining
from controller.reconcile.models import Report
from controller.tariffs import services as tariffs
from controller.tariffs.models import Tariff
from tests.controller.test_console_access import browser_of
from tests.controller.test_console_sheets import order, text_of
from tests.controller.village import close_last_month, settle_village

pytestmark = pytest.mark.django_db
RAMESH = "BHKATS00101"
TARIFF = """\
tariffs:
  - code: LMV9
    name: Village
    valid_from: 2026-01-01
    tables:
      - slabs: [[100, 300], [null, 500]]
"""


@pytest.fixture
def head(client: Client) -> Client:
    """A browser in which somebody who may do all has logged in, at a village of three."""
    settle_village(meters=3, with_readings=1)
    client.force_login(get_user_model().objects.create_superuser("head"))
    return client


def test_a_tariff_is_shown_slab_by_slab_and_a_fault_in_a_file_is_named(head) -> None:
    record = {"tables": [[None, True, [[100, 300], [None, 500]]]], "fixed_per_kw_paise": 7_500}
    tariffs.add_tariff("LMV1", "Domestic", actor="test")
    tariffs.add_version("LMV1", date(2026, 1, 1), record, actor="test")
    page = text_of(head, "/tariffs/LMV1/")
    for part in ("Units 1 to 100", "₹3.00", "Units above 100", "₹5.00", "₹75.00"):
        assert part in page
    assert "LMV1" in text_of(head, "/tariffs/")
    status, page = order(head, "/tariffs/import/", text="tariffs: 7", valid_from="")
    assert status == 422
    assert "tariffs: 7" in page
    assert Tariff.objects.count() == 1


def test_a_package_is_designed_by_head_office_only(head) -> None:
    """MG-1, MG-2: what a package fixes stands in its ID."""
    typed = {"kind": "B2.1", "timing": "NN", "limit_w": "60", "monthly": "90", "price": "4.50"}
    assert browser_of("operator", "KATS").post("/packages/design/", typed).status_code == 403
    before = Package.objects.count()
    assert order(head, "/packages/design/", **typed)[0] == 200
    assert Package.objects.count() == before + 1
    assert "B2.1 (NN) / 60 / 90" in text_of(head, "/packages/")
    assert order(head, "/packages/design/", **typed)[0] == 422


def test_a_group_is_programmed_again_and_its_progress_is_seen(head) -> None:
    """MG-14: a whole group gets its programmes; complete is what the boards confirm."""
    status, page = order(head, "/packages/groups/start/", plant="KATS")
    assert status == 200, page
    batch = Batch.objects.get()
    page = text_of(head, f"/packages/groups/{batch.pk}/")
    assert "<progress" in page
    assert "data-live" in page
    seen = head.get(f"/packages/groups/{batch.pk}/live", {"seen": ""})
    assert seen.status_code == 200


def test_a_bill_run_is_begun_made_and_seen_in_progress(head) -> None:
    """MG-8: bills follow the end of the period; the run shows how far it is."""
    typed = {"plants": ["KATS"], "month": "2026-10", "group": ""}
    status, page = order(head, "/bills/runs/start/", **typed)
    assert status == 200, page
    run = BillRun.objects.get()
    assert "<progress" in text_of(head, f"/bills/runs/{run.pk}/")
    for _ in range(2):
        status, page = order(head, f"/bills/runs/{run.pk}/advance/")
        assert status == 200, page
    run.refresh_from_db()
    assert run.state == "done"
    assert "Oct 2026" in text_of(head, "/bills/runs/")
    assert browser_of("clerk", "KATS").get("/bills/runs/").status_code == 403
    assert order(head, "/bills/runs/start/", **typed | {"month": "2031-01"})[0] == 422


def test_a_bill_is_made_anew_only_by_who_may_correct(head) -> None:
    close_last_month(Plant.objects.get())
    number = Bill.objects.order_by("number")[0].number
    clerk = browser_of("clerk", "KATS")
    assert "anew" not in text_of(clerk, f"/bills/{number}/")
    assert "anew" in text_of(head, f"/bills/{number}/")
    assert clerk.post(f"/bills/{number}/anew/", {"reason": "x"}).status_code == 403
    assert order(head, f"/bills/{number}/anew/", reason="")[0] == 422


def test_a_prospect_goes_from_the_survey_to_an_account(head) -> None:
    """MG-4: survey, acquisition, identity, package, account; each step by who may do it."""
    browser_of("sales agent", "KATS")
    typed = {"plant": "KATS", "name": "Meena", "phone": "9876543210", "segment": "household",
             "pole": "5", "distance_m": "12", "needs": "Fan", "expected_kwh": "20"}  # fmt: skip
    assert order(head, "/joining/survey/", **typed)[0] == 200
    joining = Joining.objects.get()
    place = f"/joining/{joining.pk}/"
    acquired = {"way": "in_person", "agent": "a sales agent", "pole": "5", "distance_m": "12"}
    identity = {
        "name": "Meena Devi", "phone": "9876543210", "address": "Katsa 5", "language": "hi",
        "identity_kind": "other", "identity_number": "AB1234", "category": "domestic",
        "sector": "private",
    }  # fmt: skip
    package = Package.objects.get(kind="A2.2")
    assert order(head, f"{place}acquire/", **acquired)[0] == 200
    assert order(head, f"{place}identify/", **identity)[0] == 422
    assert order(head, f"{place}identify/", **identity, commitments_given="on")[0] == 200
    chosen = {"package": package.pk, "load_w": "250", "phases": "1"}
    assert order(head, f"{place}package/", **chosen)[0] == 200
    assert order(head, f"{place}account/")[0] == 200
    assert Consumer.objects.filter(name="Meena Devi", status="inactive").exists()
    page = text_of(head, place)
    assert "AB1234" not in page
    assert "Account opened" in page
    assert "Meena Devi" in text_of(head, "/joining/")


def test_a_meter_comes_into_a_store_goes_to_another_and_is_marked_faulty(head) -> None:
    from controller.fleet.models import Meter, MeterState

    MeterState.objects.create(
        meter=Meter.objects.create(id="NEW1", root_key_sealed=b"", created_s=0)
    )
    for code in ("KATS-1", "WH"):
        assert order(head, "/store/places/add/", code=code, name=f"Store {code}")[0] == 200
    assert Store.objects.count() == 2
    assert order(head, "/store/receive/", meter="new1", store="WH")[0] == 200
    place = "/store/meters/NEW1/"
    assert order(head, f"{place}transfer/", store="KATS-1")[0] == 200
    assert order(head, f"{place}faulty/", reason="Broken glass")[0] == 200
    assert Item.objects.get().state == "faulty"
    assert "Broken glass" in text_of(head, place)
    assert "NEW1" in text_of(head, "/store/", show="faulty")
    assert "Store KATS-1" in text_of(head, "/store/places/")


def test_a_reconciliation_is_run_and_its_mismatches_lead_to_tasks(head) -> None:
    typed = {"first_day": "2026-11-01", "last_day": "2026-11-01"}
    status, page = order(head, "/reconcile/run/", **typed)
    assert status == 200, page
    report = Report.objects.get()
    assert "2026-11-01" in text_of(head, f"/reconcile/{report.pk}/")
    assert order(head, "/reconcile/run/", **typed | {"last_day": "2031-01-01"})[0] == 422
    assert browser_of("clerk", "KATS").get("/reconcile/").status_code == 403


def test_messages_show_what_became_of_them_without_their_secrets(head) -> None:
    """MG-10, MG-12: what was sent to whom, and whether it arrived at the provider."""
    from controller.requests import services

    Consumer.objects.filter(pk=RAMESH).update(phone="+919876543210")
    services.submit(consumer_id=RAMESH, kind="outage", text="Dark", channel="agent", actor="x")
    page = text_of(head, "/notices/")
    assert "•••210" in page
    assert "9876543" not in page
