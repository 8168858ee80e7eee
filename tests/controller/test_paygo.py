"""OpenPAYGO behind the same face as vouchers: sealed keys, one counter a device, audited."""

import pytest

from controller.audit.models import AuditEvent
from controller.errors import Refused
from controller.vouchers import openpaygo, paygo
from controller.vouchers.models import PaygoDevice, PaygoToken
from controller.vouchers.services import IssuedVoucher

KEY = bytes(range(16))
CLERK = {"actor": "clerk"}


@pytest.fixture
def device(db, clock):
    return paygo.add_device("SHS-0001", key=KEY, **CLERK)


def test_each_token_is_another_and_the_device_takes_them_all(device):
    tokens = [paygo.issue(device_id="SHS-0001", days=days, **CLERK) for days in (7, 7, 30)]
    assert all(isinstance(token, IssuedVoucher) for token in tokens)
    decoder = openpaygo.Decoder(KEY)
    assert [decoder.take(token.token)[1] for token in tokens] == [7, 7, 30]
    assert len({token.purchase_id for token in tokens}) == 3
    assert PaygoDevice.objects.get().count == 6


def test_a_device_that_is_paid_for_is_unlocked_by_its_last_token(device):
    token = paygo.issue(device_id="SHS-0001", kind=openpaygo.DISABLE, **CLERK)
    assert openpaygo.Decoder(KEY).take(token.token)[0] == openpaygo.DISABLE


def test_neither_key_nor_token_stand_in_the_clear(device):
    voucher = paygo.issue(device_id="SHS-0001", days=7, **CLERK)
    digits = voucher.token.replace(" ", "")
    assert digits.encode() not in bytes(PaygoToken.objects.get().token_sealed)
    assert KEY not in bytes(PaygoDevice.objects.get().key_sealed)
    told = str(list(AuditEvent.objects.values_list("action", "subject", "detail")))
    assert digits not in told
    assert KEY.hex() not in told
    assert "issue OpenPAYGO token" in told


@pytest.mark.parametrize(
    "facts",
    [
        {"device_id": ""},
        {"device_id": "SHS-0001"},
        {"key": b"short"},
        {"starting_code": 0},
        {"count": -2},
        {"count": openpaygo.COUNT_MAX},
    ],
)
def test_a_device_that_could_take_no_token_is_not_registered(device, facts):
    given = {"device_id": "SHS-0002", "key": KEY} | facts
    with pytest.raises(Refused):
        paygo.add_device(given.pop("device_id"), **given, **CLERK)
    assert PaygoDevice.objects.count() == 1


@pytest.mark.parametrize("order", [{"device_id": "NONE", "days": 7}, {"days": 996}, {}])
def test_a_token_that_cannot_be_made_moves_no_counter(device, order):
    with pytest.raises(Refused):
        paygo.issue(**{"device_id": "SHS-0001", **order}, **CLERK)
    assert PaygoDevice.objects.get().count == 0
