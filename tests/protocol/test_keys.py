"""Keys: what they are derived from cannot be confused, and malformed identities get no key."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import keys
from protocol.errors import LimitError, MessageError

ROOT = bytes(range(32))


@given(st.binary(max_size=200), st.binary(max_size=300))
def test_hmac_is_that_of_the_standard_library(key, data):
    assert keys.hmac_sha256(key, data) == hmac.new(key, data, hashlib.sha256).digest()


def test_every_role_epoch_and_meter_has_a_key_of_its_own():
    derived = {
        keys.role_key(ROOT, epoch, role, meter)
        for epoch in (0, 1, 2)
        for role in (keys.ROLE_UPLINK, keys.ROLE_DOWNLINK, keys.ROLE_TOKEN, keys.ROLE_BROKER)
        for meter in ("KA1", "KA2")
    }
    assert len(derived) == 3 * 4 * 2


@pytest.mark.parametrize("meter", ["", "ka1", "KA 1", "KA/1", "KÄ1", "A" * 17, None, 7])
def test_a_malformed_meter_identity_gets_no_key(meter):
    with pytest.raises(MessageError, match="1-16 characters"):
        keys.role_key(ROOT, 1, keys.ROLE_UPLINK, meter)


@pytest.mark.parametrize(("root", "epoch"), [(b"short", 1), (ROOT, -1), (ROOT, 2**30)])
def test_a_root_or_epoch_out_of_bounds_gets_no_key(root, epoch):
    with pytest.raises(LimitError):
        keys.role_key(root, epoch, keys.ROLE_UPLINK, "KA1")


@pytest.mark.parametrize("length", [0, -1, 8161])
def test_hkdf_gives_no_more_than_the_rfc_allows(length):
    with pytest.raises(LimitError):
        keys.hkdf_sha256(ROOT, b"", b"", length)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [(b"", b"", True), (b"ab", b"ab", True), (b"ab", b"aB", False), (b"ab", b"abc", False)],
)
def test_bytes_are_compared_whole(left, right, same):
    assert keys.same_bytes(left, right) is same
