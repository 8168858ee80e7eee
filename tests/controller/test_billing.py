"""A month's bills and statements from signed readings, closed once and whole."""

import pytest

from controller.billing import rules
from controller.errors import Refused
from tests.controller.homes import CLERK, DAY_S, HOUR_S, JANUARY


def shown(bill):
    from controller.billing import queries

    return queries.lines_of(bill)


def lines_of(bill) -> list[tuple[str, int]]:
    return [(line.kind, line.amount_paise) for line in shown(bill)]


def test_a_bill_is_the_months_registers_by_the_tariff_in_words(village, close):
    from controller.billing import queries

    home = village(1)
    first = home.read(JANUARY.start_s, 40_000)
    home.read(JANUARY.start_s + DAY_S, 90_000)
    last = home.read(JANUARY.end_s, 190_500)
    (number,) = [bill.number for bill in close()]
    bill = queries.find_bill(number)
    assert number == "BHKATS00101-2026-01"
    assert (bill.kind, bill.estimated, bill.note) == ("bill", False, "")
    assert (bill.first_reading, bill.last_reading) == (first, last)
    assert bytes(bill.last_reading.message.envelope) == b"signed"
    assert bill.units_wh == 150_500
    # 100 × 4.00 + 50.5 × 6.00 + 2 kW × 50.00
    assert lines_of(bill) == [("energy", 40_000), ("energy", 30_300), ("fixed", 10_000)]
    assert bill.total_paise == 80_300
    assert [line.text for line in shown(bill)] == [
        "Energy: 100.000 units at ₹4.00 a unit",
        "Energy: 50.500 units at ₹6.00 a unit",
        "Fixed charge: 2000 W at ₹50.00 a kW and month, 31 of 31 days",
    ]


def test_a_missing_reading_at_the_bounds_is_said_and_nothing_is_lost_or_billed_twice(
    village, close, clock
):
    from controller.billing import queries, services

    home = village(1)
    home.read(JANUARY.start_s - HOUR_S, 1_000)
    home.read(JANUARY.end_s - 5 * HOUR_S, 11_000)
    (january,) = close()
    assert january.estimated
    assert "begin" in january.note
    assert "number 2 of 2026-01-31 19:00." in january.note  # as the clocks there showed it
    home.read(JANUARY.end_s - HOUR_S, 13_000)  # arrives after the month was closed
    home.read(JANUARY.end_s + 28 * DAY_S, 20_000)
    clock(JANUARY.end_s + 28 * DAY_S)
    services.close_period("KATS", "2026-02", actor="clerk")
    (february,) = queries.bills_of("KATS", "2026-02")
    assert february.first_reading == january.last_reading
    assert january.units_wh + february.units_wh == 19_000


def test_a_meter_fitted_in_the_month_begins_at_its_registers_and_pays_for_its_days(
    village, close, clock
):
    clock(JANUARY.start_s + 20 * DAY_S + HOUR_S)  # the 21st
    home = village(1)
    home.read(JANUARY.end_s, 10_000)
    (bill,) = close()
    assert (bill.first_reading, bill.units_wh, bill.estimated) == (None, 10_000, False)
    assert lines_of(bill) == [("energy", 4_000), ("fixed", 3_548)]  # 100.00 × 11/31


def test_the_slabs_run_on_across_a_package_change_under_the_same_tariff(village, close, clock):
    from controller.consumers import services

    home = village(1)
    home.read(JANUARY.start_s, 0)
    home.read(JANUARY.start_s + 10 * DAY_S, 80_000)
    clock(JANUARY.start_s + 10 * DAY_S)
    services.design_package("B2.1", "NN", 900, tariff_code="SLABS", **CLERK)
    home.assign("B2.1 (NN) / 900 / 0 / SLABS", JANUARY.start_s + 10 * DAY_S)
    home.read(JANUARY.end_s, 150_000)
    (bill,) = close()
    assert lines_of(bill) == [("energy", 40_000), ("energy", 30_000), ("fixed", 10_000)]


def test_another_tariff_begins_anew_with_the_days_that_are_left(village, close, clock):
    home = village(1)
    home.read(JANUARY.start_s, 0)
    home.read(JANUARY.start_s + 10 * DAY_S, 80_000)  # midnight after the 10th
    home.assign("B2.1 (FD) / 2000 / 0 / DEARER", JANUARY.start_s + 10 * DAY_S + 900)
    home.read(JANUARY.end_s, 150_000)
    (bill,) = close()
    assert lines_of(bill) == [
        ("energy", 32_000),
        ("fixed", 3_548),  # day 1 to 11: 100.00 × 11/31
        ("energy", 70_000),
        ("fixed", 6_452),  # day 12 to 31
    ]
    assert shown(bill)[0].text.startswith("Day 1 to 11. ")


@pytest.mark.parametrize(
    ("second", "old_days"),
    [(17 * HOUR_S + 37 * 60, 11), (17 * HOUR_S + 37 * 60 + 1, 11), (0, 10), (1, 11)],
)
def test_a_change_of_terms_is_split_to_the_watt_hour_and_as_the_board_counts_days(
    village, close, second, old_days
):
    """A reading at that very second splits; a day that begins with it is the new terms'."""
    change_s = JANUARY.start_s + 10 * DAY_S + second
    home = village(1)
    home.read(JANUARY.start_s, 0)
    home.read(change_s - 420, 80_000)
    home.read(change_s, 81_234)
    home.assign("B2.1 (FD) / 2000 / 0 / DEARER", change_s)
    home.read(change_s + 480, 82_000)
    home.read(JANUARY.end_s, 150_000)
    (bill,) = close()
    quantities = [line.quantity for line in shown(bill) if line.kind == "energy"]
    fixed = [line.amount_paise for line in shown(bill) if line.kind == "fixed"]
    assert quantities == [81_234, 68_766]
    assert fixed == [(10_000 * days * 2 + 31) // 62 for days in (old_days, 31 - old_days)]


def test_an_energy_account_gets_a_statement(village, close):
    home = village(1, "A2.1 (FD) / 2000 / 0 / 650p")
    home.read(JANUARY.start_s, 1_000, mode=1, charged=1_000, balance=4_000)
    home.read(JANUARY.end_s, 9_000, mode=1, charged=9_000, balance=6_000)
    (bill,) = close()
    assert (bill.kind, bill.account_unit) == ("statement", "Wh")
    assert (bill.bought, bill.used, bill.balance, bill.difference) == (10_000, 8_000, 6_000, 0)
    assert lines_of(bill) == [("energy", 5_200)]


@pytest.mark.parametrize(("charged", "difference"), [(42_000, 0), (42_001, 1), (41_000, -1_000)])
def test_a_money_account_must_agree_with_the_tariff_and_says_when_not(
    village, close, charged, difference
):
    from controller.audit.models import AuditEvent
    from controller.billing import queries

    home = village(1, "A2.2 (FD) / 2000 / 0 / SLABS")
    home.read(JANUARY.start_s, 0, mode=2, charged=500, balance=9_500)
    # 80 units × 4.00 + 2 kW × 50.00 = 420.00
    home.read(JANUARY.end_s, 80_000, mode=2, charged=500 + charged, balance=9_500 - charged)
    (bill,) = close()
    assert (bill.bought, bill.used) == (0, charged)
    assert bill.difference == difference
    assert ("against the tariff" in bill.note) == bool(difference)
    assert list(queries.mismatches("KATS", "2026-01")) == ([bill] if difference else [])
    event = AuditEvent.objects.get(action="close period")
    assert event.detail["mismatches"] == ([bill.number] if difference else [])


def test_a_month_half_postpaid_is_a_bill_for_that_half(village, close, clock):
    change_s = JANUARY.start_s + 10 * DAY_S
    home = village(1)
    home.read(JANUARY.start_s, 0)
    home.read(change_s, 50_000, mode=0)
    home.assign("A2.2 (FD) / 2000 / 0 / SLABS", change_s, opened_s=change_s)
    home.read(JANUARY.end_s, 70_000, mode=2, charged=8_000 + 6_774, balance=100)
    (bill,) = close()
    assert bill.kind == "bill"
    assert lines_of(bill) == [("energy", 20_000), ("fixed", 3_226)]  # 10 of 31 days
    assert (bill.used, bill.difference) == (14_774, 0)  # 21 of 31 days, 20 units


def test_who_has_no_meter_or_no_confirmed_package_gets_no_bill(village, close):
    from controller.consumers import services

    village(1).connection.assignments.update(activated_s=None)
    services.add_consumer("KATS", "No meter", 1, 2, 1000, **CLERK)
    assert close() == []


def test_a_meter_that_was_never_heard_is_billed_its_fixed_charge_and_says_so(village, close):
    village(1)
    (bill,) = close()
    assert (bill.units_wh, bill.total_paise, bill.estimated) == (0, 10_000, True)
    assert "registers at 0" in bill.note


def test_a_month_is_closed_once_and_not_before_its_end(village, close, clock):
    from controller.billing import services
    from controller.billing.models import Bill, Period

    village(1)
    clock(JANUARY.end_s - 1)
    with pytest.raises(Refused, match="not over"):
        services.close_period("KATS", "2026-01", actor="clerk")
    close()
    for month in ("2026-01", "2025-12"):
        with pytest.raises(Refused, match="closed up to"):
            services.close_period("KATS", month, actor="clerk")
    assert (Period.objects.count(), Bill.objects.count()) == (1, 1)


def test_no_month_is_left_out_once_a_plant_is_billed(village, close, clock):
    """Its fixed charges would be lost and its energy fall into the next month's slabs."""
    from controller.billing import services

    village(1)
    close()
    clock(JANUARY.end_s + 100 * DAY_S)
    with pytest.raises(Refused, match="2026-02 of KATS is not closed") as refusal:
        services.close_period("KATS", "2026-03", actor="clerk")
    assert "Close 2026-02 first" in refusal.value.what_to_do
    for month in ("2026-02", "2026-03"):
        assert services.close_period("KATS", month, actor="clerk").state == "closed"


def test_a_month_takes_as_many_queries_for_twelve_connections_as_for_two(
    village, clock, django_assert_max_num_queries
):
    """However large the plant, its month is closed in the same few looks at the database."""
    from controller.billing import services
    from controller.billing.models import Bill

    def settle(numbers) -> None:
        for number in numbers:
            home = village(number, "A2.2 (FD) / 2000 / 0 / SLABS")
            home.read(JANUARY.start_s, 0, mode=2)
            home.read(JANUARY.end_s, 80_000, mode=2, charged=42_000, balance=1_000)

    def close_counting(month: str, highest: int) -> int:
        with django_assert_max_num_queries(highest) as queries:
            services.close_period("KATS", month, actor="clerk")
        return len(queries)

    settle(range(1, 3))
    clock(JANUARY.end_s + 28 * DAY_S)
    of_two = close_counting("2026-01", 80)  # on PostgreSQL a few more than on SQLite
    clock(JANUARY.start_s - DAY_S)
    settle(range(3, 13))
    clock(JANUARY.end_s + 28 * DAY_S)
    assert close_counting("2026-02", of_two) <= of_two
    assert Bill.objects.filter(period__month="2026-02").count() == 12


def test_the_statement_sets_our_own_books_beside_the_meters_and_says_when_they_differ(
    village, close, clock
):
    from controller.billing import queries
    from controller.headend.signals import command_finished
    from controller.prepay.services import sell_credit

    home = village(1, "A2.1 (FD) / 2000 / 0 / 650p")
    home.read(JANUARY.start_s, 0, mode=1)
    for day, is_confirmed in ((3, True), (4, False), (40, True)):  # the last is February's
        clock(JANUARY.start_s + day * DAY_S)
        command = sell_credit("BHK01", 5_000, "energy", 3_250, **CLERK).command
        if is_confirmed:
            command.mark_applied()
            command.save()
            command_finished.send(sender=type(command), command=command)
    home.read(JANUARY.end_s, 2_000, mode=1, charged=2_000, balance=8_000)
    (bill,) = close()
    assert (bill.bought, bill.sold, bill.difference) == (10_000, 5_000, 0)
    assert "credited 10000 Wh, 5000 were sold and confirmed" in bill.note
    assert list(queries.mismatches("KATS", "2026-01")) == [bill]


@pytest.mark.parametrize(
    ("plant", "month"), [("NONE", "2026-01"), ("KATS", "2026-13"), ("KATS", "January")]
)
def test_an_unknown_plant_or_month_is_refused(village, clock, plant, month):
    from controller.billing import services

    with pytest.raises(Refused):
        services.close_period(plant, month, actor="clerk")


def test_a_month_is_local():
    """January in India begins at 18:30 UTC on New Year's Eve, and February has its own days."""
    from controller import clock

    assert clock.moment(JANUARY.start_s).isoformat() == "2025-12-31T18:30:00+00:00"
    assert (JANUARY.days, rules.read_month("2028-02", 330).days) == (31, 29)
    assert JANUARY.day_of(JANUARY.start_s) == 1
    assert JANUARY.day_of(JANUARY.end_s - 1) == 31
