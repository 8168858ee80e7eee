"""The audit of bills: what a board charged against what its own readings cost, by the calendar."""

from datetime import UTC, datetime, timedelta

import pytest

from protocol import messages, rating
from protocol import programme as wire
from protocol.limits import EPOCH_UNIX_S
from simulator import trial_plan
from simulator.bill_audit import BillAudit, days_in, local_time, turn

BERLIN = (60, [60, [3, 5, 6, 120], [10, 5, 6, 180]])
ADELAIDE = (570, [60, [10, 1, 6, 120], [4, 1, 6, 180]])
INDIA = (330, None)
HOUR_S = 3600


def in_zone(zone):
    return {wire.UTC_OFFSET_MIN: zone[0], wire.DST: zone[1]}


@pytest.mark.parametrize(
    ("zone", "utc", "local"),
    [
        (INDIA, (2026, 3, 31, 18, 30), (2026, 4, 1, 0, 0)),
        (BERLIN, (2029, 3, 25, 0, 59), (2029, 3, 25, 1, 59)),
        (BERLIN, (2029, 3, 25, 1, 0), (2029, 3, 25, 3, 0)),
        (BERLIN, (2029, 10, 28, 0, 59), (2029, 10, 28, 2, 59)),
        (BERLIN, (2029, 10, 28, 1, 0), (2029, 10, 28, 2, 0)),
        (BERLIN, (2034, 6, 30, 22, 0), (2034, 7, 1, 0, 0)),
        (ADELAIDE, (2030, 4, 6, 16, 29), (2030, 4, 7, 2, 59)),
        (ADELAIDE, (2030, 4, 6, 16, 30), (2030, 4, 7, 2, 0)),
        (ADELAIDE, (2030, 10, 5, 16, 30), (2030, 10, 6, 3, 0)),
        (ADELAIDE, (2031, 1, 1, 0, 0), (2031, 1, 1, 10, 30)),
    ],
)
def test_local_time_turns_with_the_zones_rule_on_either_half_of_the_globe(zone, utc, local):
    at_s = trial_plan.wire_s(datetime(*utc, tzinfo=UTC))
    assert local_time(in_zone(zone), at_s) == datetime(*local)  # noqa: DTZ001


def test_the_last_sunday_and_the_first_are_found_in_every_year():
    for year in range(2026, 2054):
        last, first = turn(year, [10, 5, 6, 60]), turn(year, [4, 1, 6, 0])
        assert (last.weekday(), first.weekday()) == (6, 6)
        assert (last + timedelta(days=7)).month == 11
        assert first.day <= 7
    assert (days_in(2028, 2), days_in(2034, 2), days_in(2034, 12)) == (29, 28, 31)


TARIFF = rating.from_names(trial_plan.TARIFFS[0])
PROGRAMME = {
    wire.VERSION: 2,
    wire.ACTIVATION_S: 0,
    wire.UTC_OFFSET_MIN: 330,
    wire.DST: None,
    wire.TARIFF: TARIFF,
    wire.CREDIT: {
        wire.CREDIT_SANCTIONED_LOAD_W: 1000,
        wire.CREDIT_PHASES: 1,
        wire.CREDIT_OPENED_S: 0,
    },
}
# 30 April 2026, 20:00 in India: four hours before a month ends.
BEGIN_S = trial_plan.wire_s(datetime(2026, 4, 30, 14, 30, tzinfo=UTC))


def reading(sequence, hour, wh, charged, version=2, flags=0):
    mode = wire.MODE_MONEY if version == 2 else wire.MODE_POSTPAID
    head = [sequence, BEGIN_S + hour * HOUR_S, flags, wh, wh]
    return [*head, *[0] * 7, mode, 0, version, charged]


def bill(wh, days, of):
    return rating.total_paise(TARIFF, [wh, 0, 0, 0], 1000, 1, days, of)


def story(error_paise=0):
    """Two hours of April, midnight, two of May; the last reading is wrong by `error_paise`."""
    april = [bill(wh, 1, 30) for wh in (500, 1500)]
    return [
        reading(1, 0, 1000, 0, version=1, flags=messages.FLAG_PROGRAMME_CHANGED),
        reading(2, 1, 1500, april[0]),
        reading(3, 4, 2500, april[1]),
        reading(4, 5, 3100, april[1] + bill(600, 1, 31) + error_paise),
    ]


def test_a_month_and_the_next_one_are_rated_from_their_own_beginnings():
    audit = BillAudit([PROGRAMME])
    assert [audit.take(each) for each in story()] == [None, "", "", ""]


@pytest.mark.parametrize("error_paise", [-1, 1])
def test_a_paisa_too_much_or_too_little_is_found(error_paise):
    audit = BillAudit([PROGRAMME])
    assert "rated" in [audit.take(each) for each in story(error_paise)][-1]


def test_a_reading_sent_again_is_not_judged_again_and_a_hole_ends_the_audit():
    audit = BillAudit([PROGRAMME])
    first, second, third, _ = story()
    assert [audit.take(each) for each in (first, second, second, third)] == [None, "", None, ""]
    assert audit.take(reading(9, 9, 9000, 1)) is None


def test_epoch_and_plan_speak_of_the_same_time():
    assert trial_plan.wire_s(datetime(2020, 1, 1, tzinfo=UTC)) == 0
    assert EPOCH_UNIX_S == 1_577_836_800
