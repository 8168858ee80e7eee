"""The door for commands: each identity passes once, and its outcome is what the ledger remembers.

A command changes the ledger in memory and is then written in one record with its identity and
outcome; if that write fails, the memory is put back and the command is refused, so that nothing
is half applied. Only the operator's switch acts all the same, and its receipt says so.
This module must not know signatures, counters or the network (docs/wire.md).
"""

from firmware.core.clock import SYNCED, UNSET
from firmware.core.holds import OPERATOR, TAMPER
from firmware.core.ledger import COMMAND_NEXT, COMMANDS
from firmware.core.purchases import find, remember
from protocol import commands, messages
from protocol.errors import ProtocolError

# What acts at once though nothing can be written: a board whose flash is dead may not be off, or
# on, for ever. A repeat changes nothing, and a power cut brings back the state of before.
_SWITCHES = (commands.DISCONNECT, commands.RECONNECT, commands.SET_CLOCK)


class Door:
    """Applies commands to a board; `stage` and `reason` are the last outcome."""

    def __init__(self, board, values):
        self._board = board
        self._values = values
        self.stage = 0
        self.reason = 0

    def apply(self, command):
        """Apply the body of a command message, or recall what became of it before."""
        board = self._board
        known = find(self._values, COMMANDS, 3, command[0])
        if known is not None:
            outcome = self._values[known + 2]
            self._conclude(outcome >> 8, outcome & 255)
            return
        before = bytes(self._values)
        is_switch = command[4] in _SWITCHES
        is_written = board.persist()  # the downlink counter goes before the act
        if not is_written and not is_switch:
            self._conclude(commands.STAGE_REFUSED, commands.REASON_STORAGE_FAILED)
            return
        self._judge(command)
        self._remember(command[0])
        is_written = board.persist() and is_written
        if not is_written and not is_switch:
            board.take_back(before)
            self._conclude(commands.STAGE_REFUSED, commands.REASON_STORAGE_FAILED)
        elif self.stage == commands.STAGE_APPLIED:
            if not is_written:
                self._conclude(self.stage, commands.REASON_STORAGE_FAILED)
            self._tell(command[4], command[5])

    def has_concluded(self, identity):
        """Tell whether the outcome of a command with this identity is remembered."""
        return find(self._values, COMMANDS, 3, identity) is not None

    def _judge(self, command):
        name = command[4]
        reason = self._refuse(name, command)
        if reason == commands.REASON_EXPIRED:
            self._conclude(commands.STAGE_EXPIRED, reason)
            return
        reason = reason or self._act(name, command[5])
        self._conclude(commands.STAGE_REFUSED if reason else commands.STAGE_APPLIED, reason)

    def _refuse(self, name, command):
        """Return why a command may not act, or 0.

        Setting the clock asks the clock only if that is synced: a command that somebody held
        back for days must not set it back.
        """
        clock = self._board.clock
        if name != commands.SET_CLOCK and clock.state == UNSET:
            return commands.REASON_CLOCK_UNSET
        if name != commands.SET_CLOCK or clock.state == SYNCED:
            if clock.time_s > command[3]:
                return commands.REASON_EXPIRED
            if clock.time_s < command[2]:
                return commands.REASON_NOT_YET
        try:
            commands.validate(name, command[5])
        except ProtocolError as error:
            return error.reason
        return 0

    def _act(self, name, arguments):
        board = self._board
        if name == commands.SET_PROGRAMME:
            return board.programmes.keep(arguments[0])
        if name == commands.CREDIT:
            return board.purchases.credit(arguments[0], arguments[1], arguments[2])
        if name == commands.SET_EMERGENCY_LIMIT:
            return self._limit(arguments[0], arguments[1])
        if name == commands.SET_CLOCK:
            board.set_clock(arguments[0], SYNCED)
        elif name == commands.SET_TOKEN_KEY:
            return board.tokens.change_key(arguments[0])
        elif name == commands.READ_PROFILE:
            board.resend_readings(arguments[0], arguments[1])
        elif name == commands.SHOW_MESSAGE:
            board.show_message(arguments[0], arguments[1])
        elif name != commands.READ_REGISTERS:
            return self._switch(name, arguments)
        return 0

    def _switch(self, name, arguments):
        supply = self._board.supply
        if name == commands.DISCONNECT:
            supply.set_hold(OPERATOR, True)
        elif name == commands.RECONNECT:
            supply.reconnect()
        elif name == commands.CLEAR_TAMPER:
            supply.set_hold(TAMPER, False)
        elif name == commands.SET_SOURCE:
            supply.feeder.command_source(arguments[0], arguments[1])
        else:
            return commands.REASON_NOT_SUPPORTED
        return 0

    def _tell(self, name, arguments):
        """Record the event of a command that is applied and safe in the ledger."""
        record = self._board.recorder.record_event
        if name == commands.DISCONNECT:
            record(messages.EVENT_OPERATOR_DISCONNECTED, 0)
        elif name == commands.RECONNECT:
            record(messages.EVENT_OPERATOR_RECONNECTED, 0)
        elif name == commands.SET_EMERGENCY_LIMIT:
            record(messages.EVENT_EMERGENCY_LIMIT, arguments[0])
        elif name == commands.CLEAR_TAMPER:
            record(messages.EVENT_TAMPER_CLEARED, 0)
        elif name == commands.SET_PROGRAMME:
            record(messages.EVENT_PROGRAMME_STORED, self._board.programmes.passive_version)
        elif name == commands.CREDIT:
            record(messages.EVENT_CREDIT_ADDED, arguments[2])
        elif name == commands.SET_TOKEN_KEY:
            record(messages.EVENT_TOKEN_KEY, self._board.tokens.key_number())

    def _limit(self, limit_w, until_s):
        if limit_w and until_s <= self._board.clock.time_s:
            return commands.REASON_OUT_OF_RANGE  # it would be over before it began
        self._board.supply.feeder.command_emergency(limit_w, until_s)
        return 0

    def _remember(self, identity):
        at = remember(self._values, COMMANDS, 3, COMMAND_NEXT, identity)
        self._values[at + 2] = self.stage << 8 | self.reason

    def _conclude(self, stage, reason):
        self.stage = stage
        self.reason = reason
