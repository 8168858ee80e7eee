"""UP-11: what a meter answers to 20 digits, in which order it judges, and what it remembers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core import holds, inputs, ledger
from firmware.core.purchases import IDS_KEPT
from protocol import sts, token_keys
from tests.firmware.core.prepaid import ENERGY, FLAT, MONEY
from tests.firmware.core.vending import (
    KEY,
    METER,
    ROOT,
    change,
    command_for,
    enter,
    give_key,
    identify,
    token,
    voucher,
)

CREDIT_ADDED, TAKEN, REFUSED, KEY_CHANGED, CLEARED = 1008, 1042, 1043, 1044, 1045
TOKEN_KEY, BALANCE = 36, 6
OTHER = bytes(16)
WRONG = "0" * 19 + "1"


@pytest.fixture
def meter(start):
    """A prepaid meter of energy that has its own key."""
    bench = start()
    assert give_key(bench) == (2, 0)
    return bench


# Credit


def test_a_voucher_keyed_in_credits_its_amount_once(meter):
    """UP-11: without a network; the supply comes back with the credit."""
    assert meter.holds == holds.CREDIT
    assert enter(meter, voucher(1000, 256)) == "accepted"
    assert meter.status(BALANCE) == 25_600
    assert meter.is_closed
    assert enter(meter, voucher(1000, 256)) == "used"
    assert meter.status(BALANCE) == 25_600
    assert (meter.events(CREDIT_ADDED), meter.events(TAKEN)) == ([25_600], [1000])
    assert meter.events(REFUSED) == [sts.USED]


def test_a_purchase_that_comes_by_token_and_then_by_command_counts_once(meter):
    assert enter(meter, voucher(1000)) == "accepted"
    assert meter.command(4, command_for(1000)) == (3, 7)
    assert meter.status(BALANCE) == 10_000


def test_a_purchase_that_comes_by_command_and_then_by_token_counts_once(meter):
    assert meter.command(4, command_for(1000)) == (2, 0)
    assert enter(meter, voucher(1000)) == "used"
    assert meter.status(BALANCE) == 10_000


@pytest.mark.parametrize("is_token_first", [True, False])
def test_however_many_purchases_lie_between_both_ways_it_counts_once(meter, is_token_first):
    """The names of 32 purchases are remembered, the identities of 50 vouchers judge the rest."""
    deliver = [
        lambda tid: enter(meter, voucher(tid)),
        lambda tid: meter.command(4, command_for(tid)),
    ]
    first, second = deliver if is_token_first else reversed(deliver)
    first(1000)
    for tid in range(1001, 1001 + 60):
        assert enter(meter, voucher(tid)) == "accepted"
        if tid in (1040, 1060):  # names forgotten, identity kept; and neither
            assert second(1000) in ("used", "old", (3, 7), (3, 16))
    assert meter.status(BALANCE) == 61 * 10_000


def test_identities_may_come_in_any_order_and_the_oldest_of_fifty_is_the_limit(meter):
    for tid in (5000, 3000, 4000, *range(6000, 6000 + IDS_KEPT - 3)):
        assert enter(meter, voucher(tid)) == "accepted"
    assert enter(meter, voucher(2999)) == "old"
    assert enter(meter, voucher(3001)) == "accepted"  # 3000 is forgotten for it
    assert enter(meter, voucher(3000)) == "old"
    assert [enter(meter, voucher(tid)) for tid in (3001, 4000, 5000)] == ["used"] * 3


@settings(deadline=None, max_examples=30)
@given(tids=st.lists(st.integers(1, sts.TID_MAX), max_size=80))
def test_no_identity_counts_twice_whatever_comes_before_it(tids):
    from firmware.core.purchases import Purchases

    purchases = Purchases(ledger.create(), None)
    taken = []
    for tid in tids + tids:
        if not purchases.judge(tid):
            purchases.keep(tid)
            taken.append(tid)
    assert len(taken) == len(set(taken))
    newest = sorted(taken)[-IDS_KEPT:]
    assert all(purchases.judge(tid) == 7 for tid in newest)


def test_judging_a_token_takes_no_longer_after_a_long_history(meter, monkeypatch):
    """Decoding is one block of the cipher, judging fifty comparisons, whatever was before."""
    counts = []
    judge = sts.decode

    def counted(digits, key):
        counts.append(1)
        return judge(digits, key)

    monkeypatch.setattr(sts, "decode", counted)
    for tid in range(1000, 1100):
        enter(meter, voucher(tid))
    assert len(counts) == 100


@pytest.mark.parametrize("unit", [MONEY, FLAT])
def test_another_account_says_wrong_unit_and_the_voucher_stays_good(start, unit):
    bench = start(mode=unit)
    give_key(bench)
    assert enter(bench, voucher(1000)) == "wrong unit"
    bench.install(2, credit={"mode": ENERGY})
    assert enter(bench, voucher(1000)) == "accepted"


def test_a_balance_that_cannot_hold_it_says_overflow_and_the_voucher_stays_good(meter):
    assert enter(meter, voucher(1000, sts.AMOUNT_MAX_TENTHS)) == "overflow"
    assert meter.command(4, {0: b"a" * 8, 1: 1, 2: 1_000_000_000}) == (2, 0)
    big = sts.amount_of(sts.data_for(800_000))
    assert enter(meter, voucher(1001, big)) == "overflow"
    assert enter(meter, voucher(1001, 10)) == "accepted"


# The order of the checks


@pytest.mark.parametrize(
    ("digits", "answer"),
    [
        ("9" * 20, "wrong format"),
        (WRONG, "crc"),
        (voucher(1000, key=OTHER), "crc"),
        (token(1000, 1, subclass=1), "function not supported"),
        (token(1000, 1, subclass=15), "function not supported"),
        (token(1000, 1, kind=2, subclass=2), "function not supported"),
        (token(1000, 5, kind=2, subclass=1), "function not supported"),
        ("18446744073843772416", "function not supported"),
        (token(0, 1), "used"),
    ],
)
def test_what_cannot_be_taken_says_why_and_changes_no_balance(meter, digits, answer):
    assert enter(meter, digits) == answer
    assert meter.status(BALANCE) == 0


def test_a_meter_with_its_first_key_takes_no_credit(start):
    bench = start()
    first = token_keys.initial_key(ROOT, METER)
    assert enter(bench, voucher(1000, key=first)) == "default key refuses credit"
    assert give_key(bench, kt=token_keys.DEFAULT) == (2, 0)
    assert enter(bench, voucher(1000)) == "default key refuses credit"


def test_a_key_expires_by_its_number_before_the_identity_is_looked_at(start):
    bench = start()
    give_key(bench, ken=5)
    assert enter(bench, voucher((6 << 16) - 1)) == "accepted"
    assert enter(bench, voucher(6 << 16)) == "key expired"


def test_a_board_that_does_not_know_who_it_is_takes_no_token(start):
    bench = start()
    bench.drive(bench.board.enter_token(voucher(1000), bench.now_s, bench.uptime_s))
    assert bench.board.tokens.answer == sts.NOT_SUPPORTED
    assert bench.command(15, {0: "0" * 80}) == (3, 8)


# Management


def test_a_maximum_power_token_lowers_the_limit_until_another_ends_it(meter):
    assert enter(meter, token(1000, 500, kind=2)) == "accepted"
    meter.run(1)
    assert meter.status(13) == 500
    assert enter(meter, token(1001, sts.data_for(100_000), kind=2)) == "accepted"
    meter.run(1)
    assert meter.status(13) == 1_000  # never above the package's
    assert enter(meter, token(1002, 0, kind=2)) == "accepted"
    assert enter(meter, token(1000, 500, kind=2)) == "used"


@pytest.mark.parametrize("data", [0xFFFF, 0])
def test_a_clear_credit_token_takes_what_is_left_and_tells_how_much(meter, data):
    enter(meter, voucher(1000))
    assert enter(meter, token(1001, data, kind=2, subclass=1)) == "accepted"
    assert (meter.status(8), meter.status(9), meter.status(BALANCE)) == (10_000, 10_000, 0)
    assert (meter.holds, meter.events(CLEARED)) == (holds.CREDIT, [10_000])


def test_a_clear_tamper_token_ends_the_hold(meter):
    meter.install(2, credit={"mode": 0}, tamper_holds=True)
    meter.board.inputs = inputs.COVER_OPEN
    meter.run(1)
    assert meter.holds == holds.TAMPER
    meter.board.inputs = 0
    assert enter(meter, token(1000, 0, kind=2, subclass=5)) == "accepted"
    assert meter.is_closed


# Keys


def test_four_tokens_in_any_order_change_the_key_and_no_fewer(start):
    bench = start()
    tokens = change()
    answers = [enter(bench, tokens[at]) for at in (2, 0, 2, 3)]
    assert answers == ["first key-change token taken"] + ["next key-change token taken"] * 3
    assert bench.board.status(bench.now_s).get(TOKEN_KEY) is None
    assert enter(bench, voucher(1000)) == "crc"
    assert enter(bench, tokens[1]) == "accepted"
    assert bench.status(TOKEN_KEY) == 1_234_571
    assert bench.events(KEY_CHANGED) == [1_234_571]
    assert enter(bench, voucher(1000)) == "accepted"


def test_a_power_cut_between_the_four_costs_none_of_them(start):
    bench = start()
    tokens = change()
    for digits in tokens[:3]:
        enter(bench, digits)
        bench.cut(5)
        bench.run(1)
    assert enter(bench, tokens[3]) == "accepted"


def test_the_tokens_of_the_first_change_are_used_when_it_is_done_and_are_no_guessing(meter):
    """They are printed on every voucher until the controller hears that the board has the key."""
    assert [enter(meter, digits) for digits in change()] == ["used"] * 4
    assert enter(meter, voucher(1000)) == "accepted"


def test_the_next_key_comes_under_the_one_before(meter):
    assert give_key(meter, key=OTHER, krn=2) == (3, 2)
    assert give_key(meter, key=OTHER, krn=2, old=KEY) == (2, 0)
    assert enter(meter, voucher(1000)) == "crc"
    assert enter(meter, voucher(1000, key=OTHER)) == "accepted"
    assert meter.events(KEY_CHANGED) == [1_234_571, 1_234_572]


def test_identities_stay_with_a_new_key_and_begin_anew_with_a_new_base(meter):
    enter(meter, voucher(1000))
    give_key(meter, key=OTHER, krn=2, old=KEY)
    assert enter(meter, voucher(1000, key=OTHER)) == "used"
    give_key(meter, krn=3, old=OTHER, rollover=True)
    assert enter(meter, voucher(1000)) == "accepted"
    assert meter.command(4, command_for(1000, base=2035)) == (3, 7)
    assert meter.command(4, command_for(1000)) == (3, 7)  # by its name, of the old base
    assert meter.command(4, command_for(1001)) == (3, 16)  # nobody knows
    assert give_key(meter, key=OTHER, old=KEY, rollover=True) == (3, 3)  # no base after 2035


def test_a_purchase_of_a_base_to_come_is_credited_by_its_name(meter):
    assert meter.command(4, command_for(1000, base=2035)) == (2, 0)
    assert give_key(meter, key=OTHER, krn=2, old=KEY, rollover=True) == (2, 0)
    assert enter(meter, voucher(1000, key=OTHER)) == "used"


@pytest.mark.parametrize("digits", ["".join(reversed(change())), "1" * 80])
def test_a_command_that_is_no_key_change_changes_nothing(start, digits):
    bench = start()
    identify(bench)
    assert bench.command(15, {0: digits}) == (3, 2)
    assert bench.board.tokens.key_number() == 0


# Lock-out


def test_the_third_bad_entry_in_a_row_locks_and_each_further_one_twice_as_long(meter):
    assert [enter(meter, WRONG) for _ in range(3)] == ["crc"] * 3
    waits = []
    for _ in range(9):
        waits.append(meter.board.tokens.locked_s())
        assert enter(meter, voucher(1000)) == "locked out"
        meter.run(waits[-1])
        assert enter(meter, WRONG) == "crc"
    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 1280]


def test_a_good_token_ends_the_row(meter):
    for _ in range(2):
        enter(meter, WRONG)
    assert enter(meter, voucher(1000)) == "accepted"
    assert [enter(meter, WRONG) for _ in range(2)] == ["crc"] * 2
    assert not meter.board.tokens.locked_s()


def test_what_is_used_or_old_is_no_bad_entry_and_ends_no_row(meter):
    enter(meter, voucher(1000))
    assert [enter(meter, voucher(1000)) for _ in range(5)] == ["used"] * 5
    for digits in (voucher(1000), "18446744073843772416", change(old=KEY)[0]):
        enter(meter, WRONG)
        enter(meter, digits)
    assert meter.board.tokens.locked_s() == 10


def test_a_power_cut_shortens_no_lock_out_and_forgets_no_bad_entry(meter):
    for _ in range(4):
        enter(meter, WRONG)
        meter.run(10)
    left_s = meter.board.tokens.locked_s()
    assert left_s == 10
    meter.cut(1000)
    assert meter.board.tokens.locked_s() >= left_s
    assert enter(meter, voucher(1000)) == "locked out"
    meter.run(20)
    enter(meter, WRONG)
    assert meter.board.tokens.locked_s() == 40


# Power cuts and stores that fail


@pytest.mark.parametrize("write", range(5))
def test_a_power_cut_while_a_token_is_taken_credits_it_once(meter, power_cut, write):
    meter.store.cut_at = write
    try:
        enter(meter, voucher(1000))
    except power_cut:
        meter.cut(3)
    meter.store.cut_at = None
    meter.run(2)
    enter(meter, voucher(1000))
    meter.command(4, command_for(1000))
    assert meter.status(BALANCE) == 10_000


@pytest.mark.parametrize("write", range(8))
def test_a_power_cut_while_a_key_changes_leaves_the_old_or_the_new_one(start, power_cut, write):
    bench = start()
    tokens = change()
    bench.store.cut_at = write
    try:
        for digits in tokens:
            enter(bench, digits)
    except power_cut:
        bench.cut(3)
    bench.store.cut_at = None
    bench.run(2)
    for digits in tokens:
        enter(bench, digits)
    assert enter(bench, voucher(1000)) == "accepted"


def test_a_token_that_cannot_be_written_is_not_taken_and_stays_good(meter):
    meter.store.is_broken = True
    assert enter(meter, voucher(1000)) == "storage failed"
    assert enter(meter, change()[0]) == "used"
    assert meter.status(BALANCE) == 0
    meter.store.is_broken = False
    assert enter(meter, voucher(1000)) == "accepted"
    assert meter.events(CREDIT_ADDED) == [10_000]


def test_a_lost_ledger_forgets_the_key_and_lets_no_voucher_count_again(meter):
    """Nobody knows then which were taken: all from before are too old, by token and by command."""
    before = sts.tid_at(meter.now_s, 2014)
    enter(meter, voucher(before))
    meter.run(901)
    meter.store.slots = [None, None]
    meter.cut(5)
    meter.run(2)
    assert enter(meter, voucher(before)) == "crc"
    give_key(meter)
    assert enter(meter, voucher(before)) == "old"
    assert meter.command(4, command_for(before)) == (3, 16)
    assert enter(meter, voucher(before + 60)) == "accepted"
