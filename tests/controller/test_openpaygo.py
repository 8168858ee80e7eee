"""OpenPAYGO tokens: the digits of the PyPI package 0.6.3, and none of its wrong decisions."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import Refused
from controller.vouchers import openpaygo
from controller.vouchers.openpaygo import ADD, DISABLE, SET, SYNC, Decoder, encode
from protocol import sts
from protocol.errors import TokenError
from tests.vectors import run

VECTORS = json.loads(Path(run.__file__).with_name("openpaygo.json").read_text())
KEY = bytes(range(16))


def answer(decoder, digits):
    """What a device says: the kind and value, or why not."""
    try:
        return decoder.take(digits)
    except TokenError as error:
        return sts.ANSWERS[error.answer]


def test_siphash_is_that_of_its_authors():
    assert openpaygo.siphash(KEY, bytes(range(15))) == 0xA129CA6149BE45E5


@pytest.mark.parametrize("case", VECTORS["starting_codes"], ids=lambda case: case["key"][:8])
def test_a_chain_begins_where_the_package_begins_it(case):
    assert openpaygo.starting_code(bytes.fromhex(case["key"])) == case["code"]


@pytest.mark.parametrize("case", VECTORS["tokens"], ids=lambda case: case["token"])
def test_a_token_of_the_package_is_made_and_taken(case):
    key, form = bytes.fromhex(case["key"]), {"start": case["starting_code"]}
    flags = {"extended": case["extended"], "restricted": case["restricted"]}
    made = encode(key, case["count"], case["kind"], case["value"], **form, **flags)
    assert made == (case["token"], case["new_count"])
    decoder = Decoder(key, case["count"], restricted=case["restricted"], **form)
    value = {DISABLE: 998, SYNC: 999}.get(case["kind"], case["value"])
    assert answer(decoder, case["token"]) == (case["kind"], value)
    assert decoder.count == case["new_count"]


def test_a_token_is_taken_once_also_by_a_device_that_remembers_nothing_yet():
    """The package takes it again where the list of used counts began empty."""
    decoder = Decoder(KEY, used=set())
    token, _count = encode(KEY, 0, ADD, 7)
    assert answer(decoder, token) == (ADD, 7)
    assert answer(decoder, token) == "used"


@pytest.mark.parametrize(
    ("digits", "says"),
    [
        ("123456789012", "crc"),  # the package fails on an invalid extended token
        ("123456789", "crc"),
        ("12345", "wrong format"),
        ("12345678x", "wrong format"),
        ("", "wrong format"),
    ],
)
def test_what_is_no_token_is_refused(digits, says):
    assert answer(Decoder(KEY, 5), digits) == says


@pytest.mark.parametrize("kind", [DISABLE, SYNC])
@pytest.mark.parametrize("restricted", [False, True])
def test_an_extended_disable_or_sync_is_not_mistaken_for_a_value(kind, restricted):
    """The package reads them as setting 998 or 999."""
    token, _count = encode(KEY, 4, kind, extended=True, restricted=restricted)
    assert answer(Decoder(KEY, 4, restricted=restricted), token)[0] == kind


def test_unused_tokens_may_come_late_until_something_sets_the_value():
    first, count = encode(KEY, 0, ADD, 1)
    second, count = encode(KEY, count, ADD, 2)
    third, count = encode(KEY, count, ADD, 3)
    decoder = Decoder(KEY)
    assert [answer(decoder, token) for token in (third, first)] == [(ADD, 3), (ADD, 1)]
    setting, count = encode(KEY, count, SET, 30)
    assert answer(decoder, setting) == (SET, 30)
    assert [answer(decoder, token) for token in (first, second, third)] == ["used"] * 3


def test_a_sync_brings_the_counter_back_and_no_used_token_with_it():
    decoder = Decoder(KEY)
    later, _count = encode(KEY, 40, ADD, 5)
    assert answer(decoder, later) == (ADD, 5)
    sync, count = encode(KEY, 10, SYNC)
    assert answer(decoder, sync) == (SYNC, 999)
    assert decoder.count == count == 11
    assert [answer(decoder, token) for token in (sync, later)] == ["used", "used"]
    following, _count = encode(KEY, count, ADD, 5)
    assert answer(decoder, following) == (ADD, 5)


def test_a_value_that_comes_again_costs_the_same_however_high_the_counter(monkeypatch):
    hashes = []
    siphash = openpaygo.siphash

    def counted(key, data):
        hashes.append(1)
        return siphash(key, data)

    decoder, count, costs = Decoder(KEY), 0, []
    for _month in range(120):
        token, count = encode(KEY, count, ADD, 30)
        with monkeypatch.context() as patch:
            patch.setattr(openpaygo, "siphash", counted)
            hashes.clear()
            assert answer(decoder, token) == (ADD, 30)
        costs.append(len(hashes))
    assert max(costs[40:]) <= min(costs[40:]) + 2


@pytest.mark.parametrize(
    ("kind", "value", "more"),
    [
        (ADD, 996, {}),
        (ADD, -1, {}),
        (ADD, None, {}),
        (SET, 998, {"extended": True}),
        (SET, 1_000_000, {"extended": True}),
        (DISABLE, 1, {}),
        ("open", 1, {}),
    ],
)
def test_a_token_that_would_mean_something_else_is_not_made(kind, value, more):
    with pytest.raises(Refused):
        encode(KEY, 0, kind, value, **more)


def test_a_counter_that_is_used_up_or_a_key_that_is_none_is_refused():
    with pytest.raises(Refused, match="another key"):
        encode(KEY, openpaygo.COUNT_MAX, ADD, 1)
    with pytest.raises(Refused, match="has 5 bytes"):
        encode(b"short", 0, ADD, 1)


@settings(deadline=None, max_examples=30)
@given(
    orders=st.lists(st.tuples(st.sampled_from((ADD, SET)), st.integers(0, 40)), max_size=10),
    shuffle=st.randoms(use_true_random=False),
)
def test_in_whatever_order_tokens_come_none_counts_twice(orders, shuffle):
    tokens, count = [], 0
    for kind, value in orders:
        token, count = encode(KEY, count, kind, value)
        tokens.append(token)
    shuffle.shuffle(tokens)
    decoder = Decoder(KEY)
    taken = [token for token in tokens * 2 if answer(decoder, token) in orders]
    assert len(taken) == len(set(taken))
