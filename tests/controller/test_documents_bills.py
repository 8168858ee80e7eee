"""Bills on paper, as they are issued from what billing has stored; and told by text message."""

import hashlib

import pytest

from controller.consumers.models import Consumer
from controller.documents import bills, queries
from controller.documents.models import Snapshot
from controller.errors import Refused
from controller.notices import bills as told
from controller.notices.models import Message
from tests.controller.homes import CLERK, DAY_S, JANUARY


@pytest.fixture
def january(village, close):
    """Two homes with a January of 100 and 150 units."""
    homes = village(1), village(2)
    for number, home in enumerate(homes, start=2):
        home.read(JANUARY.start_s, 10_000)
        home.read(JANUARY.end_s, 10_000 + number * 50_000)
    return close()


def test_a_bill_on_paper_is_the_bill_that_was_made(january):
    """MG-8, MG-10: lines, registers, the signed message behind them, what is payable by when."""
    stored = bills.issue_bill(number=january[0].number, language="en", **CLERK)
    found = queries.sheet(stored)
    assert [row[-1] for row in found["tables"][1]["rows"]] == ["₹400.00", "₹100.00"]
    assert [box["text"] for box in found["boxes"]] == ["100.000", "16 Feb 2026", "₹500.00"]
    (span,) = stored.data["spans"]
    assert (span["begin_wh"], span["end_wh"]) == (10_000, 110_000)
    assert (span["message"], span["digest"]) == ("1/2", hashlib.sha256(b"signed").hexdigest())
    assert found["bars"][-1]["label"] == "Jan"
    assert bills.issue_bill(number=january[0].number, language="en", **CLERK) == stored


def test_arrears_stand_on_the_next_bill(village, close, clock):
    """MG-9: what was not paid is carried."""
    home = village(1)
    for month in range(3):
        home.read(JANUARY.start_s + 31 * month * DAY_S, 100_000 * month)
    close()
    clock(JANUARY.end_s + 29 * DAY_S)
    from controller.billing import queries as billing
    from controller.billing import services

    services.close_period("KATS", "2026-02", **CLERK)
    (bill,) = billing.bills_of("KATS", "2026-02")
    totals = queries.sheet(bills.issue_bill(number=bill.number, **CLERK))["tables"][1]["totals"]
    assert totals[0] == ["Brought forward", "₹500.00"]
    assert totals[-1][0] == "Amount payable"


def test_an_exchanged_meter_has_a_row_of_its_own(village, close, clock, make_board):
    """MG-7: both meters' registers, each with its own message."""
    from controller.consumers import fitting

    home = village(1)
    home.read(JANUARY.start_s, 10_000)
    home.read(JANUARY.start_s + 10 * DAY_S, 90_000)
    clock(JANUARY.start_s + 10 * DAY_S + 60)
    fitting.release_meter(home.connection.consumer_id, **CLERK)
    make_board("NEW01")
    home.connection = fitting.fit_meter(home.connection.consumer_id, "NEW01", **CLERK)
    home.sequence = home.version = 0
    home.assign("B2.1 (FD) / 2000 / 0 / SLABS", JANUARY.start_s + 10 * DAY_S + 120)
    home.read(JANUARY.end_s, 70_500)
    (bill,) = close()
    found = queries.sheet(bills.issue_bill(number=bill.number, language="en", **CLERK))
    assert [(row[0], row[-1]) for row in found["tables"][0]["rows"]] == [
        ("BHK01", "80.000"), ("NEW01", "70.500"),
    ]  # fmt: skip
    assert found["boxes"][0]["text"] == "150.500"


def test_a_plants_month_is_printed_each_in_its_consumers_language(january):
    """MG-10: bills of a month, one file each, in the order of their numbers."""
    Consumer.objects.filter(pk=january[1].connection.consumer_id).update(language="ml")
    issued = bills.issue_month(plant_code="KATS", month="2026-01", **CLERK)
    printed = list(queries.print_many(issued, workers=1))
    assert [snapshot.subject for snapshot, _pdf in printed] == [
        f"bill {bill.number}" for bill in january
    ]
    assert [snapshot.language for snapshot, _pdf in printed] == ["en", "ml"]
    assert all(pdf.startswith(b"%PDF-") for _snapshot, pdf in printed)
    again = list(bills.issue_month(plant_code="KATS", month="2026-01", **CLERK))
    assert len(again) == Snapshot.objects.count() == 2


def test_facts_of_many_bills_are_looked_up_together(january, django_assert_num_queries):
    from controller.billing.models import Bill

    found = list(
        Bill.objects.select_related(
            "connection__consumer__plant", "period", "first_reading", "last_reading__message"
        )
    )
    with django_assert_num_queries(5):
        assert len(bills.data_of(found)) == 2


def test_a_bill_that_is_not_there_is_refused(db):
    with pytest.raises(Refused, match="no bill"):
        bills.issue_bill(number="BHKATS00101-2026-01", **CLERK)


def test_a_months_bills_are_told_once(january):
    """MG-10d: automatic SMS with the bill."""
    Consumer.objects.update(phone="+919431012345")
    facts = {"plant_code": "KATS", "month": "2026-01", **CLERK}
    assert (told.tell_month(**facts), told.tell_month(**facts)) == (2, 0)
    body = Message.objects.filter(template="bill_issued").first().body
    assert "for Jan 2026: Rs 500.00, to be paid by 16 Feb 2026." in body


def test_who_does_not_pay_is_reminded_and_warned(january, clock):
    """MG-6, MG-9: reminder and disconnection notice, with the day of the cut."""
    from controller.billing.dunning import take_steps
    from controller.profile.services import change

    change(
        name="dunning_steps", value=[[3, "reminder"], [10, "notice"], [20, "disconnect"]], **CLERK
    )
    clock(JANUARY.end_s + 27 * DAY_S)
    take_steps(**CLERK)
    bodies = [message.body for message in Message.objects.order_by("pk")[:2]]
    assert "was due on 16 Feb 2026. Rs 500.00 is still to be paid." in bodies[0]
    assert "will be disconnected on 9 Mar 2026" in bodies[1]
