"""The running board keeps metering alive, whatever dies beside it, and is reset when it cannot."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = {
    "check_a_call_that_blocks_delays_metering_and_its_seconds_are_counted",
    "check_a_chip_whose_driver_dies_is_a_chip_that_is_silent",
    "check_a_core_that_hangs_or_dies_is_never_fed_for",
    "check_a_front_that_dies_costs_no_second_and_is_tried_again",
    "check_a_network_task_that_hangs_stops_neither_metering_nor_the_feeding",
    "check_a_task_that_dies_is_counted_and_started_again_ever_later",
    "check_every_second_is_measured_and_feeds_the_watchdog",
    "check_metering_that_dies_is_started_again_before_the_watchdog_barks",
    "check_the_relay_is_opened_at_once_and_the_front_told",
    "check_what_a_safe_mode_left_out_is_added_when_it_ends",
}

PAUSES = """
import asyncio

from firmware import supervisor


class Asleep:
    pauses_s = []
    CancelledError = asyncio.CancelledError

    async def sleep(self, seconds):
        self.pauses_s.append(seconds)
        if not lives_s:
            raise KeyboardInterrupt


class Board:
    uptime_s = 0

    class supervision:
        count_restart = staticmethod(lambda task: None)


async def task():
    Board.uptime_s += lives_s.pop(0)
    raise OSError("ends")


lives_s = [0, 0, 5, 0, 1000, 0]
keeper = supervisor.Supervisor(Board)
supervisor.asyncio = Asleep()
try:
    asyncio.run(keeper.keep("mqtt", task))
except KeyboardInterrupt:
    print(Asleep.pauses_s)
"""


def test_a_task_that_lived_long_is_started_again_soon_one_that_keeps_dying_ever_later() -> None:
    """The metering feeds the watchdog: it must not pay for a mishap of last year."""
    printed = run_micropython(PAUSES).splitlines()
    assert printed[-1] == "[1, 2, 4, 8, 1, 2]"


def test_metering_and_watchdog_survive_whatever_dies_beside_them() -> None:
    printed = run_micropython(Path(__file__).with_name("chip_application.py"))
    assert {line for line in printed.splitlines() if line.startswith("check_")} == CHECKS
