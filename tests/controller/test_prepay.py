"""Prepaid credit: sold once, in the package's unit, credited when the board says so."""

import pytest

from controller.errors import Refused
from controller.prepay import rules

CLERK = {"actor": "clerk"}


@pytest.fixture
def sell(board, clock):
    """Sells to meter BHK01, whose package is prepaid energy at ₹6.50 a unit."""
    from controller.consumers import services as consumers
    from controller.prepay import services

    consumers.add_plant("KATS", "BH", "Katsa", **CLERK)
    consumers.add_consumer("KATS", "Asha Devi", 11, 12, 2000, **CLERK)
    connection = consumers.fit_meter("BHKATS01112", board.meter_id, **CLERK)
    package = consumers.design_package("A2.1", "FD", 500, price_paise=650, **CLERK)
    consumers.assign_package(connection.pk, package.id, **CLERK)

    def sell(amount=5000, unit="energy", paid_paise=3250, purchase_id=None, meter_id="BHK01"):
        return services.sell_credit(meter_id, amount, unit, paid_paise, purchase_id, **CLERK)

    return sell


def finish(command, transition: str, *arguments) -> None:
    from controller.headend.signals import command_finished

    getattr(command, f"mark_{transition}")(*arguments)
    command.save()
    command_finished.send(sender=type(command), command=command)


def test_a_sale_is_credited_by_the_boards_receipt_alone(sell):
    purchase = sell()
    assert purchase.state == "queued"
    assert (purchase.command.name, purchase.command.arguments["2"]) == ("credit", 5000)
    finish(purchase.command, "applied")
    purchase.refresh_from_db()
    assert purchase.state == "credited"


@pytest.mark.parametrize(("transition", "arguments"), [("refused", (4,)), ("expired", ())])
def test_a_sale_that_the_board_did_not_take_is_refused(sell, transition, arguments):
    purchase = sell()
    finish(purchase.command, transition, *arguments)
    purchase.refresh_from_db()
    assert purchase.state == "refused"


def test_a_purchase_that_the_board_has_already_is_credited_and_no_money_is_owed(sell):
    """Its first answer was lost and forgotten: it knows the purchase, no longer the command."""
    purchase = sell()
    finish(purchase.command, "refused", 7)
    purchase.refresh_from_db()
    assert purchase.state == "credited"


@pytest.mark.parametrize(
    "order",
    [
        {"amount": 0},
        {"amount": -5000},
        {"amount": 10**9 + 1},
        {"paid_paise": 0},
        {"paid_paise": -1},
        {"unit": "money"},
        {"unit": "litres"},
        {"unit": 3},
        {"purchase_id": "12"},
        {"purchase_id": "G" * 16},
        {"meter_id": "BHK99"},
    ],
)
def test_bad_orders_are_refused_and_queue_nothing(sell, order):
    from controller.headend.models import Command
    from controller.prepay.models import Purchase

    with pytest.raises(Refused):
        sell(**order)
    assert not Purchase.objects.exists()
    assert Command.objects.count() == 1  # the package's


def test_a_purchase_id_counts_once(sell):
    from controller.headend.models import Command
    from controller.prepay.models import Purchase

    sell(purchase_id="00000000000000aa")
    with pytest.raises(Refused, match="sold already"):
        sell(purchase_id="00000000000000aa")
    assert Purchase.objects.count() == 1
    assert Command.objects.filter(name="credit").count() == 1


def test_money_buys_energy_at_the_packages_price_and_no_paisa_is_lost(sell):
    assert sell(amount=None, paid_paise=10_000).amount == 15_385  # 15,384.6… Wh, rounded up
    for paid_paise in (1, 649, 650, 651, 9_999):
        bought_wh = rules.energy_wh(paid_paise, 650)
        assert bought_wh * 650 >= paid_paise * 1000 > (bought_wh - 1) * 650


def test_an_energy_package_without_a_price_per_unit_does_not_take_paise_for_watt_hours(sell):
    """Such a package cannot be designed; one from elsewhere must not sell ten Wh a rupee."""
    from controller.consumers.models import Package

    Package.objects.update(price_paise=None)
    with pytest.raises(Refused, match="no price per unit"):
        sell(amount=None, paid_paise=10_000)


def test_a_monthly_price_is_not_forgotten_when_energy_is_sold(sell):
    """UP-5: what the month costs must be taken by who divides the payment, so none is guessed."""
    from controller.consumers.models import Package

    Package.objects.update(monthly_paise=5_000)
    with pytest.raises(Refused, match="monthly price"):
        sell(amount=None, paid_paise=10_000)


@pytest.mark.parametrize(
    ("paid_paise", "days", "rest_paise"),
    [
        # ₹160 a month of 30 days: a day is 533.33, 5 days are 2,666.67, 30 are 16,000.
        (532, 0, 532),
        (533, 1, 0),
        (1_066, 1, 533),
        (1_067, 2, 0),
        (2_667, 5, 0),
        (16_000, 30, 0),
        (16_001, 30, 1),
        (192_000, 360, 0),
    ],
)
def test_a_payment_buys_whole_days_of_a_flat_package(paid_paise, days, rest_paise):
    """MG-7, MG-8: a fixed sum every month, 30 days, sold by the day."""
    assert rules.days_bought(paid_paise, 16_000) == (days, rest_paise)


def test_days_are_sold_to_a_flat_package_and_only_whole_ones(sell):
    """MG-7: a load-limiter connection has paid days instead of a meter's credit."""
    from controller.consumers import services as consumers
    from controller.consumers.models import PackageAssignment
    from controller.consumers.queries import connection_of_meter

    flat = consumers.design_package("A1.1", "NN", 17, 160, **CLERK)
    connection = connection_of_meter("BHK01")
    consumers.assign_package(connection.pk, flat.id, **CLERK)
    PackageAssignment.objects.filter(package=flat).update(state="active")
    purchase = sell(amount=None, unit="days", paid_paise=16_000)
    assert (purchase.amount, purchase.get_unit_display()) == (30, "days")
    assert purchase.command.arguments["1"] == 3
    with pytest.raises(Refused, match="leave 1 paise"):
        sell(amount=None, unit="days", paid_paise=16_001)
    with pytest.raises(Refused, match="out of range"):
        sell(amount=3_661, unit="days", paid_paise=16_000)
    with pytest.raises(Refused, match="does not take"):
        sell(unit="energy")


def test_a_credit_belongs_to_the_moment_that_the_board_names_in_its_receipt(sell, clock):
    """A receipt that comes after midnight tells of credit that the month before has."""
    from controller.headend.models import Receipt, SignedMessage

    purchase = sell()
    message = SignedMessage.objects.create(
        meter_id="BHK01", epoch=1, counter=1, kind=5, envelope=b"", received_s=200_000_900
    )
    Receipt.objects.create(
        command=purchase.command, stage=2, status={"clock_now_s": 200_000_700}, message=message,
        received_s=200_000_900,
    )  # fmt: skip
    clock(200_000_900)
    finish(purchase.command, "applied")
    purchase.refresh_from_db()
    assert purchase.finished_s == 200_000_700


def test_the_account_sets_the_boards_registers_beside_the_sales(sell):
    from controller.fleet.models import MeterState
    from controller.prepay import queries

    finish(sell().command, "applied")
    sell(amount=700)
    MeterState.objects.filter(meter="BHK01").update(
        credit_mode=1, credited_total=5000, charged_total=1200, balance=3800
    )
    account = queries.account("BHK01")
    assert account == ("Wh", 5700, 700, 5000, 1200, 3800)
    assert account.difference == 0


def test_a_postpaid_meter_has_no_account(sell):
    from controller.prepay import queries

    assert queries.account("BHK01") is None


def test_days_that_a_board_keeps_and_nobody_sold_are_a_difference(sell):
    """MG-7: paid days are an account like the others, compared with what was sold."""
    from controller.fleet.models import MeterState
    from controller.prepay import queries

    MeterState.objects.filter(meter="BHK01").update(
        credit_mode=3, credited_total=12, charged_total=0, balance=12
    )
    account = queries.account("BHK01")
    assert account == ("days", 0, 0, 12, 0, 12)
    assert account.difference == 12
