"""A recharge with a voucher: one purchase on two ways, of which only one is ever applied."""

import pytest

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
