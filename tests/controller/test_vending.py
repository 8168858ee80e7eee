"""Recharges: money is taken, divided, posted, and sent to the meter once (UP-1 to UP-12)."""

from datetime import date

import pytest

from controller.errors import Conflict, Refused
from controller.prepay import queries, services
from tests.controller import till
from tests.controller.till import ASHA, CLERK, OFFICE, balance, finish, lines, recharge

NOW_S = 200_000_000  # 2026-05-04 in Katsa
DAY_S = 86_400


@pytest.fixture(autouse=True)
def tills(board, clock):
    till.open_tills()


@pytest.fixture
def by_tariff(tills):
    """Asha's account is in energy, by the slabs of LMV-1 with a fixed charge (2 kW)."""
    till.supply_by_tariff()


def test_a_recharge_is_divided_posted_and_sent_to_the_meter(by_tariff):
    """UP-2, UP-5: 1 day of ₹75 for 2 kW in a month of 31 days (₹4.84 less 1.25 %), the rest is
    energy: 125.3 kWh at ₹4 are ₹501.20, less 1.25 % ₹494.93; 125.4 would be too much.
    """
    purchase = recharge()
    assert lines(purchase) == {"fixed": (477, 0), "credit": (49_493, 125_300), "rest": (30, 0)}
    arguments = purchase.command.arguments
    assert (purchase.command.name, arguments["1"], arguments["2"]) == ("credit", 1, 125_300)
    assert arguments["0"] == {"hex": purchase.pk}
    assert balance("cash:C1") == 50_000
    assert balance("income:fixed") == -477
    assert balance(f"prepaid:{ASHA}") == -49_493
    assert balance(f"consumer:{ASHA}") == -30  # the rest: never lost


def test_the_same_key_is_one_recharge(by_tariff):
    from controller.headend.models import Command

    assert recharge() == recharge()
    with pytest.raises(Conflict):
        recharge(paise=60_000)
    assert Command.objects.filter(name="credit").count() == 1
    assert balance("cash:C1") == 50_000


def test_fixed_charge_is_taken_for_the_days_since_the_last_sale(by_tariff, clock):
    """UP-5: on the sanctioned load, here 2 kW at ₹75: ₹150 a month of 30 or 31 days."""
    recharge()
    assert "fixed" not in lines(recharge("key-00002"))
    clock(NOW_S + 31 * DAY_S)  # 27 more days of May and 4 of June, 30 days long
    fixed = lines(recharge("key-00003"))["fixed"][0]
    assert fixed == pytest.approx((15_000 * 27 / 31 + 15_000 * 4 / 30) * 0.9875, abs=2)


def test_a_new_version_of_the_tariff_charges_its_own_days(by_tariff, clock):
    from controller.tariffs import services as tariffs

    recharge()
    dearer = {"tables": [[None, True, [[None, 400]]]], "fixed_per_kw_paise": 15_000}
    tariffs.add_version("LMV1", date(2026, 5, 15), dearer, **OFFICE)
    clock(NOW_S + 20 * DAY_S)  # 10 days at ₹150 a month, 10 at ₹300
    fixed = lines(recharge("key-00002"))["fixed"][0]
    assert fixed == pytest.approx((150 + 300) * 100 * 10 / 31 * 0.9875, abs=2)


def test_slabs_go_on_with_what_was_sold_this_month_and_begin_anew_in_the_next(by_tariff, clock):
    """Units by the slabs month-to-date: beyond 150 kWh a unit costs ₹4.50."""
    recharge()
    second = lines(recharge("key-00002"))["credit"][1]
    assert 50_000 / 450 * 1_000 < second < 50_000 / 400 / 0.9875 * 1_000
    clock(NOW_S + 31 * DAY_S)
    assert lines(recharge("key-00003", 60_000))["credit"][1] > 110_000


def test_a_sale_that_the_meter_refused_does_not_count_for_the_slabs(by_tariff):
    first = recharge()
    finish(first, "refused", 9)
    assert lines(recharge("key-00002"))["credit"][1] > 110_000


def test_a_rest_goes_into_the_next_recharge(by_tariff):
    recharge()
    second = recharge("key-00002", 40_000)
    assert second.carried_paise == 30
    assert sum(paise for paise, _quantity in lines(second).values()) == 40_030


def test_a_recharge_below_the_smallest_voucher_is_refused_and_takes_nothing(by_tariff):
    """UP-11: ₹400 in the order; the licensee may lower it, so it is a setting."""
    with pytest.raises(Refused, match=r"Take ₹400\.00"):
        recharge(paise=39_999)
    assert balance("cash:C1") == 0
    till.set_profile(smallest_voucher_paise=1_000)
    recharge(paise=1_000)


def test_meter_cost_is_paid_in_twelve_equal_instalments(by_tariff, clock):
    """UP-4: one is due each month; a month without recharge leaves two."""
    services.lay_meter_cost(key="cost-0001", consumer_id=ASHA, total_paise=120_000, **OFFICE)
    assert balance(f"debt:{ASHA}") == 120_000
    assert lines(recharge())["instalment"] == (10_000, 0)
    assert "instalment" not in lines(recharge("key-00002"))
    clock(NOW_S + 62 * DAY_S)
    assert lines(recharge("key-00003", 80_000))["instalment"] == (20_000, 0)
    assert balance(f"debt:{ASHA}") == 90_000


def test_meter_cost_is_laid_once_for_its_key(by_tariff):
    """UP-4: amount and number of instalments come from the profile unless given."""
    till.set_profile(meter_cost_paise=120_000)
    for _ in range(2):
        services.lay_meter_cost(key="cost-0001", consumer_id=ASHA, **OFFICE)
    assert balance(f"debt:{ASHA}") == 120_000
    with pytest.raises(Conflict):
        services.lay_meter_cost(key="cost-0001", consumer_id=ASHA, total_paise=1_200, **OFFICE)


def test_arrears_take_their_share_of_a_recharge(by_tariff):
    till.owe(ASHA, 100_000)
    purchase = recharge()
    assert lines(purchase)["arrears"] == ((50_000 - 477) // 2, 0)
    assert (
        balance(f"consumer:{ASHA}")
        == 100_000 - lines(purchase)["arrears"][0] - (lines(purchase)["rest"][0])
    )


def test_a_recharge_that_leaves_no_credit_is_refused(by_tariff):
    till.owe(ASHA, 100_000)
    till.set_profile(arrears_share_pct=100)
    with pytest.raises(Refused, match="leaves no credit"):
        recharge()
    assert balance("cash:C1") == 0


def test_a_lifeline_advance_is_settled_by_the_next_recharge(by_tariff):
    """UP-8: the board's balance is 2 kWh below zero; they are the first of those sold."""
    from controller.fleet.models import MeterState

    MeterState.objects.filter(meter="BHK01").update(credit_mode=1, balance=-2_000)
    purchase = recharge()
    advance, rest = lines(purchase)["lifeline"], lines(purchase)["credit"]
    assert advance == (790, 2_000)
    assert purchase.amount == 2_000 + rest[1]
    assert "lifeline" not in lines(recharge("key-00002"))  # what is on its way covers it


def test_a_lifeline_package_has_the_board_give_an_advance_and_ask_for_recharges(tills):
    """UP-8: after 150 units in a month 10 kWh more than was bought; UP-10: within 120 days."""
    from controller.consumers.models import PackageAssignment
    from protocol import programme

    asked = {"lifeline_advance": 10_000, "lifeline_wh": 150_000, "recharge_days": 120}
    till.supply(ASHA, "BHK01", price_paise=650, parameters=asked)
    sent = programme.decode(bytes(PackageAssignment.objects.get().programme))
    credit = programme.to_names(sent)["credit"]
    assert {name: credit[name] for name in asked} == asked


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"prepaid_excluded_categories": ["domestic"]}, "UP-1"),
        ({"prepaid_load_max_w": 1_999}, "UP-1"),
    ],
)
def test_who_may_not_have_prepaid_is_sold_nothing(by_tariff, change, why):
    """UP-1: every category except industry, up to 45 kW; both are settings."""
    till.set_profile(**change)
    with pytest.raises(Refused, match=why):
        recharge()


def test_a_postpaid_consumer_and_one_without_meter_are_refused(tills):
    with pytest.raises(Refused, match="no meter"):
        recharge()
    till.supply(ASHA, "BHK01", kind="B2.1")
    with pytest.raises(Refused, match="is postpaid"):
        recharge()
    assert balance("cash:C1") == 0


def test_a_money_account_gets_all_that_is_left(tills):
    """The board itself takes fixed charge and tariff from a money account."""
    till.supply(ASHA, "BHK01", kind="A2.2")
    purchase = recharge(paise=5_000)
    assert (purchase.unit, purchase.amount) == (2, 5_000)
    assert lines(purchase) == {"credit": (5_000, 5_000)}


def test_a_flat_package_gets_days(tills):
    """MG-7: ₹160 a month; ₹100 are 18 days (₹96) and ₹4 stay."""
    till.supply(ASHA, "BHK01", kind="A1.1", monthly_rupees=160)
    purchase = recharge(paise=10_000)
    assert (purchase.unit, purchase.amount) == (3, 18)
    assert balance(f"consumer:{ASHA}") == -400


def test_credit_that_the_meter_refuses_is_the_consumers_money_again(by_tariff):
    purchase = recharge()
    finish(purchase, "refused", 9)
    assert purchase.state == "refused"
    assert balance(f"prepaid:{ASHA}") == 0
    assert balance(f"consumer:{ASHA}") == -49_493 - 30
    (task,) = till.open_tasks("money_owed_back")
    assert task.evidence["owed_paise"] == 49_493
    again = recharge("key-00002", 40_000)
    assert again.carried_paise == 49_523


def test_credit_that_the_meter_has_already_stays_sold(by_tariff):
    purchase = recharge()
    finish(purchase, "refused", 7)
    assert purchase.state == "credited"
    assert till.open_tasks() == []


def test_a_payment_whose_credit_is_on_its_way_cannot_be_reversed(by_tariff):
    from controller.payments import services as payments

    purchase = recharge()
    facts = {"payment_id": purchase.payment_id, "reason": "the wrong consumer", **CLERK}
    with pytest.raises(Refused, match="bought credit"):
        payments.reverse_payment(**facts)
    finish(purchase, "refused", 9)
    payments.reverse_payment(**facts)
    assert balance(f"consumer:{ASHA}") == 477  # the day's fixed charge


def test_who_has_found_out_settles_a_purchase_of_which_the_meter_says_nothing(by_tariff):
    purchase = recharge()
    facts = {"purchase_id": purchase.pk, "note": "the board was exchanged", **OFFICE}
    services.settle_purchase(is_credited=False, **facts)
    assert balance(f"consumer:{ASHA}") == -49_523
    with pytest.raises(Refused, match="not open"):
        services.settle_purchase(is_credited=False, **facts)


def test_a_recharge_paid_through_a_provider_is_sold_by_its_callback(by_tariff):
    """UP-12: online; the credit is sold in the same transaction that takes the money."""
    from controller.payments import services as payments

    wanted = till.order(paise=50_000, purpose="recharge")
    body = till.body_of(payment="pay-1", order=wanted.pk, amount_paise=50_000)
    for _ in range(2):
        till.call(body, NOW_S)
        payments.process_callbacks()
    wanted.refresh_from_db()
    assert lines(wanted.payment.purchase)["credit"] == (49_493, 125_300)
    assert balance("clearing:acme") == 50_000


def test_a_paid_recharge_that_cannot_be_sold_stays_credit_with_a_task_and_is_sold_later(by_tariff):
    from controller.payments import services as payments
    from controller.payments.models import Payment

    wanted = till.order(paise=50_000, purpose="recharge")
    till.set_profile(smallest_voucher_paise=60_000)
    till.call(till.body_of(payment="pay-1", order=wanted.pk, amount_paise=50_000), NOW_S)
    payments.process_callbacks()
    (task,) = till.open_tasks("recharge_not_sold")
    assert balance(f"consumer:{ASHA}") == -50_000
    till.set_profile(smallest_voucher_paise=40_000)
    payment = Payment.objects.get(pk=task.evidence["payment"])
    purchase = services.vend(payment_id=payment.pk, **CLERK)
    assert services.vend(payment_id=payment.pk, **CLERK) == purchase
    assert balance(f"consumer:{ASHA}") == -30


def test_a_quote_says_what_a_recharge_becomes_and_changes_nothing(by_tariff):
    from controller.ledger.models import Entry

    quoted = queries.quote(ASHA, 50_000)
    assert not Entry.objects.exists()
    assert quoted.division.amount == recharge().amount
    assert quoted.recharge_by == date(2026, 9, 4)


def test_the_receipt_shows_the_division(by_tariff):
    """MG-10: what the consumer paid for stands on the receipt, line by line."""
    told = queries.receipt_data(queries.find_purchase(recharge().pk))
    assert told["receipt_number"] == "C1-2026-000001"
    assert (told["unit"], told["amount"], told["consumer_shown"]) == ("Wh", 125_300, f"{ASHA} 8")
    assert sum(line["amount_paise"] for line in told["lines"]) == told["paid_paise"] == 50_000
    assert [line["kind"] for line in told["lines"]] == ["fixed", "credit", "rest"]


def test_who_has_not_recharged_for_four_months_becomes_a_task(by_tariff, clock):
    """UP-10: recharge at least once in four months; the last day for 4 May is 4 September."""
    from controller.consumers.models import PackageAssignment

    PackageAssignment.objects.update(state="active")
    recharge()
    clock(NOW_S + 123 * DAY_S)
    assert queries.overdue_recharges() == []
    clock(NOW_S + 124 * DAY_S)
    for _ in range(2):
        services.remind_of_recharges(**OFFICE)
    (task,) = till.open_tasks("recharge_overdue")
    assert task.evidence == {"last": "2026-05-04", "due": "2026-09-04"}
    recharge("key-00002", 90_000)
    assert queries.overdue_recharges() == []


def test_who_never_recharged_counts_from_the_accounts_first_day(by_tariff, clock):
    """UP-10."""
    from controller.consumers.models import PackageAssignment

    PackageAssignment.objects.update(state="active")
    clock(NOW_S + 124 * DAY_S)
    assert [row.consumer_id for row in queries.overdue_recharges()] == [ASHA]


def test_energy_is_not_sold_ahead_by_a_tariff_that_gets_times_of_day_later(tills):
    """UP-2: its package is refused at the design; where a later version brings hours, the sale."""
    from controller.tariffs import services as tariffs

    record = {
        "tables": [[None, True, [[None, 400]]]],
        "rate_adder_paise": [100, 0, 0],
        "rate_bands": [[127, 1080, 1320, 1]],
    }
    plain = {"tables": record["tables"]}
    tariffs.add_tariff("TOD", "By the hour", **OFFICE)
    tariffs.add_version("TOD", date(2026, 1, 1), plain, **OFFICE)
    till.supply(ASHA, "BHK01", tariff_code="TOD")
    tariffs.add_version("TOD", date(2026, 5, 4), record, **OFFICE)
    with pytest.raises(Refused, match="time of day"):
        recharge()
