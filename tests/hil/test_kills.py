"""`kill -9` of a board's process at moments that nobody chose, in the middle of granted time."""

import random
import time

import pytest

from tools.bench.connected import START_S, ConnectedBoard

KILLS = 12
GRANT_S = 3_600
KILL_AFTER_S = (0.002, 0.06)  # real time; an hour of virtual time takes about 0.2 s


def live_under_kills(board, seed):
    """Kill the board at random moments of an hour that it was granted, again and again."""
    house = board.house
    chance = random.Random(seed)
    house.start()
    house.run_until(START_S + 100)
    house.act(appliance="iron", power_w=430, duty=[37, 53])
    for _ in range(KILLS):
        reached_s = house.now_s
        house.begin(reached_s + GRANT_S)
        time.sleep(chance.uniform(*KILL_AFTER_S))
        house.kill()
        house.start()
        assert house.now_s >= reached_s - 61, "more than a ledger interval was lived twice"
    house.run_until(house.now_s + 1_000)
    house.settle()
    return house.observe()


def assert_nothing_lost(board, facts):
    register_wh = facts["status"]["5"]
    assert facts["relay_closed"]
    assert 0 <= facts["chip_energy_wh"] - register_wh <= 1
    assert 0 <= facts["delivered_mwh"] / 1000 - facts["chip_energy_wh"] < 1
    assert facts["delivered_mwh"] > 0
    assert "died" not in board.house.log.read_text(), "a task of the firmware"


@pytest.mark.parametrize(
    ("line", "seed"), [("model", 1), ("model", 2), ("model", 3), ("pty", 4), ("pty", 5)]
)
def test_registers_equal_the_chip_and_what_was_delivered_after_kills_at_any_moment(
    tmp_path, line, seed
):
    board = ConnectedBoard(tmp_path, seed=seed, profile=None, line=line)
    try:
        assert_nothing_lost(board, live_under_kills(board, seed))
    finally:
        board.end()


@pytest.mark.parametrize("seed", [11, 12])
def test_with_a_far_end_every_record_arrives_and_none_in_two_versions(tmp_path, seed):
    board = ConnectedBoard(tmp_path, seed=seed, profile=None)
    try:
        board.connect()
        facts = live_under_kills(board, seed)
        assert_nothing_lost(board, facts)
        received = board.responder
        assert sorted(received.readings) == list(range(1, facts["status"]["18"] + 1))
        assert sorted(received.events) == list(range(1, facts["status"]["19"] + 1))
        assert received.contradicted == 0
    finally:
        board.end()
