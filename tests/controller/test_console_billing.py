"""Pages of the billing office: bills and their papers, validation, dunning, vouchers, messages."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from controller import clock, routine
from controller.billing import runs
from controller.billing.models import Bill, BillRun, DunningStep, Estimate, Validation
from controller.consumers.models import Connection, Consumer, Fitting, Plant
from controller.tasks.services import raise_task
from tests.controller.test_console_access import browser_of
from tests.controller.test_console_sheets import order, owe, text_of
from tests.controller.village import DAY_S, close_last_month, settle_village

pytestmark = pytest.mark.django_db
RAMESH, METER = "BHKATS00101", "BJ2400001"
NUMBER = f"{RAMESH}-2026-10"


@pytest.fixture
def head(client: Client) -> Client:
    """A browser in which somebody who may do all has logged in, at a village of three."""
    settle_village(meters=3, with_readings=1)
    client.force_login(get_user_model().objects.create_superuser("head"))
    return client


@pytest.fixture
def elsewhere() -> Client:
    """A browser of somebody in charge of another plant."""
    Plant.objects.create(code="SITA", state="BH", name="Sitapur")
    return browser_of("cluster in-charge", "SITA")


@pytest.mark.parametrize(
    ("search", "found"), [(RAMESH, 1), ("bhkats00101 u", 1), (METER, 1), ("nobody", 0)]
)
def test_a_bill_is_found_by_its_consumer_with_or_without_check_character_or_its_meter(
    head, search, found
) -> None:
    close_last_month(Plant.objects.get(code="KATS"))
    assert text_of(head, "/bills/", q=search).count('href="/bills/BHKATS') == found


def test_a_bill_is_printed_by_who_may_and_a_replaced_one_leads_to_the_next(
    head, elsewhere
) -> None:
    """MG-10: the bill on paper; who works at another plant does not find it."""
    close_last_month(Plant.objects.get(code="KATS"))
    paper = head.get(f"/bills/{NUMBER}/pdf/")
    assert (paper.status_code, paper["Content-Type"]) == (200, "application/pdf")
    assert b"".join(paper).startswith(b"%PDF")
    assert head.get(f"/bills/{NUMBER}/scroll/").status_code == 404
    assert elsewhere.get(f"/bills/{NUMBER}/pdf/").status_code == 404
    Bill.objects.filter(pk=NUMBER).update(replaced_by=f"{NUMBER}-R1")
    page = text_of(head, f"/bills/{NUMBER}/")
    assert f"Replaced by {NUMBER}-R1" in page
    assert "anew/" not in page


@pytest.mark.parametrize(
    ("spoken", "line"), [("hi", "ऊर्जा: 23.456 यूनिट, ₹6.00"), ("ml", "ഊർജ്ജം: 23.456 യൂണിറ്റ്")]
)
def test_every_line_of_a_bill_is_explained_in_the_readers_language(head, spoken, line) -> None:
    """MG-8: what is charged, and from what, in Hindi and Malayalam too."""
    close_last_month(Plant.objects.get(code="KATS"))
    head.post("/language/", {"language": spoken, "next": "/"})
    page = text_of(head, f"/bills/{NUMBER}/")
    assert line in page
    for english in ("Energy:", "Fixed charge", "duty", "Rebate", "units"):
        assert english not in page


def test_a_run_that_was_begun_is_worked_on_by_the_routine_a_few_batches_at_a_time(
    head, monkeypatch
) -> None:
    """MG-8: nobody must wait at a page, or start a program, for bills to be made."""
    monkeypatch.setattr(runs, "BATCH_CONNECTIONS", 1)
    begun = {"plants": ["KATS"], "month": "2026-10", "group": ""}
    assert order(head, "/bills/runs/start/", **begun)[0] == 200
    run = BillRun.objects.get()
    assert runs.work_on_runs(2) == 2
    run.refresh_from_db()
    assert (run.state, runs.done_connections(run.pk)) == ("running", 2)
    next(chore for chore in routine.CHORES if chore.name == "bill runs").do()
    run.refresh_from_db()
    assert (run.state, runs.done_connections(run.pk)) == ("done", 3)


def test_a_run_names_the_bills_that_could_not_be_made_and_why(head) -> None:
    run = runs.start_run(plants=["KATS"], month="2026-10", actor="test")
    run.batches.update(failed=1)
    task = raise_task(
        kind="bill", subject=f"consumer {RAMESH}", key=f"bill:{RAMESH}:2026-10",
        title=f"No bill of {RAMESH} for 2026-10 could be made",
        evidence={"error": "No tariff was in force"}, actor="test",
    )  # fmt: skip
    page = text_of(head, f"/bills/runs/{run.pk}/")
    assert "No tariff was in force" in page
    assert f"/tasks/{task.pk}/" in page


def test_a_month_is_validated_and_its_findings_are_told(head, elsewhere) -> None:
    """MG-7: what is odd in the readings is found and shown, with when and why."""
    fitted_s = clock.now_s() - 30 * DAY_S
    for row in Connection.objects.filter(consumer__plant="KATS"):
        Fitting.objects.create(connection=row, meter=row.meter, fitted_s=fitted_s)
    month = f"{clock.moment(clock.now_s() - 3 * DAY_S):%Y-%m}"
    status, page = order(head, "/validation/start/", plant="KATS", month=month)
    assert status == 200, page
    assert "3 meters are validated" in page
    done = Validation.objects.get(meter=METER)
    at_s = clock.now_s() - DAY_S
    done.findings = [
        ["gap", 41, at_s, "nothing is known of 8200 s"],
        ["clock jump", 42, at_s, f"the clock went from 5 to {at_s}"],
    ]
    done.save()
    assert "gap 1, clock jump 1" in text_of(head, "/validation/")
    page = text_of(head, f"/validation/{done.pk}/")
    assert "nothing is known of 8200 s" in page
    assert "the clock was set to" in page
    assert elsewhere.get(f"/validation/{done.pk}/").status_code == 404
    assert METER not in text_of(elsewhere, "/validation/", show="all")
    assert (
        elsewhere.post("/validation/start/", {"plant": "KATS", "month": month}).status_code == 422
    )
    assert order(head, "/validation/start/", plant="KATS", month="2026-13")[0] == 422


def test_registers_are_entered_by_who_may_correct_and_never_below_a_signed_reading(head) -> None:
    """MG-7: a missing reading is replaced by what a person read, with the reason."""
    place = f"/validation/registers/{METER}/"
    typed = {"at": "2026-11-27 10:00", "rate0": "999999.5", "rate1": "0", "rate2": "0",
             "rate3": "0", "reason": "Read off the display"}  # fmt: skip
    assert browser_of("clerk", "KATS").post(place, typed).status_code == 403
    assert order(head, place, **typed)[0] == 200
    assert Estimate.objects.get().rate_wh == [999_999_500, 0, 0, 0]
    later = f"{clock.moment(clock.now_s()):%Y-%m-%d %H:%M}"
    status, page = order(head, place, **typed | {"rate0": "0.001", "at": later})
    assert status == 422
    assert "has signed higher registers" in page
    assert "Read off the display" in page
    for wrong in ({"rate0": "-1"}, {"rate0": "x"}, {"reason": ""}, {"at": "yesterday"}):
        assert order(head, place, **typed | wrong)[0] == 422
    assert Estimate.objects.count() == 1


@pytest.fixture
def late(head) -> str:
    """RAMESH owes a bill that fell due 40 days ago."""
    close_last_month(Plant.objects.get(code="KATS"))
    bill = Bill.objects.get(pk=NUMBER)
    Bill.objects.filter(pk=NUMBER).update(due_s=clock.now_s() - 40 * DAY_S)
    owe(RAMESH, bill.total_paise)
    return NUMBER


def test_who_is_overdue_is_listed_with_the_steps_and_taken_to_the_disconnection_list(
    head, late, elsewhere
) -> None:
    """MG-6, MG-9: from the bill that is overdue to the list of those to be disconnected."""
    page = text_of(head, "/dunning/")
    for part in (late, "₹617.28", "40 days ago"):
        assert part in page
    assert late not in text_of(elsewhere, "/dunning/")
    assert late not in text_of(head, "/dunning/", show="disconnect")
    assert order(elsewhere, "/dunning/take/")[0] == 200
    assert not DunningStep.objects.exists()
    assert browser_of("clerk", "KATS").post("/dunning/take/").status_code == 403
    status, page = order(head, "/dunning/take/")
    assert (status, "reminder" in page) == (200, True)
    taken = DunningStep.objects.count()
    assert f"{taken} steps are taken." in page
    assert order(head, "/dunning/take/")[0] == 200
    assert DunningStep.objects.count() == taken
    assert late in text_of(head, "/dunning/", show="disconnect")
    assert late in text_of(head, "/dunning/", show="steps", q="BHKATS")
    assert late not in text_of(head, "/dunning/", q="nobody")


def test_vouchers_and_vending_keys_are_listed_without_digits_and_secrets(head, elsewhere) -> None:
    """UP-11: that a voucher was issued is seen, the digits only on the receipt."""
    from controller.fleet.services import add_meter
    from controller.vouchers import services

    secret = bytes(range(20))
    services.add_key(supply_group="123457", revision=1, base_year=2014, key=secret, actor="test")
    add_meter("VM01", actor="test")
    Connection.objects.filter(consumer=RAMESH).update(meter="VM01")
    voucher = services.issue(meter_id="VM01", amount_tenths=256, actor="test")
    services.issue_management(meter_id="VM01", name="clear_credit", actor="test")
    page = text_of(head, "/vouchers/", q="VM01")
    assert "25.600" in page
    assert "123457/1" in page
    assert voucher.token not in page.replace(" ", "")
    assert "clears the credit" in text_of(head, "/vouchers/", show="management")
    assert "VM01" not in text_of(elsewhere, "/vouchers/", show="all")
    keys = text_of(head, "/vouchers/keys/")
    assert "2014" in keys
    assert secret.hex() not in keys
    assert browser_of("clerk", "KATS").get("/vouchers/keys/").status_code == 403


def test_the_outbox_shows_states_and_failures_but_no_text(head) -> None:
    """MG-10, MG-12: what became of a message; what it says stays between it and its reader."""
    from controller.notices.models import Message
    from controller.requests import services

    Consumer.objects.filter(pk=RAMESH).update(phone="+919876543210")
    services.submit(consumer_id=RAMESH, kind="outage", text="Dark", channel="agent", actor="x")
    message = Message.objects.filter(consumer=RAMESH).first()
    assert message.body not in text_of(head, "/notices/")
    message.mark_failed(message.next_try_s, "the provider is away")
    message.save()
    page = text_of(head, "/notices/", show="failed")
    assert "the provider is away" in page
    assert "Failed, to be tried again 1" in page
    assert "Service request" in page
