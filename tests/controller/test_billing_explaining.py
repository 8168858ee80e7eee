"""Every line of a bill says from what it comes and by which clause of which version (MG-8)."""

from datetime import date

import pytest

from tests.controller.homes import CLERK, DAY_S, DEARER, JANUARY, SLABS
from tests.controller.test_billing_runs import FEBRUARY_END_S, pay, used

CLAUSES = {"energy": "Schedule 1, 3(a)", "duty": "Duty Act, s. 3", "late_charge": "6.2"}


def add_version(day: date, record: dict, **terms) -> None:
    """A version of SLABS as it would have been imported."""
    from controller.tariffs.models import Tariff, TariffVersion
    from controller.tariffs.rules import check_record

    TariffVersion.objects.create(
        tariff=Tariff.objects.get(code="SLABS"), valid_from=day,
        record=check_record({**record, "code": "SLABS"}),
        **{"order": "Order of 2026", "clauses": CLAUSES, **terms},
    )  # fmt: skip


def told(bill) -> list[tuple[str, str, str, str]]:
    """(kind, the English sentences, clause, since when) of each line."""
    from controller.billing.explaining import reasons_of
    from controller.billing.queries import lines_of
    from controller.tariffs.explain import say

    return [
        (line.kind, " / ".join(map(say, why.sentences)), why.basis.clause, why.basis.valid_from)
        for line, why in zip(lines_of(bill), reasons_of([bill])[bill.number], strict=True)
    ]


def test_each_line_names_its_slab_its_clause_and_its_version(village, close):
    """MG-8: the slab, the clause or else the order, and the day from which the version counts."""
    add_version(date(2026, 1, 1), {**SLABS, "duty_bp": 500})
    used(village(1), 150_500)
    (bill,) = close()
    rows = told(bill)
    assert [(kind, clause) for kind, _told, clause, _day in rows] == [
        ("energy", "Schedule 1, 3(a)"), ("energy", "Schedule 1, 3(a)"),
        ("fixed", "Order of 2026"), ("duty", "Duty Act, s. 3"),
    ]  # fmt: skip
    assert {day for *_rest, day in rows} == {"2026-01-01"}
    assert rows[0][1].startswith("100 units, of the first 100, at ₹4.00 each = ₹400.00")
    assert rows[1][1].startswith("50.5 units, of those above 100, at ₹6.00 each = ₹303.00")


def test_what_comes_later_does_not_change_why_a_bill_was_made(village, close):
    """MG-8: a version that is added afterwards, even for the past, never explains an old bill."""
    add_version(date(2025, 6, 1), SLABS)
    used(village(1))
    (bill,) = close()
    before = told(bill)
    add_version(date(2025, 12, 1), DEARER, clauses={"energy": "another"})
    assert told(bill) == before
    assert {day for *_rest, day in before} == {"2025-06-01"}


def test_two_versions_in_a_month_explain_their_own_days(village, close):
    """MG-8: the lines until the change by the old clause, those after it by the new."""
    add_version(date(2025, 6, 1), SLABS, clauses={"energy": "old"})
    add_version(date(2026, 1, 11), DEARER, clauses={"energy": "new"})
    home = village(1)
    home.read(JANUARY.start_s, 0)
    home.read(JANUARY.start_s + 10 * DAY_S, 50_000)
    home.read(JANUARY.end_s, 80_000)
    (bill,) = close()
    assert [(clause, day) for kind, _told, clause, day in told(bill) if kind == "energy"] == [
        ("old", "2025-06-01"), ("new", "2026-01-11"),
    ]  # fmt: skip


@pytest.mark.parametrize(("tariff_bp", "basis"), [(200, ("6.2", "2026-01-01")), (None, ("", ""))])
def test_a_late_charge_is_the_tariffs_clause_or_the_utilitys_own(
    village, close, clock, tariff_bp, basis
):
    """MG-8: who asks for the late charge is said, tariff or utility."""
    from controller.billing import queries, services
    from controller.profile.services import change

    change(name="late_charge_bp", value=125, **CLERK)
    add_version(date(2026, 1, 1), SLABS, late_charge_bp=tariff_bp)
    home = village(1)
    used(home)
    close()
    pay(home, 20_000)
    home.read(FEBRUARY_END_S, 100_000)
    clock(FEBRUARY_END_S + 60)
    services.close_period("KATS", "2026-02", actor="clerk")
    (bill,) = queries.bills_of("KATS", "2026-02")
    (late,) = [row for row in told(bill) if row[0] == "late charge"]
    assert late[2:] == basis


def test_a_subsidy_and_a_prepaid_packages_own_price_say_where_they_come_from(village, close):
    """MG-8, UP-2: the subsidy by its order; a package with a price of its own by its ID."""
    from controller.billing.explaining import reasons_of

    subsidy = {
        "name": "State", "kind": "per_unit", "amount": 150, "units_limit": 100,
        "up_to_units": 300, "max_paise": None, "of": "energy", "clause": "G.O. 12",
    }  # fmt: skip
    add_version(date(2026, 1, 1), SLABS, subsidies=[subsidy])
    home = village(1)
    used(home)
    own = village(2, "A2.1 (FD) / 2000 / 0 / 650p")
    own.read(JANUARY.start_s, 0, mode=1)
    own.read(JANUARY.end_s, 80_000, mode=1, charged=80_000)
    bill, statement = close()
    assert told(bill)[-1][2] == "G.O. 12"
    (why,) = reasons_of([statement])[statement.number]
    assert why.basis.package == "A2.1 (FD) / 2000 / 0 / 650p"


def test_a_page_and_a_paper_show_why(village, close, client, django_user_model):
    """MG-8, MG-10: readings with numbers and days, rate, clause, version; marks on the paper."""
    from controller.documents import bill_sheet
    from controller.documents.bills import data_of
    from controller.words.lists import word_list

    add_version(date(2026, 1, 1), SLABS)
    used(village(1))
    (bill,) = close()
    client.force_login(django_user_model.objects.create_superuser("head"))
    page = client.get(f"/bills/{bill.number}/").content.decode()
    for part in (
        "reading 1 of",
        "reading 2 of",
        "Clause: Schedule 1, 3(a)",
        "in force from 2026-01-01",
    ):
        assert part in page
    (data,) = data_of([bill])
    assert [charge["clause"] for charge in data["charges"]] == [1, 2]
    sheet = bill_sheet.make(data, "hi", word_list("paper", "hi"))
    assert sheet["tables"][1]["rows"][0][0].endswith("[1]")
    assert sheet["notes"][0].startswith("[1] Schedule 1, 3(a), शुल्क-दर SLABS, 2026-01-01 से लागू")


def test_a_consumer_sees_why_and_has_the_same_paper_and_nobody_elses(village, close, client):
    """MG-10: the digital record is the same as the clerk's; another's bill is not there."""
    from controller.access.services import add_consumer_login

    add_version(date(2026, 1, 1), SLABS)
    for number in (1, 2):
        used(village(number))
    bill, other = close()
    login = {"username": "asha", "password": "a lamp in the rain", "consumer_id": "BHKATS00101"}
    client.force_login(add_consumer_login(**login, **CLERK))
    page = client.get(f"/own/bills/{bill.number}/").content.decode()
    assert "Clause: Schedule 1, 3(a)" in page
    assert "thermal" not in page
    paper = client.get(f"/own/bills/{bill.number}/pdf/")
    assert paper.content.startswith(b"%PDF-")
    for wrong in (f"{bill.number}/scroll/", f"{other.number}/", f"{other.number}/pdf/", "none/"):
        assert client.get(f"/own/bills/{wrong}").status_code == 404
