"""The board's MQTT client against a real Mosquitto, and against something that is none."""

import socket
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from tests.firmware.net.chip import ANSWER_TIMEOUT_S, Chip, free_port
from tools.broker import Broker

HEADEND = "headend"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker", port=free_port())
    broker.set_user("M1", "secret")
    broker.set_user(HEADEND, "secret")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def chip(broker: Broker) -> Iterator[Chip]:
    chip = Chip(port=broker.port)
    chip.wait_for("session")
    yield chip
    chip.end()


def tell(broker: Broker, payload: bytes) -> None:
    """Publish to the board and return when the broker has it."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.username_pw_set(HEADEND, "secret")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    client.publish("bijli/1/M1/down/command", payload, qos=1).wait_for_publish(ANSWER_TIMEOUT_S)
    client.disconnect()
    client.loop_stop()


def test_a_message_is_sent_and_one_is_heard(broker: Broker, chip: Chip) -> None:
    """Small and large ones, acknowledged by the broker."""
    for size in (0, 1, 120, 121, 4096):
        chip.say(f"publish {size}")
        assert chip.wait_for("sent") == f"sent {size}"
    tell(broker, b"hello")
    assert chip.wait_for("heard") == "heard command hello"


def test_a_message_sent_while_the_broker_is_away_arrives_when_it_is_back(
    broker: Broker, chip: Chip
) -> None:
    broker.kill()
    chip.say("publish 7")
    broker.start()
    chip.wait_for("session")
    assert chip.wait_for("sent") == "sent 7"


def test_what_came_while_the_board_was_off_is_heard_afterwards(broker: Broker, chip: Chip) -> None:
    """The session is persistent: the broker keeps a command for a board without power."""
    chip.end()
    tell(broker, b"kept")
    again = Chip(port=broker.port)
    try:
        assert again.wait_for("heard") == "heard command kept"
    finally:
        again.end()


def test_a_message_that_is_too_large_is_refused_and_the_session_goes_on(
    broker: Broker, chip: Chip
) -> None:
    tell(broker, b"y" * 6000)
    assert chip.wait_for("heard") == "heard command too large"
    tell(broker, b"after")
    assert chip.wait_for("heard") == "heard command after"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", id="another protocol"),
        pytest.param(b"\x20\x02\x00\x05", id="a refusal"),
        pytest.param(b"\x20\x02\x00\x00\xff\xff\xff\xff\xff\xff", id="an endless length"),
        pytest.param(b"\x20\x02\x00\x00\x30\x02\x00\x09", id="a topic longer than its packet"),
        pytest.param(b"\x20\x02\x00\x00\x90\x03\x00\x01\x80", id="a refused subscription"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_after_garbage_the_client_connects_again(answer: bytes) -> None:
    """Whatever a broker says that is not MQTT ends the session, never the board."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(ANSWER_TIMEOUT_S)
        chip = Chip(port=server.getsockname()[1])
        try:
            for _ in range(2):
                connection, _ = server.accept()
                with connection:
                    connection.recv(200)
                    connection.sendall(answer)
        finally:
            chip.end()
