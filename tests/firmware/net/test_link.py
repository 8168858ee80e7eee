"""What the board tells its controller, when again, and after which pause it comes back."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = {
    "check_a_loss_is_told_before_what_is_left",
    "check_a_profile_of_nothing_that_is_held_does_not_hold_up_the_status",
    "check_a_publish_outlives_the_session_in_which_it_was_asked_for",
    "check_a_profile_is_sent_in_batches_and_what_is_not_held_is_left_out",
    "check_a_reconnect_greets_and_sends_the_batch_again",
    "check_hello_is_answered_once_in_time_and_by_its_nonce",
    "check_pauses_are_spread_so_that_a_village_does_not_come_back_at_once",
    "check_receipts_are_bounded",
    "check_the_most_urgent_goes_first",
    "check_the_rest_of_a_batch_goes_at_once",
    "check_what_is_not_answered_goes_again_ever_more_slowly",
}


def test_uplink_and_client_keep_their_promises_on_the_chips_interpreter() -> None:
    printed = run_micropython(Path(__file__).with_name("chip_link.py"))
    assert set(printed.split()) == CHECKS
