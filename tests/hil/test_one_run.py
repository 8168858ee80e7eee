"""One seed is one run: firmware, broker and far end are real, only the seed decides the story."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from protocol.messages import STATUS_HEAP_FREE_BYTES
from tools.bench.connected import START_S, ConnectedBoard

FAST = [0.0]
SLOW_AND_UNEVEN = [0.0, 0.3, 0.02, 0.11]  # s of real time, well within what holds the clock
MEASURED = ("heap", "pass_us")  # of this process, not of the house


def live_through(folder: Path, seed: int, pauses_s: list[float]) -> dict[str, Any]:
    """A trip, a power cut, an hour without broker; return all that is left to be seen of it."""
    folder.mkdir()
    board = ConnectedBoard(folder, seed=seed, pauses_s=itertools.cycle(pauses_s))
    house = board.house
    try:
        board.connect()
        house.start()
        house.run_until(START_S + 2_000)
        house.act(appliance="heater", power_w=1_300, duty=[50, 70])
        house.run_until(START_S + 2_600)
        house.act(appliance="heater", power_w=0)
        house.act(button=True)
        house.run_until(START_S + 3_000)
        board.disconnect()
        house.run_until(START_S + 4_500)
        house.act(mains=False)
        house.run_until(START_S + 5_100)
        house.act(mains=True)
        house.run_until(START_S + 6_500)
        board.connect()
        house.run_until(START_S + 9_000)
        seen = {key: fact for key, fact in house.observe().items() if key not in MEASURED}
        del seen["status"][str(STATUS_HEAP_FREE_BYTES)]
        return {
            "readings": board.responder.readings,
            "events": board.responder.events,
            "contradicted": board.responder.contradicted,
            "seen": seen,
        }
    finally:
        board.end()


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    return live_through(tmp_path_factory.mktemp("first") / "run", 5, FAST)


def test_the_story_was_worth_telling(first_run):
    codes = {event[3] for event in first_run["events"].values()}
    assert {1001, 1003, 101, 102, 1017, 1020} <= codes  # trip, reset, power cut, clock, boots
    assert len(first_run["readings"]) == first_run["seen"]["status"]["18"] >= 9
    assert len(first_run["events"]) == first_run["seen"]["status"]["19"]
    assert first_run["contradicted"] == 0


def test_a_slow_and_uneven_far_end_changes_no_reading_no_event_and_nothing_in_the_house(
    tmp_path, first_run
):
    assert live_through(tmp_path / "run", 5, SLOW_AND_UNEVEN) == first_run


def test_another_seed_is_another_run(tmp_path, first_run):
    assert live_through(tmp_path / "run", 6, FAST) != first_run
