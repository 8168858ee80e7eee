"""Pages of changes, joining, meters at connections and in stores, and what a tariff charges."""

import re
from datetime import date

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from controller.changes.models import Change
from controller.console import words
from controller.console.example import placed, told
from controller.consumers import services as consumers
from controller.consumers.models import Batch, Connection, Consumer, Package, Plant
from controller.fleet.models import Meter, MeterState
from controller.inventory import services as inventory
from controller.inventory.models import Item
from controller.tariffs import explain
from controller.tariffs import services as tariffs
from controller.tariffs.models import Tariff
from tests.controller.test_console_access import browser_of
from tests.controller.test_console_sheets import order, text_of
from tests.controller.village import settle_village

pytestmark = pytest.mark.django_db
RAMESH, SUNITA = "BHKATS00101", "BHKATS00102"
FILE = """\
tariffs:
  - id: LMV9
    name: Village
    versions:
      - valid_from: 2026-01-01
        slabs: [[100, 300], [null, 500]]
"""
RECORD = {
    "tables": [[250, True, [[100, 335], [250, 500]]], [None, False, [[300, 640], [None, 790]]]],
    "fixed_per_kw_paise": 9_000,
    "fixed_basis_pct": 75,
    "fixed_by_units_1ph": [[100, 4_000], [None, 9_100]],
    "minimum_per_kw": [[None, 5_000]],
    "surcharge_bp": 238,
    "rate_adder_paise": [100, 0, 0],
    "rate_bands": [[127, 1_080, 1_320, 1]],
}


@pytest.fixture
def head(client: Client) -> Client:
    """A browser in which somebody who may do all has logged in, at a village of three."""
    settle_village(meters=3, with_readings=1)
    client.force_login(get_user_model().objects.create_superuser("head"))
    return client


@pytest.fixture
def spare(head: Client) -> str:
    """A meter in the plant's store; another one waits in the store of another plant."""
    Plant.objects.create(code="SITA", state="BH", name="Sitapur")
    for meter_id, plant in (("NEW1", "KATS"), ("NEW2", "SITA")):
        meter = Meter.objects.create(id=meter_id, root_key_sealed=b"", created_s=0)
        MeterState.objects.create(meter=meter)
        inventory.add_store(code=f"{plant}-1", name=f"At {plant}", plant_code=plant, actor="test")
        inventory.receive(meter_id=meter_id, store_code=f"{plant}-1", actor="test")
    return "NEW1"


# --- changes ------------------------------------------------------------------------------------


def test_a_change_is_given_to_somebody_and_reassigned_by_who_may_decide(head) -> None:
    """MG-14: who does what is named; nobody without the right can be given it."""
    first, clerk = browser_of("operator", "KATS"), browser_of("clerk", "KATS")
    browser_of("cluster in-charge", "KATS")
    typed = {"cause": "wish", "note": "moves away"}
    assert order(clerk, f"/consumers/{RAMESH}/changes/deactivate/", **typed)[0] == 200
    place = f"/changes/{Change.objects.get().pk}/"
    assert order(first, f"{place}approve/", assignee="a clerk", note="")[0] == 422
    assert order(first, f"{place}approve/", assignee="a cluster in-charge", note="ok")[0] == 200
    assert Change.objects.get().assignee == "a cluster in-charge"
    assert clerk.post(f"{place}reassign/", {"assignee": "a operator"}).status_code == 403
    assert order(first, f"{place}reassign/", assignee="a operator", note="nearer")[0] == 200
    page = text_of(first, place)
    for part in ("a clerk", "a operator", "nearer", "moves away"):
        assert part in page
    assert "a operator" in text_of(first, "/changes/", show="in_process")


def test_the_four_lists_say_how_many_wait_and_find_a_consumer(head) -> None:
    """MG-14: Request, In process, Review, Completed."""
    for consumer in (RAMESH, SUNITA):
        order(head, f"/consumers/{consumer}/changes/deactivate/", cause="wish", note="")
    page = text_of(head, "/changes/")
    for label in ("Request 2", "In process 0", "Review 0", "Completed"):
        assert f">{label}</a>" in page
    assert text_of(head, "/changes/", q=RAMESH).count("Deactivation</a>") == 1
    assert "Deactivation" in text_of(head, f"/consumers/{RAMESH}/changes/")


def test_an_account_offers_only_what_can_be_asked_for(head) -> None:
    """MG-6, MG-14: who is supplied is not reactivated, who has no meter gets no package."""
    page = text_of(head, f"/consumers/{RAMESH}/")
    for shown in ("changes/package/", "changes/load/", "changes/deactivate/", "meter/change/"):
        assert shown in page
    for hidden in ("changes/reactivate/", "meter/fit/", "meter/release/", "meter/package/"):
        assert hidden not in page
    Connection.objects.filter(consumer=RAMESH).update(meter=None)
    Consumer.objects.filter(pk=RAMESH).update(status="banned")
    page = text_of(head, f"/consumers/{RAMESH}/")
    for shown in ("changes/reactivate/", "meter/fit/"):
        assert shown in page
    for hidden in ("changes/package/", "changes/deactivate/", "meter/change/"):
        assert hidden not in page


# --- meters -------------------------------------------------------------------------------------


def test_a_meter_is_fitted_from_the_plants_store_and_gets_its_first_package(head, spare) -> None:
    """MG-4, MG-7: fitted out of the inventory; what another plant has is not to be had."""
    consumers.add_consumer("KATS", "Meena", 9, 9, 250, actor="test")
    place, account = "/consumers/BHKATS00909/meter/", "/consumers/BHKATS00909/"
    technician, clerk = browser_of("technician", "KATS"), browser_of("clerk", "KATS")
    assert clerk.post(f"{place}fit/", {"meter": spare}).status_code == 403
    assert order(technician, f"{place}fit/", meter="NEW2")[0] == 422
    status, page = order(technician, f"{place}fit/", meter=spare)
    assert status == 200
    assert "now it needs a package" in page
    assert Item.objects.get(pk=spare).state == "fitted"
    assert "meter/package/" in text_of(head, account)
    package = Package.objects.get(kind="A2.2")
    assert order(head, f"{place}package/", package=package.pk, activation="")[0] == 200
    assert "meter/package/" not in text_of(head, account)


def test_a_meter_is_changed_with_its_closing_register(head, spare) -> None:
    """MG-7: the old register closes the account of the old meter; the new one takes its place."""
    place = f"/consumers/{RAMESH}/meter/change/"
    typed = {"meter": spare, "closing_kwh": "0.5", "store": "KATS-1", "reason": "Display dark",
             "is_faulty": "on"}  # fmt: skip
    status, page = order(head, place, **typed)
    assert status == 422  # below what the meter has signed
    assert 'value="Display dark"' in page
    assert order(head, place, **typed | {"closing_kwh": "9999"})[0] == 200
    assert Consumer.objects.get(pk=RAMESH).connection.meter_id == spare
    assert Item.objects.get(pk="BJ2400001").state == "faulty"
    assert "Display dark" in text_of(head, "/store/meters/BJ2400001/")


def test_a_meter_is_released_only_after_deactivation_and_kept_for_the_next(head, spare) -> None:
    """MG-6, MG-7: the meter of who is no longer supplied goes on to another connection."""
    consumers.add_consumer("KATS", "Meena", 9, 9, 250, actor="test")
    consumers.add_consumer("SITA", "Far", 9, 9, 250, actor="test")
    place = f"/consumers/{RAMESH}/meter/release/"
    typed = {"closing_kwh": "", "store": "KATS-1", "reason": "Moved away",
             "next_consumer": "BHKATS00909"}  # fmt: skip
    assert order(head, place, **typed)[0] == 422
    Consumer.objects.filter(pk=RAMESH).update(status="inactive")
    operator = browser_of("operator", "KATS")
    assert order(operator, place, **typed | {"next_consumer": "BHSITA00909"})[0] == 422
    assert order(operator, place, **typed)[0] == 200
    item = Item.objects.get(pk="BJ2400001")
    assert (item.state, item.connection.consumer_id) == ("reserved", "BHKATS00909")


def test_a_store_leads_to_its_meters_and_hides_other_plants(head, spare) -> None:
    here = browser_of("operator", "KATS")
    assert "?q=KATS-1" in text_of(here, "/store/places/")
    assert spare in text_of(here, "/store/", q="KATS-1")
    assert "NEW2" not in text_of(here, "/store/")
    assert here.get("/store/meters/NEW2/").status_code == 404
    inventory.add_store(code="WH", name="Warehouse", actor="test")
    inventory.transfer(meter_id=spare, store_code="WH", actor="test")
    consumers.add_consumer("SITA", "Far", 9, 9, 250, actor="test")
    assert order(here, f"/store/meters/{spare}/keep/", consumer="BHSITA00909")[0] == 422


# --- tariffs ------------------------------------------------------------------------------------


def test_a_tariff_file_is_sent_as_a_file_and_a_fault_names_its_line(head) -> None:
    def send(text: str) -> tuple[int, str]:
        return order(head, "/tariffs/import/", file=SimpleUploadedFile("t.yaml", text.encode()))

    status, page = send(FILE.replace("[null, 500]", "[90, 500]"))
    assert status == 422
    assert "t.yaml, line" in page
    assert order(head, "/tariffs/import/", text="", valid_from="")[0] == 422
    status, page = send(FILE)
    assert status == 200, page
    assert "₹5.00" in text_of(head, "/tariffs/LMV9/")
    assert 'enctype="multipart/form-data"' in text_of(head, "/tariffs/import/")
    assert browser_of("operator", "KATS").post("/tariffs/import/").status_code == 403


def test_no_tariff_is_added_from_a_file_with_a_fault(head) -> None:
    order(head, "/tariffs/import/", text=FILE + "  - id: lower\n")
    assert not Tariff.objects.exists()


def add_tariff(code: str = "ALL") -> None:
    tariffs.add_tariff(code, "Everything", actor="test")
    tariffs.add_version(code, date(2026, 1, 1), RECORD, actor="test")


def test_a_tariff_says_all_that_it_charges_in_words(head) -> None:
    """UP-5, UP-8, UP-9: slabs, fixed charge on a share of the load, minimum, surcharge, hours."""
    add_tariff()
    page = text_of(head, "/tariffs/ALL/")
    for part in (
        "Units 1 to 100", "in a month of up to 250 units", "counts for all units of the month",
        "on 75 % of the sanctioned load", "up to 100 units", "above 100 units", "₹91.00",
        "2.38 %", "18:00–22:00",
    ):  # fmt: skip
        assert part in page, part
    assert "[" not in re.sub(r"<[^>]*>", "", page.split("<main")[1])


def test_a_month_is_explained_line_by_line_before_there_is_a_bill(head) -> None:
    """UP-5, UP-9, MG-8: anybody can see from what a bill of so many units would come."""
    add_tariff()
    typed = {"day": "2026-11-01", "load_w": "2000", "phases": "1", "units0": "150"}
    page = text_of(head, "/tariffs/ALL/month/", **typed)
    # 100×3.35 + 50×5.00 = 585; 1.5 kW×90 = 135; band 91; 2.38 % of 585 = 13.92: 824.92.
    for part in ("100 units, of the first 100, at ₹3.35 each", "₹335.00", "₹13.92", "₹824.92"):
        assert part in page, part
    answer = head.get("/tariffs/ALL/month/", typed | {"day": "2025-01-01"})
    assert answer.status_code == 422
    assert "no version in force" in answer.content.decode()
    assert head.get("/tariffs/ALL/month/", typed | {"units0": "-1"}).status_code == 422


def test_a_new_version_is_programmed_into_the_meters_of_its_tariff(head) -> None:
    """MG-14: each keeps its package; nothing is done where no meter has the tariff."""
    add_tariff()
    place = "/tariffs/ALL/programme/"
    assert order(head, place, version="2026-01-01")[0] == 422
    package = consumers.design_package("B2.1", "FD", 250, tariff_code="ALL", actor="test")
    connection = Connection.objects.get(consumer=RAMESH)
    consumers.assign_package(connection.pk, package.pk, actor="test")
    assert order(head, place, version="2026-01-01")[0] == 200
    assert Batch.objects.get().items.get().connection == connection
    assert browser_of("operator", "KATS").post(place).status_code == 403


def test_who_was_refused_in_a_group_is_shown_at_its_own_plant_only(head) -> None:
    order(head, "/packages/groups/start/", plant="KATS")
    batch = Batch.objects.get()
    batch.items.update(state="refused", reason="too much load")
    Plant.objects.create(code="SITA", state="BH", name="Sitapur")
    place = f"/packages/groups/{batch.pk}/"
    assert RAMESH in text_of(browser_of("operator", "KATS"), place)
    assert "BHKATS" not in text_of(browser_of("clerk", "SITA"), place)


# --- languages ----------------------------------------------------------------------------------


def test_every_sentence_that_explains_a_month_is_in_every_language() -> None:
    """UP-5: a consumer reads in their own language from what a bill comes."""
    forms = [placed(form)[0] for name, form in explain.ENGLISH.items() if name != "other"]
    assert [form for form in forms if form not in words.word_list()] == []
    sentence = explain.Sentence("energy.first", {"units_wh": 9_500, "upper": 100,
                                                 "price_paise": 335}, "", 3_183)  # fmt: skip
    assert told(sentence, "INR") == "9.5 units, of the first 100, at ₹3.35 each"
    with words.speaking("hi"):
        assert told(sentence, "INR") == "पहली 100 में से 9.5 यूनिट, हर एक ₹3.35"
