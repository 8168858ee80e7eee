"""What a board tells of a store, a programme and a time that it cannot believe.

This module must not know how any of them is read.
"""

from firmware.core.holds import OPERATOR
from protocol import messages

# In the event of a store fault (docs/wire.md).
LEDGER_STORE = 1
PROGRAMME_STORE = 2


def report(board):
    """Tell of a time that is not believed and of a programme that cannot be read."""
    record = board.recorder.record_event
    if board.clock.doubted_by_s:
        record(messages.EVENT_CLOCK_DOUBTED, board.clock.doubted_by_s)
        board.clock.doubted_by_s = 0
    if board.programmes.is_troubled:
        board.programmes.is_troubled = False
        record(messages.EVENT_STORE_FAULT, PROGRAMME_STORE)
        board.supply.changed = True


def judge_store(board, part, is_lost):
    """Tell which part of the store is gone; without the ledger an operator has to see to it.

    `is_lost`: the ledger is. Nobody knows then whether the supply was off, nor which commands were
    seen; metering and limiting go on.
    """
    if is_lost:
        part = part or LEDGER_STORE
        board.supply.set_hold(OPERATOR, True)
    if part:
        board.recorder.record_event(messages.EVENT_STORE_FAULT, part)
