"""What the controller tells the board: acknowledgements and commands, each checked before it acts.

The envelope's key binds a message to this meter, direction and key epoch; its counter must rise.
What fails is counted and never answered. Outcomes go back as receipts.
It must not know what a command does; the board's core does.
"""

from micropython import const

from firmware.core import actions
from firmware.core.clock import SYNCED
from protocol import commands, messages
from protocol.errors import AuthenticationError, LimitError, ProtocolError, ReplayError

_AUTHENTICATION_FAILED = const(100)  # added to the reason in event 1019
_STEP_IGNORED_S = const(1)  # seconds are cut, not rounded, at both ends


class Downlink:
    """`act(actions)` carries out what the board wants done after a command."""

    def __init__(self, board, uplink, meter, epoch, key, act):
        self._board = board
        self._uplink = uplink
        self._meter = meter
        self._epoch = epoch
        self._key = key
        self._act = act

    def receive(self, _topic, payload):
        """Take one message; `payload` is bytes, or None when it was too large to be read."""
        try:
            kind, body = self._open(payload)
        except ProtocolError as error:
            self._refuse(error)
            return
        if kind == messages.ACK:
            self._take_ack(body)
        else:
            self._take_command(body)

    def _open(self, payload):
        if payload is None:
            raise LimitError("too large a message")
        try:
            epoch, kind, counter, _, body = messages.open_message(
                self._key, self._meter, messages.DOWN, payload
            )
        except MemoryError:  # 4 KB of nothing but lists; unrefused, it would come again for ever
            raise LimitError("a message that takes too much memory") from None
        if epoch != self._epoch:
            raise AuthenticationError("key epoch %d is not ours" % epoch)
        if counter <= self._board.downlink_counter:
            raise ReplayError("counter %d was used" % counter)
        self._board.downlink_counter = counter
        return kind, body

    def _refuse(self, error):
        print("downlink: refused: %r" % error)
        reason = error.reason
        if isinstance(error, AuthenticationError):
            reason += _AUTHENTICATION_FAILED
        self._board.refuse_message(reason)
        self._uplink.note(actions.SEND_EVENTS)

    def _take_ack(self, body):
        if body[0] == messages.HELLO and self._uplink.answer_hello(body[3]):
            self._set_clock(body[2])
        self._uplink.acknowledge(body[0], body[1])

    def _set_clock(self, now_s):
        board = self._board
        if abs(now_s - board.now_s) <= _STEP_IGNORED_S:
            now_s = board.now_s
        board.set_clock(now_s, SYNCED)
        self._act(actions.SET_CLOCK | actions.SEND_EVENTS)

    def _take_command(self, body):
        """The board writes the counter to its ledger before it acts (`Board.apply`).

        A command that was concluded before gets only its last receipt again.
        """
        board = self._board
        if not board.has_concluded(body[0]):
            self._uplink.queue_receipt(body[0], commands.STAGE_RECEIVED, 0)
        uptime_s = board.uptime_s
        self._act(board.apply(body, board.clock.now_s(uptime_s), uptime_s))
        self._uplink.queue_receipt(body[0], board.receipt_stage, board.receipt_reason)
