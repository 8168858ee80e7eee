"""The door for commands: each identity passes once, and its outcome is what the ledger remembers.

A command changes the ledger in memory and is then written in one record with its identity and
outcome; if that write fails, the memory is put back and the command is refused, so that nothing
is half applied. This module must not know signatures, counters or the network (docs/wire.md).
"""

import struct

from firmware.core.account import POSTPAID
from firmware.core.clock import SYNCED, UNSET
from firmware.core.ledger import COMMAND_NEXT, COMMANDS, PURCHASE_NEXT, PURCHASES, REMEMBERED
from protocol import commands
from protocol.errors import ProtocolError

APPLIED = 2
REFUSED = 3
EXPIRED = 4

_IDENTITY = "<ii"


class Door:
    """Applies commands to a board; `stage` and `reason` are the last outcome."""

    def __init__(self, board, values):
        self._board = board
        self._values = values
        self.stage = 0
        self.reason = 0

    def apply(self, command):
        """Apply the body of a command message, or recall what became of it before."""
        known = find(self._values, COMMANDS, 3, command[0])
        if known is not None:
            outcome = self._values[known + 2]
            self.stage, self.reason = outcome >> 8, outcome & 255
            return
        before = memoryview(bytes(self._values))
        if not self._board.persist():  # the downlink counter goes before the act
            self._set(REFUSED, 9)
            return
        self._judge(command)
        self._remember(command[0])
        if not self._board.persist():
            self._board.take_back(before)
            self._set(REFUSED, 9)

    def _judge(self, command):
        name = command[4]
        clock_state = self._board.clock.state
        now_s = self._board.now_s
        if name != commands.SET_CLOCK and clock_state == UNSET:
            return self._set(REFUSED, 10)
        if name != commands.SET_CLOCK and now_s > command[3]:
            return self._set(EXPIRED, 12)
        if name != commands.SET_CLOCK and now_s < command[2]:
            return self._set(REFUSED, 5)
        try:
            commands.validate(name, command[5])
        except ProtocolError as error:
            return self._set(REFUSED, error.reason)
        reason = self._act(name, command[5])
        return self._set(REFUSED if reason else APPLIED, reason)

    def _act(self, name, arguments):
        board = self._board
        if name == commands.DISCONNECT:
            board.disconnect()
        elif name == commands.RECONNECT:
            board.reconnect()
        elif name == commands.SET_PROGRAMME:
            return board.keep_programme(arguments[0])
        elif name == commands.CREDIT:
            return self._credit(arguments[0], arguments[1], arguments[2])
        elif name == commands.SET_CLOCK:
            board.set_clock(arguments[0], SYNCED)
        elif name == commands.READ_PROFILE:
            board.resend_readings(arguments[0], arguments[1])
        elif name == commands.SHOW_MESSAGE:
            board.show_message(arguments[0], arguments[1])
        elif name != commands.READ_REGISTERS:
            return 8
        return 0

    def _credit(self, purchase, unit, amount):
        if find(self._values, PURCHASES, 2, purchase) is not None:
            return 7
        mode = self._board.account.mode
        if mode == POSTPAID or mode != unit:
            return 4
        if not self._board.add_credit(amount):
            return 3
        remember(self._values, PURCHASES, 2, PURCHASE_NEXT, purchase)
        return 0

    def _remember(self, identity):
        at = remember(self._values, COMMANDS, 3, COMMAND_NEXT, identity)
        self._values[at + 2] = self.stage << 8 | self.reason

    def _set(self, stage, reason):
        self.stage = stage
        self.reason = reason


def find(values, base, stride, identity):
    """Return where an 8-byte identity is remembered, or None."""
    first, second = struct.unpack(_IDENTITY, identity)
    for at in range(base, base + REMEMBERED * stride, stride):
        if values[at] == first and values[at + 1] == second:
            return at
    return None


def remember(values, base, stride, next_index, identity):
    """Put an 8-byte identity in the place of the oldest; return where."""
    at = base + values[next_index] % REMEMBERED * stride
    values[next_index] += 1
    values[at], values[at + 1] = struct.unpack(_IDENTITY, identity)
    return at
