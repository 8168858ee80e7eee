"""A controller reduced to what one board needs: it acknowledges, sends, and notes what it hears.

It signs whatever a test asks for, also what no controller would ever send.
"""

import queue
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from protocol import commands, keys, messages
from tools.broker import HEADEND_USER

PASSWORD = "desk"
EPOCH = 1
ANSWER_TIMEOUT_S = 20
FOR_EVER_S = 1_000_000_000

Outcome = tuple[int, int]  # stage and reason of a receipt


class Desk:
    """One meter's far end. `now_s` tells board time, for the answer to hello."""

    def __init__(self, port: int, meter: str, root_key: bytes, now_s: Callable[[], int]):
        self.meter = meter
        self.key = keys.role_key(root_key, EPOCH, keys.ROLE_DOWNLINK, meter)
        self.counter = 0
        self.answers = True  # False: the desk hears and keeps silent
        self.receipts: queue.Queue[tuple[bytes, Outcome]] = queue.Queue()
        self.events: queue.Queue[tuple[int, int]] = queue.Queue()
        self.readings: queue.Queue[list[int]] = queue.Queue()
        self.hellos: queue.Queue[dict[int, Any]] = queue.Queue()
        self._uplink_key = keys.role_key(root_key, EPOCH, keys.ROLE_UPLINK, meter)
        self._now_s = now_s
        self._commands = 0
        self._in_turn = threading.Lock()  # messages must go in the order of their counters
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(HEADEND_USER, PASSWORD)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_message = self._hear
        self._client.on_connect = self._subscribe  # also when the broker was away
        self._client.on_disconnect = lambda *_about: self._subscribed.clear()
        self._client.on_subscribe = lambda *_about: self._subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def seal(self, kind: int, body: Any, counter: int | None = None, **other: Any) -> bytes:
        """A message as the controller would send it; `other` replaces key, meter or epoch."""
        if counter is None:
            self.counter += 1
            counter = self.counter
        key, meter = other.get("key", self.key), other.get("meter", self.meter)
        return messages.seal_message(
            key,
            meter,
            other.get("epoch", EPOCH),
            messages.DOWN,
            kind,
            counter,
            self._now_s(),
            body,
        )

    def body(self, name: int, arguments: Any, **frame: Any) -> dict[int, Any]:
        """The body of a new command that is valid for ever, unless `frame` says otherwise."""
        self._commands += 1
        identity = frame.get("identity", b"%08d" % self._commands)
        not_before_s = frame.get("not_before_s", 0)
        expires_s = frame.get("expires_s", FOR_EVER_S)
        return {0: identity, 1: 0, 2: not_before_s, 3: expires_s, 4: name, 5: arguments}

    def send(self, payload: bytes) -> None:
        """Send bytes as they are, whatever their counter says."""
        self._publish(messages.COMMAND, payload).wait_for_publish(ANSWER_TIMEOUT_S)

    def order(self, name: int, arguments: Any, **frame: Any) -> list[Outcome]:
        """Send a command; the receipts up to and with the one that concludes it."""
        body = self.body(name, arguments, **frame)
        with self._in_turn:
            sent = self._publish(messages.COMMAND, self.seal(messages.COMMAND, body))
        sent.wait_for_publish(ANSWER_TIMEOUT_S)
        return self.await_receipts(body[0])

    def await_receipts(self, identity: bytes) -> list[Outcome]:
        outcomes: list[Outcome] = []
        while not outcomes or outcomes[-1][0] == commands.STAGE_RECEIVED:
            answered, outcome = self.receipts.get(timeout=ANSWER_TIMEOUT_S)
            assert answered == identity
            outcomes.append(outcome)
        return outcomes

    def await_event(self, code: int) -> int:
        """The value of the next event of this code; others are passed over."""
        while True:
            heard, value = self.events.get(timeout=ANSWER_TIMEOUT_S)
            if heard == code:
                return value

    def await_reading(self) -> list[int]:
        """The next reading, as on the wire."""
        return self.readings.get(timeout=ANSWER_TIMEOUT_S)

    def wait_until_connected(self) -> None:
        """Return when the desk hears its meter, also after the broker was away."""
        assert self._subscribed.wait(ANSWER_TIMEOUT_S)

    def answer_hello(self, hello: dict[int, Any]) -> None:
        self._acknowledge({0: messages.HELLO, 1: 0, 2: self._now_s(), 3: hello[1]})

    def _subscribe(self, *_about: Any) -> None:
        self._client.subscribe(f"bijli/1/{self.meter}/up/#", 1)

    def _hear(self, _client: Any, _userdata: Any, message: Any) -> None:
        _, kind, _, _, body = messages.open_message(
            self._uplink_key, self.meter, messages.UP, message.payload
        )
        if kind == messages.RECEIPT:
            self.receipts.put((body[0], (body[1], body[2])))
        elif kind == messages.HELLO:
            self.hellos.put(body)
            if self.answers:
                self.answer_hello(body)
        elif kind in (messages.READINGS, messages.EVENTS):
            for record in body[0]:
                if kind == messages.EVENTS:
                    self.events.put((record[3], record[4]))
                else:
                    self.readings.put(record)
            self._acknowledge({0: kind, 1: body[0][-1][0], 2: self._now_s()})

    def _acknowledge(self, body: dict[int, Any]) -> None:
        with self._in_turn:
            self._publish(messages.ACK, self.seal(messages.ACK, body))

    def _publish(self, kind: int, payload: bytes) -> paho.MQTTMessageInfo:
        topic = messages.topic(self.meter, messages.DOWN, kind)
        return self._client.publish(topic, payload, qos=1)
