"""The registry of meters: identities, sealed keys, and why a supply is off."""

import stat

import pytest
from django.conf import settings as live_settings

from controller.audit.models import AuditEvent
from controller.errors import Refused
from controller.fleet import queries, rules, sealing, services
from controller.fleet.models import Meter, MeterState
from protocol import keys

ROOT_KEY = bytes(range(32))


@pytest.mark.parametrize("meter_id", ["", "bhk01", "BHK-01", "A" * 17, "बिजली"])
@pytest.mark.django_db
def test_a_malformed_identity_is_refused_with_what_to_do(meter_id):
    with pytest.raises(Refused, match="capital letters"):
        services.add_meter(meter_id, actor="test")
    assert not Meter.objects.exists()


@pytest.mark.django_db
def test_a_meter_is_registered_once():
    services.add_meter("BHK01", actor="test")
    with pytest.raises(Refused, match="registered already"):
        services.add_meter("BHK01", actor="test")


@pytest.mark.django_db
def test_a_root_key_of_the_wrong_length_is_refused():
    with pytest.raises(Refused, match="31 bytes"):
        services.add_meter("BHK01", root_key=bytes(31), actor="test")


@pytest.mark.django_db
def test_the_root_key_is_not_in_the_database_and_giving_it_out_is_recorded():
    meter = services.add_meter("BHK01", root_key=ROOT_KEY, actor="test")
    assert ROOT_KEY not in bytes(meter.root_key_sealed)
    assert services.reveal_root_key("BHK01", actor="meena") == ROOT_KEY
    event = AuditEvent.objects.get(action="reveal root key")
    assert (event.actor, event.subject, event.detail) == ("meena", "meter BHK01", {})


@pytest.mark.django_db
def test_the_broker_password_is_the_one_that_the_board_derives():
    services.add_meter("BHK01", root_key=ROOT_KEY, actor="test")
    expected = keys.role_key(ROOT_KEY, 0, "broker", "BHK01").hex()
    assert services.broker_password("BHK01") == expected


def test_a_sealed_key_moved_to_another_meter_does_not_open():
    sealed = sealing.seal("BHK01", ROOT_KEY)
    assert sealing.unseal("BHK01", sealed) == ROOT_KEY
    with pytest.raises(Refused, match="master key"):
        sealing.unseal("BHK02", sealed)
    mode = stat.S_IMODE(live_settings.BIJLI_MASTER_KEY_FILE.stat().st_mode)
    assert mode == 0o600


@pytest.mark.django_db
def test_meters_come_in_the_order_of_their_identities():
    for meter_id in ("BHK10", "BHK02", "AAA1"):
        services.add_meter(meter_id, actor="test")
    assert [meter.id for meter in queries.meters()] == ["AAA1", "BHK02", "BHK10"]


@pytest.mark.parametrize(
    ("holds", "line"),
    [
        (8, "Off: overload trip. Remove the excess load, wait until 01:23, press the button."),
        (1, "Off: disconnected by the operator. It comes back by a reconnect command."),
        (2 | 8, "Off: credit is used up; also: overload trip. Recharge to get supply back."),
        (4, "Off: outside the package's supply hours. Supply returns when they begin."),
        (
            16,
            ("Off: too many overload trips."
            " Remove the excess load, wait until 01:23, press the button."),
        ),
        (0, "Off: the relay is open though nothing holds it. Have the relay checked."),
    ],
)  # fmt: skip
def test_one_line_says_why_the_supply_is_off_and_what_to_do(clock, holds, line):
    # 200 000 000 s after 2020-01-01 UTC is 2026-05-04 01:03:20 in India
    state = MeterState(holds=holds, relay=0, wait_until_s=200_001_200, reported_s=1)
    assert queries.why_off(state) == line


def test_a_wait_that_is_over_is_not_asked_for(clock):
    state = MeterState(holds=8, relay=0, wait_until_s=199_999_000, reported_s=1)
    assert queries.why_off(state).endswith("Remove the excess load, press the button.")


def test_supply_is_unknown_until_the_meter_has_reported(clock):
    assert queries.supply(MeterState()) == "unknown"
    assert "not reported" in queries.why_off(MeterState())


def test_nothing_is_said_while_supply_is_on_unless_it_should_be_off(clock):
    assert queries.why_off(MeterState(relay=1, reported_s=1)) == ""
    assert "check the relay" in queries.why_off(MeterState(relay=1, holds=1, reported_s=1))


def test_a_meter_silent_for_two_hours_is_offline():
    assert rules.is_online(received_s=1_000, now_s=8_200)
    assert not rules.is_online(received_s=1_000, now_s=8_201)
    assert not rules.is_online(received_s=0, now_s=10)


@pytest.mark.django_db
def test_a_note_that_the_database_has_no_room_for_is_refused():
    with pytest.raises(Refused, match="note is too long"):
        services.add_meter("BHK01", note="x" * 201, actor="test")
