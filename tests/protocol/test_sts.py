"""Tokens as the meter takes them: what was printed is what is read, and nothing else is."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import sts, token_keys
from protocol.errors import LimitError, TokenError

KEY = bytes.fromhex("f94b6ed353c3bfdb113e2d3a7ea3c41d")
TOKEN = "59386323472137426967"

keys = st.binary(min_size=16, max_size=16)
tenths = st.integers(0, sts.AMOUNT_MAX_TENTHS)


@given(
    key=keys,
    kind=st.sampled_from((sts.CREDIT, sts.MANAGEMENT)),
    numbers=st.tuples(
        st.integers(0, 15), st.integers(0, sts.TID_MAX), st.integers(0, 65_535), st.integers(0, 15)
    ),
)
def test_a_token_that_was_made_reads_as_it_was_made(key, kind, numbers):
    """UP-11: a voucher says its class, identity and amount, whatever they are."""
    token = sts.decode(sts.encode(sts.make(kind, *numbers), key), key)
    read = (token.subclass, token.tid_minutes, token.data, token.random)
    assert (token.kind, read) == (kind, numbers)


@given(
    subclass=st.sampled_from((0, 1)), control=st.integers(0, 2**28 - 1), code=st.integers(0, 255)
)
def test_a_test_token_reads_the_same_under_any_key(subclass, control, code):
    digits = sts.encode(sts.make_test(subclass, control, code), b"")
    token = sts.decode(digits, KEY)
    assert (token.kind, token.subclass) == (sts.TEST, subclass)
    assert sts.test_fields(token) == (control, code)


@given(
    key=keys,
    numbers=st.tuples(
        st.integers(0, 9), st.integers(0, 3), st.integers(0, 255), st.integers(0, 99),
        st.integers(0, 999_999), st.booleans(),
    ),
)  # fmt: skip
def test_a_key_change_is_put_together_from_its_four_sections(key, numbers):
    sections = token_keys.key_sections(token_keys.KeyChange(key, *numbers))
    joined = token_keys.join_sections([section.block for section in sections])
    read = (joined.krn, joined.kt, joined.ken, joined.ti, joined.sgc, joined.rollover)
    assert (joined.key, read) == (key, numbers)


def test_sections_out_of_their_order_are_no_key_change():
    sections = token_keys.key_sections(token_keys.KeyChange(KEY, 1, 2, 255, 1, 123_457))
    with pytest.raises(LimitError, match="sections 1, 2, 3 and 4"):
        token_keys.join_sections([section.block for section in reversed(sections)])


@pytest.mark.parametrize("place", range(20))
def test_every_single_mistyped_digit_is_refused(place):
    for digit in "0123456789":
        if digit != TOKEN[place]:
            with pytest.raises(TokenError):
                sts.decode(TOKEN[:place] + digit + TOKEN[place + 1 :], KEY)


def test_digits_at_random_pass_the_check_no_oftener_than_16_bits_let_them():
    draw = random.Random(1)
    taken = 0
    for _number in range(3_000):
        try:
            sts.decode(f"{draw.randrange(2**66):020d}", KEY)
        except TokenError:
            continue
        taken += 1
    assert taken <= 1


def test_blanks_between_the_digits_do_not_count():
    assert sts.decode("5938 6323 4721 3742 6967", KEY).tid_minutes == 5_871_660


@given(tenths)
def test_an_amount_is_rounded_up_by_less_than_its_step(amount):
    carried = sts.amount_of(sts.data_for(amount))
    assert 0 <= carried - amount < 1_000
    assert carried == amount or amount > 16_383


@given(tenths)
def test_what_is_sold_is_the_largest_amount_that_was_paid_for(amount):
    """UP-11: only an amount that the token can carry is sold, and never more than was paid."""
    sold = sts.round_down(amount)
    assert sold <= amount
    assert sts.amount_of(sts.data_for(sold)) == sold
    assert sts.amount_of(sts.data_for(min(sold + 1, sts.AMOUNT_MAX_TENTHS))) >= amount or (
        sold == amount
    )


def test_every_amount_code_has_one_meaning_and_they_ascend():
    amounts = [sts.amount_of(code) for code in range(65_536)]
    assert amounts == sorted(set(amounts))
    assert all(sts.data_for(amounts[code]) == code for code in range(0, 65_536, 97))


def test_no_identity_stands_for_the_reserved_minute():
    for minute in range(3):
        assert sts.tid_at(minute * 60, 2014) % 1_440 != 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: sts.tid_at(0, 2035),
        lambda: sts.tid_at(0, 2020),
        lambda: sts.tid_at(0x3FFF_FFFF, 1993),
        lambda: sts.data_for(sts.AMOUNT_MAX_TENTHS + 1),
        lambda: sts.make(sts.CREDIT, 16, 0, 0, 0),
        lambda: sts.make(sts.CREDIT, 0, 1 << 24, 0, 0),
        lambda: sts.make_test(2, 0, 0),
        lambda: sts.Token(3, bytes(6)),
        lambda: token_keys.KeyChange(KEY, 10, 2, 255, 1, 0),
        lambda: token_keys.KeyChange(b"short", 1, 2, 255, 1, 0),
        lambda: token_keys.derive_key(b"short", "123457", "01", 2, 1, "6" * 18, 2014),
        lambda: token_keys.derivation_message("12345", "01", 2, 1, "6" * 18, 2014),
        lambda: token_keys.derivation_message("123457", "01", 2, 0, "6" * 18, 2014),
        lambda: token_keys.derivation_message("123457", "01", 2, 1, "6" * 18, 2014, 7),
    ],
)
def test_a_number_that_has_no_place_is_refused(call):
    with pytest.raises(LimitError):
        call()


def test_two_tokens_of_a_meter_are_two_purchases_and_one_token_is_one():
    first = sts.purchase_id("KATS0001", 2014, 5)
    assert first == sts.purchase_id("KATS0001", 2014, 5)
    others = {
        sts.purchase_id("KATS0001", 2014, 6),
        sts.purchase_id("KATS0001", 2035, 5),
        sts.purchase_id("KATS0002", 2014, 5),
    }
    assert len(others | {first}) == 4
    assert sts.voucher_of("KATS0001", first) == (2014, 5)


@given(st.binary(min_size=8, max_size=8))
def test_a_purchase_that_is_no_tokens_is_known_as_such(purchase):
    assert sts.voucher_of("KATS0001", purchase) is None
