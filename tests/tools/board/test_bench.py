"""Bench test and calibration: the board's own drivers on the real interpreter behind a pty.

A model of the chip answers on its line; the person at the bench is a list of answers.
"""

import json

import pytest

from tools.board import bench
from tools.board.calibrate import Reference, calibrate
from tools.board.device import connect
from tools.errors import ToolError

BOARD = "esp32_devkit"


SECONDS = 2  # the model has nothing to settle


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr("tools.board.bench.SAMPLES", SECONDS)
    monkeypatch.setattr("tools.board.calibrate.SECONDS_MIN", SECONDS)


def quiet(_text):
    pass


def test_a_board_in_order_passes_part_by_part(board):
    with connect(board.port) as device:
        found = list(bench.run(device, BOARD, quiet, lambda _question: True))
    assert [each.part for each in found] == [
        "metering chip",
        "relay, close",
        "relay, open",
        "display",
        "status LED",
        "button",
    ]
    assert [each for each in found if not each.passed] == []
    assert "230.0 V" in found[0].seen


def test_what_the_person_does_not_see_does_not_pass(board):
    with connect(board.port) as device:
        found = {
            each.part: each.passed
            for each in bench.run(device, BOARD, quiet, lambda _question: False)
        }
    assert not found["display"]
    assert not found["status LED"]
    assert found["metering chip"]


def test_a_calibrated_board_corrects_by_what_the_reference_shows(board):
    with connect(board.port) as device:
        done = calibrate(device, BOARD, Reference(2323, 4347, 10_100), 200_000_000, SECONDS, quiet)
    assert done.chip == "pzem004t"
    assert done.measured == Reference(2300, 4347, 10_000)
    assert done.gains_ppm == (10_000, 0, 10_000)
    kept = json.loads((board.files / "calibration.json").read_text())
    assert kept["power_ppm"] == 10_000
    assert kept["date_s"] == 200_000_000


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        (Reference(2300, 4347, 15_000), "off by more than"),
        (Reference(2300, 0, 10_000), "more than 0"),
    ],
)
def test_a_reference_that_cannot_be_true_writes_nothing(board, reference, words):
    with connect(board.port) as device, pytest.raises(ToolError, match=words):
        calibrate(device, BOARD, reference, 200_000_000, SECONDS, quiet)
    assert not (board.files / "calibration.json").exists()
