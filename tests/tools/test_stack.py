"""The stack of `bijli up` and `bijli demo`: what it keeps to itself, and what it will not hide."""

import socket
import stat
import time

import pytest

from tools.broker import LOOPBACK
from tools.demo.run import run_demo
from tools.errors import StackError, ToolError
from tools.stack import Process, Stack


def test_the_data_folder_is_its_owners_only(tmp_path):
    """It holds the database, the boards' flash with their root keys, and the logs."""
    home = Stack(tmp_path / "home").home
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_another_server_on_the_consoles_port_is_not_taken_for_the_console(tmp_path):
    with socket.socket() as occupant:
        occupant.bind((LOOPBACK, 0))
        occupant.listen()
        port = occupant.getsockname()[1]
        said: list[str] = []
        with pytest.raises(ToolError, match=f"(?s)Port {port} .* choose another port"):
            Stack(tmp_path, console_port=port).start(said.append)
    assert said == []


def test_a_demo_whose_headend_does_not_come_up_leaves_no_process_behind(tmp_path, monkeypatch):
    ended: list[Stack] = []

    def fail(_self: Stack, *_: object, **__: object) -> None:
        raise StackError("The headend did not start.", "Mend it.")

    def note(self: Stack) -> None:
        ended.append(self)

    monkeypatch.setattr(Stack, "start", fail)
    monkeypatch.setattr(Stack, "stop", note)
    with pytest.raises(StackError):
        run_demo(1, None, days=3, keep=False, chaos=False, home=tmp_path / "demo", as_json=False)
    assert len(ended) == 1
    assert stat.S_IMODE((tmp_path / "demo").stat().st_mode) == 0o700


@pytest.fixture
def sleeper(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.stack.RESTARTS_MAX", 2)
    process = Process("sleeper", ["http.server", "0"], {}, tmp_path / "log")
    process.start()
    yield process
    process.stop()


def test_a_process_that_we_killed_comes_back_however_often(sleeper):
    for _ in range(5):
        sleeper.kill()
        assert sleeper.revive()
    assert sleeper.restarts == 0


def test_a_process_that_ends_by_itself_too_often_stays_down(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.stack.RESTARTS_MAX", 2)
    process = Process("broken", ["no_such_module"], {}, tmp_path / "log")
    process.start()
    revived = []
    for _ in range(3):
        while not process.died():
            time.sleep(0.01)
        revived.append(process.revive())
    assert revived == [True, True, False]


def test_what_runs_beside_and_keeps_failing_stays_down_and_is_told_once(tmp_path, monkeypatch):
    """Supply and counter go on without reminders; of the headend the same would be the end."""
    monkeypatch.setattr("tools.stack.RESTARTS_MAX", 1)
    monkeypatch.setattr("tools.stack.BESIDE", {"routine": ["no_such_module"]})
    stack = Stack(tmp_path, broker_port=0)
    (process,) = stack.beside
    process.start()
    said: list[str] = []
    for _ in range(3):
        while process.running():
            time.sleep(0.01)
        stack.watch(said.append)
    assert len(said) == 1
    assert "routine keeps failing" in said[0]
    assert not process.died()


def test_notices_start_only_where_there_is_a_provider(tmp_path, monkeypatch):
    """MG-10: without one, messages wait in the outbox."""
    started: list[str] = []
    monkeypatch.setattr(Process, "start", lambda self: started.append(self.name))
    stack = Stack(tmp_path, broker_port=0)
    for routes in ({}, {"sms": "json://localhost"}):
        monkeypatch.setattr("controller.notices.queries.routes", lambda routes=routes: routes)
        stack._start_beside(lambda _line: None)
    assert started == ["night", "routine", "night", "routine", "notices"]
