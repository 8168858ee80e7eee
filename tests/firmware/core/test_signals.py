"""What LED and buzzer say: a table of what stands, and only news make a sound."""

import pytest

from firmware.core import holds, signals
from firmware.core.signals import Forecast, Listener, choose_led


@pytest.mark.parametrize(
    ("standing", "pattern"),
    [
        (0, signals.LED_ON),
        (holds.OVERLOAD, signals.LED_PRESS),
        (holds.CONFIRM, signals.LED_PRESS),
        (holds.OVERLOAD | holds.LOCKOUT, signals.LED_WAIT),
        (holds.CREDIT, signals.LED_WAIT),
        (holds.WINDOW | holds.START, signals.LED_WAIT),
        (holds.FAULT | holds.OVERLOAD, signals.LED_CALL),
        (holds.TAMPER, signals.LED_CALL),
    ],
)
def test_the_led_says_what_the_consumer_can_do(bench, standing, pattern):
    bench.board.supply.holds = standing
    assert choose_led(bench.board) == pattern


def test_a_trip_sounds_once_and_what_stood_before_the_start_does_not(bench):
    listener = Listener()
    bench.board.supply.holds = holds.OVERLOAD
    assert listener.hear(bench.board, 0) is None
    bench.board.supply.holds = 0
    assert listener.hear(bench.board, 0) is None
    bench.board.supply.holds = holds.OVERLOAD
    assert listener.hear(bench.board, 0) == signals.TRIP
    assert listener.hear(bench.board, 0) is None


def test_low_credit_sounds_at_each_level_and_the_last_one_is_an_alarm(bench):
    bench.install(2, credit={"mode": 1, "low_1": 1000, "low_2": 200})
    bench.command(4, {0: b"purchase", 1: 1, 2: 2000})
    bench.run(2)
    listener = Listener()
    heard = []
    for _ in range(11):
        heard.append(listener.hear(bench.board, 0))
        bench.board.account.charge(180)
    assert [sound for sound in heard if sound] == [signals.LOW_CREDIT, signals.ENDING]


def test_the_end_of_supply_hours_is_announced_minutes_before(bench, midnight_s):
    bench.install(2, windows=[[127, 0, 20]])
    forecast, listener = Forecast(), Listener()
    told, sounds = [], []
    while bench.now_s < midnight_s + 19 * 60:
        bench.run(60)
        told.append(forecast.supply_ends_min(bench.board))
        sounds.append(listener.hear(bench.board, told[-1]))
    assert told[-5:] == [5, 4, 3, 2, 1]
    assert not any(told[:-5])
    assert [sound for sound in sounds if sound] == [signals.ENDING]
    bench.run(60)
    assert bench.holds & holds.WINDOW
    assert forecast.supply_ends_min(bench.board) == 0
