"""The metering chip's driver believes a frame only when length, address, function and CRC fit."""

from pathlib import Path

from tests.micropython import run_micropython

CHECKS = {
    "check_address",
    "check_equal_frames_and_changed_ones",
    "check_frame_amid_noise",
    "check_golden",
    "check_no_allocation",
    "check_request",
    "check_stale_answer_is_dropped",
    "check_what_is_no_frame",
}


def test_the_driver_takes_whole_frames_and_nothing_else() -> None:
    """Golden octets, noise, echo, short, foreign and stale frames; none of it allocates."""
    printed = run_micropython(Path(__file__).with_name("chip_pzem004t.py"))
    assert set(printed.split()) == CHECKS
