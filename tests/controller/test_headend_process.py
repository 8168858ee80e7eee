"""The headend as it really runs: a process of its own, a real broker, and kill -9."""

import contextlib
import os
import queue
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from protocol import keys, messages
from tools.broker import Broker

ROOT_KEY = bytes(range(32))
WAIT_S = 30  # far beyond what is needed; a slow machine must not fail
RESEND_S = 1
PREPARE = """
import django; django.setup()
from django.core.management import call_command
from controller.fleet.services import add_meter
from controller.headend.services import broker_password
call_command("migrate", verbosity=0)
add_meter("BHK01", root_key=bytes(range(32)), actor="test")
print(broker_password())
"""
QUEUE = """
import django; django.setup()
from controller.headend.services import queue_command
print(queue_command("BHK01", "disconnect", {}, actor="test").pk)
"""


class Site:
    """A data folder with its broker, its headend and one board."""

    def __init__(self, home: Path, far_end):
        self.home = home
        self.broker = Broker(home / "broker")
        self.environment = {
            **os.environ,
            "BIJLI_HOME": str(home),
            "BIJLI_DATABASE_URL": "",
            "BIJLI_BROKER": f"127.0.0.1:{self.broker.port}",
        }
        self.broker.set_user("headend", self.python(PREPARE))
        self.broker.set_user("BHK01", keys.role_key(ROOT_KEY, 0, "broker", "BHK01").hex())
        self.board = far_end("BHK01", ROOT_KEY)
        self.heard: queue.Queue = queue.Queue()
        self.headend: subprocess.Popen | None = None
        self.client: mqtt.Client | None = None

    def python(self, code: str) -> str:
        """What a program of its own prints, run on the site's database."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def start_headend(self) -> None:
        with (self.home / "headend.log").open("ab") as log:
            self.headend = subprocess.Popen(
                [sys.executable, "-m", "controller.headend"],
                env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip

    def connect_board(self) -> None:
        client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id="BHK01", clean_session=False
        )
        client.username_pw_set("BHK01", keys.role_key(ROOT_KEY, 0, "broker", "BHK01").hex())
        client.on_message = lambda _client, _data, message: self.heard.put(
            (message.topic, message.payload)
        )
        client.on_connect = lambda *_: client.subscribe("bijli/1/BHK01/down/+", qos=1)
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        self.client = client

    def say(self, make_publication) -> None:
        topic, payload = make_publication()
        self.client.publish(topic, payload, qos=1)

    def say_until_acknowledged(self, make_publication, kind: int, through: int) -> None:
        """As a board does: the same records in a new message, until they are acknowledged."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            self.say(make_publication)
            with contextlib.suppress(queue.Empty):
                while True:
                    heard, _counter, body = self.board.open(self.heard.get(timeout=RESEND_S))
                    if heard == messages.ACK and body[0] == kind and body[1] >= through:
                        return
        pytest.fail((self.home / "headend.log").read_text())

    def hear(self, kind: int) -> dict:
        """The body of the next message of one kind from the controller."""
        while True:
            heard, _counter, body = self.board.open(self.heard.get(timeout=WAIT_S))
            if heard == kind:
                return body

    def column(self, statement: str) -> list:
        with contextlib.closing(sqlite3.connect(self.home / "bijli.sqlite3")) as database:
            return [row[0] for row in database.execute(statement)]

    def wait_for_state(self, state: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while self.column("SELECT state FROM headend_command") != [state]:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self) -> None:
        if self.client is not None:
            self.client.loop_stop()
            self.client.disconnect()
        if self.headend is not None:
            self.headend.kill()
            self.headend.wait()
        self.broker.stop()


@pytest.fixture
def site(tmp_path, far_end):
    place = Site(tmp_path / "home", far_end)
    place.broker.start()
    yield place
    place.stop()


def test_a_board_says_hello_sends_readings_obeys_a_command_and_sigterm_ends_it(site):
    site.start_headend()
    site.connect_board()
    site.say_until_acknowledged(site.board.hello, messages.HELLO, 0)
    site.say_until_acknowledged(lambda: site.board.readings(1, 2), messages.READINGS, 2)
    command_id = site.python(QUEUE)
    command = site.hear(messages.COMMAND)
    assert command[0].hex() == command_id
    for stage, state in ((1, "received"), (2, "applied")):
        site.say(lambda stage=stage: site.board.receipt(command[0], stage))
        site.wait_for_state(state)
    site.headend.terminate()
    assert site.headend.wait(WAIT_S) == 0


def test_kill_9_of_the_headend_at_any_moment_loses_no_reading_and_stores_none_twice(site):
    site.connect_board()
    last = 0
    for pause_s in (0.0, 0.005, 0.02, 0.5):
        site.start_headend()
        site.say_until_acknowledged(site.board.hello, messages.HELLO, 0)
        for _ in range(20):
            last += 1
            site.say(lambda last=last: site.board.readings(last))
        time.sleep(pause_s)
        site.headend.kill()
        site.headend.wait()
    site.start_headend()
    missing_from = 1
    while missing_from <= last:
        batch = range(missing_from, min(missing_from + 24, last + 1))
        site.say_until_acknowledged(
            lambda batch=batch: site.board.readings(*batch), messages.READINGS, batch[-1]
        )
        missing_from = batch[-1] + 1
    stored = site.column("SELECT sequence FROM readings_reading ORDER BY sequence")
    assert stored == list(range(1, last + 1))
    assert all(
        size > 0 for size in site.column("SELECT length(envelope) FROM headend_signedmessage")
    )


def test_a_broker_that_goes_away_is_awaited(site):
    site.start_headend()
    site.connect_board()
    site.say_until_acknowledged(site.board.hello, messages.HELLO, 0)
    site.broker.kill()
    site.broker.start()
    site.say_until_acknowledged(lambda: site.board.readings(1), messages.READINGS, 1)
    assert site.headend.poll() is None
    assert (site.home / "headend.log").read_text().count("broker is away") <= 1


def test_a_database_locked_by_somebody_else_delays_but_loses_nothing(site):
    site.start_headend()
    site.connect_board()
    site.say_until_acknowledged(site.board.hello, messages.HELLO, 0)
    with contextlib.closing(sqlite3.connect(site.home / "bijli.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        site.say(lambda: site.board.readings(1))
        time.sleep(0.5)
        assert site.column("SELECT sequence FROM readings_reading") == []
        other.rollback()
    site.say_until_acknowledged(lambda: site.board.readings(1), messages.READINGS, 1)
    assert site.column("SELECT sequence FROM readings_reading") == [1]
