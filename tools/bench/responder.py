"""The smallest far end of a board: it keeps what comes and acknowledges it, and does nothing else.

For benches and tests that need a controller's answers but not its database. It must not know
Django, nor anything of a board but its messages.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from protocol import keys, messages
from tools.broker import HEADEND_USER, LOOPBACK, Broker

START_TIMEOUT_S = 10
PASSWORD = "bench"  # noqa: S105 - of a broker that lives as long as its bench
EPOCH = 1


class Responder:
    """Answers one board through `broker`, which it lets board and itself into before it starts.

    `now_s()` is the time that acknowledgements tell; `pauses_s` says how long each answer is kept
    back, in real time. `readings` and `events` are what came, by sequence; `contradicted` counts
    records that came again with another content, which no honest board sends; `greeted` counts
    hellos.
    """

    def __init__(
        self,
        broker: Broker,
        meter: str,
        root_key: bytes,
        now_s: Callable[[], int],
        pauses_s: Iterator[float] | None = None,
    ) -> None:
        self.readings: dict[int, list[int]] = {}
        self.events: dict[int, list[int]] = {}
        self.contradicted = 0
        self.greeted = 0
        self._broker = broker
        self._meter = meter
        self._up_key = keys.role_key(root_key, EPOCH, keys.ROLE_UPLINK, meter)
        self._down_key = keys.role_key(root_key, EPOCH, keys.ROLE_DOWNLINK, meter)
        self._now_s = now_s
        self._pauses_s = pauses_s or itertools.repeat(0.0)
        self._counter = 0
        self._in_turn = threading.Lock()  # messages must go in the order of their counters
        self._subscribed = threading.Event()
        self._client: mqtt.Client | None = None
        broker.set_user(meter, keys.role_key(root_key, 0, keys.ROLE_BROKER, meter).hex())
        broker.set_user(HEADEND_USER, PASSWORD)

    def start(self) -> None:
        """Connect; the broker runs. Raises TimeoutError."""
        self._subscribed.clear()
        client = self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set(HEADEND_USER, PASSWORD)
        client.on_connect = lambda client, *_: client.subscribe("bijli/1/+/up/+", 1)
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = self._receive
        client.connect(LOOPBACK, self._broker.port)
        client.loop_start()
        if not self._subscribed.wait(START_TIMEOUT_S):
            raise TimeoutError("the bench's broker did not let its responder in")

    def stop(self) -> None:
        """Leave the broker; what was received stays."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _receive(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        _, kind, _, _, body = messages.open_message(
            self._up_key, self._meter, messages.UP, bytes(message.payload)
        )
        self._hear(client, kind, body)

    def _hear(self, client: mqtt.Client, kind: int, body: Any) -> None:
        if kind == messages.READINGS:
            self._answer(client, kind, self._keep(self.readings, body[0]))
        elif kind == messages.EVENTS:
            self._answer(client, kind, self._keep(self.events, body[0]))
        elif kind == messages.HELLO:
            self.greeted += 1
            self._answer(client, kind, 0, nonce=body[1])

    def _keep(self, kept: dict[int, list[int]], records: list[list[int]]) -> int:
        """Return the sequence up to which everything is held."""
        for record in records:
            self.contradicted += kept.setdefault(record[0], record) != record
        return next(sequence for sequence in itertools.count(1) if sequence not in kept) - 1

    def _answer(
        self, client: mqtt.Client, kind: int, through: int, nonce: bytes | None = None
    ) -> None:
        time.sleep(next(self._pauses_s))
        body: dict[int, Any] = {0: kind, 1: through, 2: self._now_s()}
        if nonce is not None:
            body[3] = nonce
        self._publish(client, messages.ACK, body)

    def _publish(self, client: mqtt.Client, kind: int, body: Any) -> None:
        with self._in_turn:
            self._counter += 1
            payload = messages.seal_message(
                self._down_key, self._meter, EPOCH, messages.DOWN, kind, self._counter,
                self._now_s(), body,
            )  # fmt: skip
            client.publish(messages.topic(self._meter, messages.DOWN, kind), payload, 1)
