"""UP-11, UP-12: vouchers by token: one identity each, under a key that nobody can read here."""

import pytest

from controller.audit.models import AuditEvent
from controller.errors import Refused
from controller.fleet.models import Meter, MeterState
from controller.vouchers import queries, rules, services
from controller.vouchers.models import TokenAccount, VendingKey, Voucher
from protocol import sts, token_keys

CLERK = {"actor": "clerk"}
KEY = bytes(range(20))
GROUP = "123457"
PUBLISHED = "600727000000000009"  # its check digit is known from the published vectors


@pytest.fixture
def vending(make_board, clock):
    """Two meters and one vending key."""
    services.add_key(supply_group=GROUP, revision=1, base_year=2014, key=KEY, **CLERK)
    return {name: make_board(name) for name in ("BHK01", "BHK02")}


def issue(tenths=256, meter_id="BHK01", **more):
    return services.issue(meter_id=meter_id, amount_tenths=tenths, **CLERK, **more)


def meter_key(meter_id="BHK01", revision=1, base_year=2014, secret=KEY):
    """The meter's key as its board has it, derived apart from the services."""
    pan = TokenAccount.objects.get(meter=meter_id).pan
    return token_keys.derive_key(secret, GROUP, "01", 2, revision, pan, base_year)


def report_key(meter_id, revision):
    state = MeterState.objects.get(meter=meter_id)
    state.further = {rules.KEY_FIELD: int(GROUP) * 10 + revision}
    state.save()


def test_a_voucher_is_a_token_that_the_meter_can_read(vending):
    """UP-11."""
    voucher = issue()
    token = sts.decode(voucher.token, meter_key())
    assert (token.kind, token.subclass, token.amount_tenths) == (0, 0, 256)
    assert token.tid_minutes == sts.tid_at(200_000_000, 2014)
    assert voucher.purchase_id == sts.purchase_id("BHK01", 2014, token.tid_minutes).hex()


def test_two_vouchers_of_one_minute_have_two_identities(vending):
    identities = [sts.decode(issue().token, meter_key()).tid_minutes for _ in range(3)]
    assert identities == [identities[0], identities[0] + 1, identities[0] + 2]


def test_the_minute_after_midnight_is_never_an_identity(vending, clock):
    clock(200_016_000)  # 00:00 of a day
    tids = [sts.decode(issue().token, meter_key()).tid_minutes % 1_440 for _ in range(3)]
    assert tids == [0, 2, 3]


@pytest.mark.parametrize("tenths", [0, -1, 16_385, sts.AMOUNT_MAX_TENTHS + 1])
def test_an_amount_that_no_token_carries_is_not_sold(vending, tenths):
    """UP-11: what is booked is what the token brings, to the tenth."""
    with pytest.raises(Refused):
        issue(tenths)
    assert not Voucher.objects.exists()


@pytest.mark.parametrize(
    ("wh", "sold_wh"), [(99, 0), (25_650, 25_600), (1_638_300, 1_638_300), (1_639_000, 1_638_400)]
)
def test_what_can_be_sold_by_token_is_never_more_than_was_paid_for(wh, sold_wh):
    assert rules.sellable_wh(wh) == sold_wh


def test_neither_key_nor_token_stand_in_the_clear(vending):
    voucher = issue()
    row = Voucher.objects.get(pk=voucher.purchase_id)
    digits = voucher.token.replace(" ", "").encode()
    assert digits not in bytes(row.token_sealed)
    assert KEY not in bytes(VendingKey.objects.get().key_sealed)
    told = str(list(AuditEvent.objects.values_list("action", "subject", "detail")))
    for secret in (KEY.hex(), meter_key().hex(), voucher.token, digits.decode()):
        assert secret not in told
    assert "issue voucher" in told


def test_a_voucher_said_again_is_the_same_voucher(vending):
    first = issue()
    assert issue(purchase_id=first.purchase_id) == first
    assert Voucher.objects.count() == 1


@pytest.mark.parametrize(
    "order", [{"tenths": 257}, {"meter_id": "BHK02"}, {"purchase_id": "0" * 16}]
)
def test_a_voucher_said_again_with_other_facts_is_refused(vending, order):
    first = issue()
    with pytest.raises(Refused):
        issue(**{"purchase_id": first.purchase_id, **order})


def test_a_meter_that_has_no_key_yet_gets_four_tokens_before_the_first(vending):
    """They are under the key that the board has from its root key."""
    voucher = issue()
    initial = token_keys.initial_key(vending["BHK01"].root_key, "BHK01")
    sections = [sts.decode(token, initial).block for token in voucher.key_change]
    change = token_keys.join_sections(sections)
    assert (change.key, change.krn, change.sgc) == (meter_key(), 1, int(GROUP))
    assert not change.rollover


def test_a_meter_that_reports_its_key_needs_none_before(vending):
    issue()
    report_key("BHK01", 1)
    assert issue().key_change == ()
    assert str(queries.board_key("BHK01")) == f"vending key {GROUP}/1"


def test_a_key_that_somebody_saw_on_a_silent_board_counts_until_the_board_speaks(vending):
    issue()
    services.note_key("BHK01", revision=1, **CLERK)
    assert issue().key_change == ()


def assert_nowhere(digits):
    """No table has the digits of a token in clear, in any column of text, JSON or bytes."""
    from django.apps import apps

    tokens = [digits[at : at + 20] for at in range(0, len(digits), 20)]
    for model in apps.get_models():
        for row in model.objects.values_list():
            texts = [bytes(v).decode("latin-1") if isinstance(v, (bytes, memoryview)) else str(v)
                     for v in row]  # fmt: skip
            shown = " ".join(texts).replace(" ", "")
            assert not [token for token in tokens if token in shown], model


def test_the_digits_of_a_voucher_are_in_no_table_and_in_no_record(vending):
    """UP-11: who reads the database or the activity log cannot key a token in."""
    voucher = issue()
    assert_nowhere("".join((voucher.token, *voucher.key_change)).replace(" ", ""))


def test_a_meter_on_the_network_gets_its_key_by_command_once(vending):
    """UP-11: the key change goes by command, and stands sealed in the database and in no log."""
    from controller.headend.downlink import arguments_of
    from controller.headend.models import Command

    issue()
    assert not Command.objects.exists()  # never heard of
    MeterState.objects.filter(meter="BHK01").update(received_s=200_000_000)
    voucher = issue()
    issue()
    command = Command.objects.get()
    assert (command.name, command.meter_id) == ("set_token_key", "BHK01")
    digits = "".join(voucher.key_change).replace(" ", "")
    assert arguments_of(command) == {0: digits}
    assert_nowhere(digits)
    assert len(services.issue_key_change(meter_id="BHK01", **CLERK)) == 4
    report_key("BHK01", 1)
    assert services.issue_key_change(meter_id="BHK01", **CLERK) == ()
    assert Command.objects.count() == 1


def test_the_next_revision_is_brought_under_the_one_before(vending, clock):
    issue()
    report_key("BHK01", 1)
    other = bytes(reversed(KEY))
    services.add_key(supply_group=GROUP, revision=2, base_year=2014, key=other, **CLERK)
    voucher = issue()
    sections = [sts.decode(token, meter_key()).block for token in voucher.key_change]
    assert token_keys.join_sections(sections).key == meter_key(revision=2, secret=other)
    assert sts.decode(voucher.token, meter_key(revision=2, secret=other)).amount_tenths == 256


def test_a_new_base_is_a_roll_over(vending, clock):
    clock(480_000_000)  # 2035
    issue()
    report_key("BHK01", 1)
    services.add_key(supply_group=GROUP, revision=2, base_year=2035, key=KEY, **CLERK)
    tokens = services.issue_key_change(meter_id="BHK01", **CLERK)
    change = token_keys.join_sections([sts.decode(t, meter_key()).block for t in tokens])
    assert (change.krn, change.rollover) == (2, True)


def test_a_key_that_expired_by_its_number_or_its_time_issues_nothing(vending, clock):
    services.end_key(supply_group=GROUP, revision=1, valid_until_s=200_000_001, **CLERK)
    issue()
    clock(200_000_001)
    with pytest.raises(Refused, match="valid now"):
        issue()
    services.add_key(supply_group=GROUP, revision=2, base_year=2014, expiry_number=5, **CLERK)
    with pytest.raises(Refused, match="expired"):
        issue()


@pytest.mark.parametrize(
    "fields",
    [
        {"supply_group": "12345"},
        {"revision": 0},
        {"revision": 1},
        {"base_year": 1993},
        {"base_year": 2020},
        {"key": b"short"},
        {"key_type": 3},
        {"expiry_number": 256},
        {"valid_until_s": 1},
    ],
)
def test_a_vending_key_that_no_board_could_use_is_refused(vending, fields):
    given = {"supply_group": GROUP, "revision": 2, "base_year": 2014} | fields
    with pytest.raises(Refused):
        services.add_key(**given, **CLERK)
    assert VendingKey.objects.count() == 1


def test_an_account_number_is_its_meters_own_and_has_its_check_digit(vending):
    rules.check_account_number(PUBLISHED)
    services.open_account("BHK01", pan=PUBLISHED, **CLERK)
    with pytest.raises(Refused, match="another meter's"):
        services.open_account("BHK02", pan=PUBLISHED, **CLERK)
    with pytest.raises(Refused, match="has a token account"):
        services.open_account("BHK01", **CLERK)
    for bad in ("600727000000000008", "6" * 17, "60072700000000000x"):
        with pytest.raises(Refused, match="no primary account number"):
            services.open_account("BHK02", pan=bad, **CLERK)
    rules.check_account_number(services.open_account("BHK02", **CLERK).pan)


def test_the_supply_group_must_be_clear(vending):
    services.add_key(supply_group="000002", revision=1, base_year=2014, **CLERK)
    with pytest.raises(Refused, match="not clear"):
        issue()
    services.open_account("BHK01", supply_group="000002", **CLERK)
    assert issue().amount_tenths == 256


@pytest.mark.django_db
def test_without_a_vending_key_nothing_is_issued(make_board, clock):
    make_board("BHK01")
    with pytest.raises(Refused, match="no vending key"):
        issue()
    with pytest.raises(Refused, match="no meter"):
        issue(meter_id="NONE")


def test_a_bulk_is_issued_whole_or_not_at_all(vending):
    """UP-12: points of sale without a network get vouchers beforehand."""
    vouchers = services.issue_bulk([("BHK01", 100), ("BHK02", 100), ("BHK01", 50)], **CLERK)
    assert [voucher.amount_tenths for voucher in vouchers] == [100, 100, 50]
    assert len({voucher.purchase_id for voucher in vouchers}) == 3
    for orders in ([], [("BHK01", 1), ("NONE", 1)], [("BHK01", 1)] * 21):
        with pytest.raises(Refused):
            services.issue_bulk(orders, **CLERK)
    assert Voucher.objects.count() == 3


@pytest.mark.parametrize(
    ("name", "power_w", "subclass", "data"),
    [
        ("max_power", 2_000, 0, 2_000),
        ("clear_credit", None, 1, 0xFFFF),
        ("clear_tamper", None, 5, 0),
    ],
)
def test_management_tokens_are_vouchers_without_an_amount(vending, name, power_w, subclass, data):
    voucher = services.issue_management(meter_id="BHK01", name=name, power_w=power_w, **CLERK)
    token = sts.decode(voucher.token, meter_key())
    assert (token.kind, token.subclass, token.data) == (2, subclass, data)
    assert voucher.amount_tenths == 0


@pytest.mark.parametrize("order", [("open_all", None), ("max_power", None), ("max_power", 0)])
def test_a_management_token_that_is_none_is_refused(vending, order):
    name, power_w = order
    with pytest.raises(Refused):
        services.issue_management(meter_id="BHK01", name=name, power_w=power_w, **CLERK)


def test_vouchers_of_a_meter_are_listed_without_their_digits(vending):
    voucher = issue()
    listed = queries.vouchers_of("BHK01").get()
    assert (listed.purchase_id, listed.amount_tenths) == (voucher.purchase_id, 256)
    assert [str(key) for key in queries.vending_keys()] == [f"vending key {GROUP}/1"]


def test_a_voucher_is_taken_when_its_meter_says_so(vending):
    from controller.headend.models import SignedMessage
    from controller.readings.models import Event

    message = SignedMessage.objects.create(
        meter_id="BHK01", epoch=1, counter=1, kind=3, envelope=b"", received_s=0
    )
    purchase_id = issue().purchase_id
    voucher = queries.vouchers_of("BHK01").get(pk=purchase_id)
    assert queries.taken_s(voucher) is None
    for sequence, meter, value in ((1, "BHK02", 0), (2, "BHK01", -1), (3, "BHK01", 0)):
        Event.objects.create(
            meter_id=meter, sequence=sequence, time_s=200_000_300, flags=0, code=1042,
            value=voucher.tid_minutes + value, message=message,
        )  # fmt: skip
        is_taken = queries.taken_s(voucher) is not None
        assert is_taken == (sequence == 3)


def test_an_issued_voucher_cannot_be_changed(vending, guarded_tables):
    from django.db import DatabaseError, connection, transaction

    issue()
    with pytest.raises(Refused, match="cannot be changed"):
        Voucher.objects.update(data=1)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE vouchers_voucher SET data = 1")


def test_two_clerks_at_one_moment_sell_two_identities(shared_database, clock, at_once):
    from controller.fleet.services import add_meter

    for meter in ("BHK01", "BHK02"):
        add_meter(meter, actor="test")
    services.add_key(supply_group=GROUP, revision=1, base_year=2014, key=KEY, **CLERK)
    sold = at_once(4, lambda number: issue(meter_id=f"BHK0{1 + number % 2}"))
    assert all(isinstance(voucher, services.IssuedVoucher) for voucher in sold), sold
    assert len({voucher.purchase_id for voucher in sold}) == 4
    assert Meter.objects.count() == TokenAccount.objects.count() == 2
