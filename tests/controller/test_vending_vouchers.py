"""A recharge with a voucher: one purchase on two ways, of which only one is ever applied."""

import pytest

from controller.errors import Refused
from controller.prepay import services
from tests.controller import till
from tests.controller.till import ASHA, CLERK, OFFICE, balance, finish, recharge

NOW_S = 200_000_000


@pytest.fixture(autouse=True)
def with_vouchers(board, clock):
    from controller.vouchers import services as vouchers

    till.open_tills()
    till.supply_by_tariff()
    vouchers.add_key(supply_group="123457", revision=1, base_year=2014, **OFFICE)


def test_a_recharge_is_a_command_and_a_voucher_of_one_purchase():
    """UP-11, UP-12: the same purchase id on both ways, so that the board applies it once."""
    from controller.vouchers.models import Voucher

    purchase = recharge()
    voucher = Voucher.objects.get(pk=purchase.pk)
    assert voucher.amount_tenths * 100 == purchase.amount == 125_300
    assert purchase.command.arguments["0"] == {"hex": voucher.pk}
    first = services.hand_out_voucher(purchase_id=purchase.pk, **CLERK)
    assert services.hand_out_voucher(purchase_id=purchase.pk, **CLERK) == first
    assert len(first.token.replace(" ", "")) == 20
    assert recharge() == purchase
    assert Voucher.objects.count() == 1


def test_two_recharges_in_one_minute_are_two_vouchers():
    assert recharge().pk != recharge("key-00002").pk


def test_a_command_that_expired_leaves_the_purchase_open_while_its_voucher_is_out():
    purchase = recharge()
    finish(purchase, "expired")
    assert purchase.state == "queued"
    assert balance(f"prepaid:{ASHA}") == -49_493


def test_a_refusal_with_a_voucher_out_is_for_a_person_to_decide():
    purchase = recharge()
    finish(purchase, "refused", 9)
    assert purchase.state == "queued"
    (task,) = till.open_tasks("recharge_refused")
    assert task.evidence == {"purchase": purchase.pk, "reason": 9}


def test_without_a_valid_vending_key_the_command_alone_brings_the_credit():
    from controller.vouchers.models import VendingKey

    VendingKey.objects.update(valid_until_s=NOW_S)
    purchase = recharge()
    assert services.hand_out_voucher(purchase_id=purchase.pk, **CLERK) is None
    assert len(till.open_tasks("voucher_not_issued")) == 1


UNUSABLE = [pytest.param(b"", id="empty"), pytest.param(b"x" * 60, id="of another master key")]


@pytest.fixture(params=UNUSABLE)
def without_root_key(request):
    from controller.fleet.models import Meter

    Meter.objects.update(root_key_sealed=request.param)


def test_nothing_is_taken_for_a_meter_that_no_credit_can_reach(without_root_key):
    """UP-12: a meter whose root key is not usable is refused before money moves, on every way."""
    from controller.ledger.models import Entry
    from controller.payments.models import Payment
    from controller.prepay import queries

    def ask(act, *arguments, **facts):
        with pytest.raises(Refused, match=r"root key of meter BHK01.*fit another meter"):
            act(*arguments, **facts)

    ask(recharge)
    ask(recharge, point_of_sale="A1")
    ask(queries.quote, ASHA, 50_000)
    ask(services.sell_credit, "BHK01", 1_000, "energy", 0, **CLERK)
    assert not Payment.objects.exists()
    assert not Entry.objects.exists()


def test_money_that_was_called_back_stays_with_a_task(without_root_key):
    """UP-12: what a provider has taken already is a payment, and a person decides."""
    from controller.payments.services import process_callbacks

    bought = till.order(paise=50_000, purpose="recharge")
    body = till.body_of(payment="p1", order=bought.pk, amount_paise=50_000, method="upi")
    till.call(body, NOW_S)
    process_callbacks()
    bought.refresh_from_db()
    assert bought.state == "paid"
    assert balance(f"consumer:{ASHA}") == -50_000
    (task,) = till.open_tasks("recharge_not_sold")
    assert "root key" in task.evidence["what"]


def test_money_that_was_called_back_is_sold_once_the_key_opens_again():
    """UP-12: nothing is lost: when the key is usable again the same payment becomes credit."""
    from controller.fleet.models import Meter

    sealed = bytes(Meter.objects.get(pk="BHK01").root_key_sealed)
    Meter.objects.update(root_key_sealed=b"")
    payment = till.pay(paise=50_000, purpose="recharge")
    with pytest.raises(Refused, match="root key"):
        services.vend(payment_id=payment.pk, **CLERK)
    Meter.objects.update(root_key_sealed=sealed)
    assert services.vend(payment_id=payment.pk, **CLERK).payment == payment


@pytest.mark.parametrize("secret", [b"", b"x" * 60, None], ids=["empty", "foreign", "too short"])
def test_a_vending_key_that_cannot_be_used_leaves_the_command(secret):
    """UP-12: the credit comes by command alone; a bulk of vouchers is refused as a whole."""
    from controller.fleet import sealing
    from controller.vouchers.models import VendingKey, Voucher
    from controller.vouchers.services import issue_bulk

    short = sealing.seal("vending key 123457/1", b"short")
    VendingKey.objects.update(key_sealed=short if secret is None else secret)
    assert recharge().state == "queued"
    assert len(till.open_tasks("voucher_not_issued")) == 1
    with pytest.raises(Refused):
        issue_bulk([("BHK01", 10), ("BHK01", 20)], **CLERK)
    assert not Voucher.objects.exists()
