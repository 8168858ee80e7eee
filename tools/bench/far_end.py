"""A far end for trials: it stores what comes, acknowledges it, and signs commands for one board.

A command that the board has not concluded is sent again with every hello, so that none is lost
and the board must tell the second copy from a new one. It must not know Django, nor choose any
command.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from protocol import commands, messages
from tools.bench.responder import Responder
from tools.broker import Broker

ANSWER_TIMEOUT_S = 5.0
FOR_EVER_S = 1_000_000_000


@dataclass
class Order:
    """A command on its way; `stage` is 0 until the board has concluded it."""

    identity: bytes
    name: int
    arguments: dict[int, Any]
    stage: int = 0
    reason: int = 0


class FarEnd:
    """Broker and responder of one house in `folder`; `end` it.

    `arrived` are readings in the order in which they were stored; whoever looks empties it.
    """

    def __init__(self, folder: Path, meter: str, root_key: bytes) -> None:
        self.clock_file = folder / "clock"
        self.clock_ahead_s = 0
        self._broker = Broker(folder / "broker")
        self._responder = _Desk(self._broker, meter, root_key, self._now_s)

    @property
    def port(self) -> int:
        """Where the board finds its broker."""
        return self._broker.port

    @property
    def arrived(self) -> list[list[int]]:
        """Readings as they came, the same ones again too."""
        return self._responder.arrived

    @property
    def events(self) -> dict[int, list[int]]:
        """Events by sequence."""
        return self._responder.events

    @property
    def contradicted(self) -> int:
        """How many records came again with another content."""
        return self._responder.contradicted

    @property
    def pending(self) -> list[Order]:
        """Commands that the board has not concluded."""
        return self._responder.pending

    def connect(self) -> None:
        """Broker and responder are there."""
        self._broker.start()
        self._responder.start()

    def disconnect(self) -> None:
        """They are gone; sessions end at once."""
        self._responder.stop()
        self._broker.stop()

    def order(self, name: int, arguments: dict[int, Any], *, connected: bool) -> Order:
        """Give the board a command: now and waiting for its end, or with its next hello."""
        return self._responder.order(name, arguments, connected=connected)

    def end(self) -> None:
        """Leave nothing running."""
        self._responder.stop()
        self._broker.stop()

    def _now_s(self) -> int:
        return int(self.clock_file.read_text()) + self.clock_ahead_s


class _Desk(Responder):
    """A responder that sends commands too."""

    def __init__(self, broker: Broker, meter: str, root_key: bytes, now_s: Callable[[], int]):
        super().__init__(broker, meter, root_key, now_s)
        self.arrived: list[list[int]] = []
        self.pending: list[Order] = []
        self._orders = 0
        self._told = threading.Condition()

    def order(self, name: int, arguments: dict[int, Any], *, connected: bool) -> Order:
        self._orders += 1
        order = Order(self._orders.to_bytes(8, "big"), name, arguments)
        with self._told:
            self.pending.append(order)
            if connected and self._client is not None:
                self._send(self._client, order)
                self._told.wait_for(lambda: order.stage, ANSWER_TIMEOUT_S)
        return order

    def _send(self, client: mqtt.Client, order: Order) -> None:
        body = {
            0: order.identity, 1: 0, 2: 0, 3: FOR_EVER_S, 4: order.name, 5: order.arguments,
        }  # fmt: skip
        self._publish(client, messages.COMMAND, body)

    def _hear(self, client: mqtt.Client, kind: int, body: Any) -> None:
        if kind == messages.HELLO:
            with self._told:
                for order in self.pending:
                    self._send(client, order)
        elif kind == messages.RECEIPT:
            self._conclude(body[0], body[1], body[2])
        elif kind == messages.READINGS:
            self.arrived += body[0]
        super()._hear(client, kind, body)

    def _conclude(self, identity: bytes, stage: int, reason: int) -> None:
        if stage == commands.STAGE_RECEIVED:
            return
        with self._told:
            for order in self.pending:
                if order.identity == identity:
                    order.stage, order.reason = stage, reason
            self.pending = [order for order in self.pending if not order.stage]
            self._told.notify_all()


def open_far_end(folder: Path, meter: str, root_key: bytes) -> FarEnd:
    """A far end whose broker is not started yet."""
    return FarEnd(folder, meter, root_key)
