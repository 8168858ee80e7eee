"""The broker lets a board speak and hear on its own branch only, and keeps its users through
everything.
"""

import queue
import socket
import threading

import paho.mqtt.client as mqtt
import pytest

from tools.broker import LOOPBACK, Broker, password_entry
from tools.errors import ToolError

WAIT_S = 10


class Client:
    """A real MQTT client whose events a test can wait for."""

    def __init__(self, broker, user, password):
        self.messages = queue.Queue()
        self.gone = threading.Event()
        self._events = queue.Queue()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=user)
        self._client.username_pw_set(user, password)
        self._client.on_connect = lambda *event: self._events.put(event[3])
        self._client.on_subscribe = lambda *event: self._events.put(event[3])
        self._client.on_publish = lambda *event: self._events.put(event[3])
        self._client.on_disconnect = lambda *_: self.gone.set()
        self._client.on_message = lambda _c, _u, message: self.messages.put(
            (message.topic, message.payload)
        )
        self._client.connect(LOOPBACK, broker.port)
        self._client.loop_start()
        self.answer = str(self._events.get(timeout=WAIT_S))

    def subscribe(self, topic):
        self._client.subscribe(topic, 1)
        self._events.get(timeout=WAIT_S)

    def publish(self, topic, payload=b"x"):
        self._client.publish(topic, payload, 1)

    def receive(self):
        return self.messages.get(timeout=WAIT_S)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path / "broker")
    for name in ("headend", "METER1", "METER2"):
        broker.set_user(name, f"password of {name}")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def connect(broker):
    clients = []

    def connect(user, password=None):
        clients.append(Client(broker, user, password or f"password of {user}"))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def test_the_headend_hears_every_board_by_its_shared_subscription(connect):
    headend = connect("headend")
    headend.subscribe("$share/headend/bijli/1/+/up/+")
    connect("METER1").publish("bijli/1/METER1/up/hello", b"one")
    assert headend.receive() == ("bijli/1/METER1/up/hello", b"one")
    connect("METER2").publish("bijli/1/METER2/up/status", b"two")
    assert headend.receive() == ("bijli/1/METER2/up/status", b"two")


def test_a_board_hears_what_is_sent_to_itself_and_nothing_sent_to_another(connect):
    board, headend = connect("METER1"), connect("headend")
    board.subscribe("bijli/1/+/down/#")
    headend.publish("bijli/1/METER2/down/command", b"for another")
    headend.publish("bijli/1/METER1/down/command", b"for me")
    assert board.receive() == ("bijli/1/METER1/down/command", b"for me")
    assert board.messages.empty()


def test_a_board_cannot_speak_for_another(connect):
    headend = connect("headend")
    headend.subscribe("bijli/1/+/up/#")
    connect("METER1").publish("bijli/1/METER2/up/readings", b"forged")
    connect("METER2").publish("bijli/1/METER2/up/readings", b"true")
    assert headend.receive() == ("bijli/1/METER2/up/readings", b"true")
    assert headend.messages.empty()


@pytest.mark.parametrize(("user", "password"), [("METER1", "wrong"), ("METER9", "unknown")])
def test_without_the_right_password_nobody_gets_in(connect, user, password):
    assert connect(user, password).answer == "Not authorized"


def test_a_user_added_from_another_process_gets_in_without_a_restart(broker, connect):
    Broker(broker.home, broker.port).set_user("METER3", "password of METER3")
    for _ in range(50):  # the broker takes up its new list a moment later
        client = connect("METER3")
        if client.answer == "Success":
            break
    assert client.answer == "Success"


def test_users_outlive_a_broker_that_was_killed(broker, connect):
    broker.kill()
    assert not broker.running()
    broker.start()
    assert connect("METER1").answer == "Success"


def test_a_new_password_voids_the_old_one(tmp_path):
    broker = Broker(tmp_path)
    broker.set_user("METER1", "old")
    broker.set_user("METER1", "new")
    assert (tmp_path / "passwords").read_text().count("METER1:") == 1
    assert (tmp_path / "passwords").stat().st_mode & 0o077 == 0


def test_a_password_entry_has_mosquittos_own_form():
    entry = password_entry("METER1", "secret", salt=b"\0" * 12)
    user, _, hashed = entry.partition(":")
    _, kind, iterations, salt, key = hashed.split("$")
    assert (user, kind, iterations, salt, len(key)) == ("METER1", "7", "101", "A" * 16, 88)


def test_a_port_in_use_is_named_with_what_to_do(tmp_path):
    with socket.socket() as occupant:
        occupant.bind((LOOPBACK, 0))
        occupant.listen()
        port = occupant.getsockname()[1]
        with pytest.raises(ToolError, match=f"(?s)Port {port} .* choose another port") as refusal:
            Broker(tmp_path, port).start()
    assert "in use" in refusal.value.problem


def test_a_second_broker_in_the_same_folder_is_refused(broker):
    with pytest.raises(ToolError, match="already running"):
        Broker(broker.home).start()
