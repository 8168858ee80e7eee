"""The wireless station: it joins again for ever, and never restarts or holds up the board."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = {
    "check_a_driver_that_refuses_is_tried_again",
    "check_a_long_loss_and_a_new_address_end_what_stood",
    "check_a_short_loss_is_the_chips_own_affair",
    "check_it_joins_anew_when_nothing_passes_though_it_says_connected",
    "check_it_joins_waits_for_its_address_and_is_up",
    "check_looking_allocates_nothing_while_it_is_up",
    "check_without_an_access_point_it_pauses_ever_longer_and_tries_again_for_ever",
    "check_without_an_address_it_does_not_wait_for_ever",
}


def test_the_station_keeps_its_promises_on_the_chips_interpreter() -> None:
    printed = run_micropython(Path(__file__).with_name("chip_wifi.py"))
    assert {line for line in printed.splitlines() if line.startswith("check_")} == CHECKS
