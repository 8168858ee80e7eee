"""The whole board, network on, in the heap that its chip leaves it: code and 64 KB."""

from tools.bench.connected import ConnectedBoard
from tools.bench.firmware import live_day


def test_a_trip_a_day_without_broker_and_its_backlog_pass_in_64_kb(tmp_path):
    """`live_day` raises when a task runs out of memory, or a reading or event does not come."""
    board = ConnectedBoard(tmp_path)
    try:
        facts = live_day(board)
    finally:
        board.end()
    assert facts["data_bytes"] + facts["free_bytes"] <= 64 * 1024
