"""Display, relay, button, LED and real-time clock do on their pins what they promise."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = {
    "check_button_tells_presses_from_bounces",
    "check_clock_reads_what_it_was_set_to",
    "check_clock_that_lost_its_power_is_unset",
    "check_display_that_was_gone_is_written_anew",
    "check_display_writes_only_what_changed",
    "check_led_shows_its_pattern",
    "check_relay_never_drives_both_coils",
    "check_relay_releases_its_coil_whatever_happens",
}


def test_the_small_drivers_keep_their_promises_on_the_chips_interpreter() -> None:
    printed = run_micropython(Path(__file__).with_name("chip_pins.py"))
    assert set(printed.split()) == CHECKS
