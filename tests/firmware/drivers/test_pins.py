"""Display, relay, button, LED and real-time clock do on their pins what they promise."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = {
    "check_button_held_for_three_seconds_is_a_long_press_and_no_short_one",
    "check_button_tells_presses_from_bounces",
    "check_button_that_is_down_at_the_start_does_nothing_until_it_was_up",
    "check_button_that_is_stuck_is_told_once_and_works_again_when_it_was_up",
    "check_buzzer_plays_its_sound_and_is_silent_afterwards",
    "check_clock_reads_what_it_was_set_to",
    "check_clock_that_lost_its_power_is_unset",
    "check_display_that_was_gone_is_written_anew",
    "check_display_writes_only_what_changed",
    "check_ds3231_keeps_what_it_was_set_to_and_is_unset_when_it_stood_still",
    "check_inputs_count_when_two_looks_agree_and_failing_power_at_once",
    "check_led_shows_its_pattern",
    "check_a_power_line_that_falls_without_end_does_not_starve_the_metering",
    "check_power_that_falls_is_saved_by_a_task_and_not_by_the_interrupt",
    "check_relay_never_drives_both_coils",
    "check_relay_releases_its_coil_whatever_happens",
}


def test_the_small_drivers_keep_their_promises_on_the_chips_interpreter() -> None:
    told = set()
    for name in ("chip_pins.py", "chip_clocks.py"):
        printed = run_micropython(Path(__file__).with_name(name))
        told |= {line for line in printed.splitlines() if line.startswith("check_")}
    assert told == CHECKS
