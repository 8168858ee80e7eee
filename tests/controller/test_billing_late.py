"""Late charges: on what is overdue, as the tariff or else the utility profile says."""

import pytest

from tests.controller.homes import CLERK
from tests.controller.test_billing_runs import FEBRUARY_END_S, balance, pay, used


def test_what_was_not_paid_in_time_is_carried_with_a_late_charge(village, close, clock):
    """MG-8: 1.25 % of what is overdue, and only of that; arrears stand on the next bill."""
    from controller.billing import queries, services
    from controller.profile.services import change

    change(name="late_charge_bp", value=125, **CLERK)
    late, paid = village(1), village(2)
    used(late)
    used(paid)
    close()
    pay(paid, 50_000)
    pay(late, 20_000, "receipt:2")
    for home in (late, paid):
        home.read(FEBRUARY_END_S, 100_000)
    clock(FEBRUARY_END_S + 60)
    services.close_period("KATS", "2026-02", actor="clerk")
    first, second = queries.bills_of("KATS", "2026-02")
    assert [(line.kind, line.amount_paise) for line in queries.lines_of(first)] == [
        ("fixed", 10_000), ("late charge", 375),
    ]  # fmt: skip
    assert queries.lines_of(first)[1].text == "Late charge: 1.25 % of ₹300.00 overdue"
    assert (first.arrears_paise, first.payable_paise) == (30_000, 40_375)
    assert (second.arrears_paise, second.payable_paise) == (0, 10_000)
    assert (balance(late), balance(paid)) == (40_375, 10_000)


@pytest.mark.parametrize(("tariff_bp", "charged"), [(None, 375), (200, 600), (0, None)])
def test_the_late_charge_is_the_tariffs_where_it_has_one_else_the_profiles(
    village, close, clock, tariff_bp, charged
):
    """MG-8: a version that was in force at the month's end decides, a later one does not."""
    from datetime import date

    from controller.billing import queries, services
    from controller.profile.services import change
    from controller.tariffs.models import Tariff, TariffVersion

    change(name="late_charge_bp", value=125, **CLERK)
    home = village(1)
    used(home)
    slabs = Tariff.objects.get(code="SLABS")
    record = slabs.versions.get().record
    for day, share_bp in ((date(2026, 2, 15), tariff_bp), (date(2026, 3, 1), 5_000)):
        TariffVersion.objects.create(
            tariff=slabs, valid_from=day, record=record, late_charge_bp=share_bp
        )
    close()
    pay(home, 20_000)
    home.read(FEBRUARY_END_S, 100_000)
    clock(FEBRUARY_END_S + 60)
    services.close_period("KATS", "2026-02", actor="clerk")
    (bill,) = queries.bills_of("KATS", "2026-02")
    amounts = {line.kind: line.amount_paise for line in queries.lines_of(bill)}
    assert amounts.get("late charge") == charged


def test_a_bill_not_yet_due_bears_no_late_charge(village, close, clock):
    """MG-8: a consumer whose due day is still to come is not late."""
    from controller.billing import queries, services
    from controller.profile.services import change

    change(name="late_charge_bp", value=125, **CLERK)
    change(name="due_days", value=60, **CLERK)
    home = village(1)
    used(home)
    close()
    home.read(FEBRUARY_END_S, 100_000)
    clock(FEBRUARY_END_S + 60)
    services.close_period("KATS", "2026-02", actor="clerk")
    (bill,) = queries.bills_of("KATS", "2026-02")
    assert [line.kind for line in queries.lines_of(bill)] == ["fixed"]
    assert bill.arrears_paise == 50_000
