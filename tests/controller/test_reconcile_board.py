"""The real firmware core lives through weeks; day by day its account is what the books say."""

from datetime import date

import pytest

from controller.reconcile import accounts, rules
from firmware.core.clock import HELD
from tests.controller.test_billing_board import (
    DAY_S,
    ENERGY,
    HOUR_S,
    JANUARY,
    MINUTE_S,
    MONEY,
    MONEY_DEARER,
    POSTPAID,
    settle,
)

__all__ = ["settle"]  # the fixture

FIRST, LAST = date(2025, 12, 30), date(2026, 1, 11)
FROM_S = rules.midnight_s(FIRST, 330)


def judge(house):
    """What the days from 30 December to 11 January show."""
    from controller.consumers.models import Plant

    house.report()
    house.deliver_readings()
    house.set_clock(house.now_s)
    (meter,) = accounts.meters_of(Plant.objects.get(), FIRST, LAST)
    return rules.judge(meter, FROM_S)


@pytest.mark.parametrize(
    ("package_id", "change_to", "unit"),
    [
        (MONEY, MONEY_DEARER, "money"),
        (ENERGY, MONEY, "energy"),
        (POSTPAID, MONEY, "money"),
    ],
)
def test_every_day_of_a_board_reconciles(settle, package_id, change_to, unit):
    """UP-5, UP-9: credit applied = sold, and charged = tariff, on each single day."""
    house = settle(5, package_id)
    change_s = JANUARY.start_s + 7 * DAY_S + 12_345
    if package_id != POSTPAID:
        house.buy(60_000, unit)
    house.live_until(JANUARY.start_s + 3 * DAY_S - HOUR_S)
    house.lose_mains(JANUARY.start_s + 4 * DAY_S + 5 * HOUR_S, HELD)
    house.live_until(change_s - HOUR_S)
    house.assign(change_to, change_s)
    house.live_until(change_s + MINUTE_S)
    if package_id == POSTPAID:
        house.buy(60_000, unit)
    house.live_until(JANUARY.start_s + 11 * DAY_S + HOUR_S)
    found = judge(house)
    assert found.mismatches == []
    assert found.not_judged == 0
    assert found.judged == {POSTPAID: 4}.get(package_id, 13)
