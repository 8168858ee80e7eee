"""Provisioning the real interpreter behind a pty: what a board gets, and what is refused."""

import json
import secrets
import subprocess
import sys

import pytest

from tools.board.device import connect
from tools.board.provision import CONFIG_FILE, Identity, provision, require_secrets
from tools.errors import ToolError
from tools.folders import ROOT


def settings(**changes):
    wanted = {
        "meter": "KATS0001",
        "root_key": secrets.token_hex(32),
        "epoch": 1,
        "broker": {"host": "broker.example", "port": 8883, "tls": True},
        "wifi": {"ssid": "plant", "password": "correct horse battery"},
        "board": "esp32_devkit",
    }
    return {**wanted, **changes}


def quiet(_text):
    pass


def bijli(*words):
    return subprocess.run(
        [sys.executable, "-m", "tools", "board", *words], cwd=ROOT, capture_output=True, text=True
    )


def test_a_new_board_gets_its_identity_and_the_firmware_on_it_agrees(board):
    identity = Identity(settings(), {"ca.der": bytes(range(256)) * 3})
    with connect(board.port) as device:
        assert provision(device, identity, quiet) == ["ca.der", CONFIG_FILE]
    assert json.loads((board.files / CONFIG_FILE).read_text()) == identity.settings
    assert (board.files / "ca.der").read_bytes() == bytes(range(256)) * 3


def test_the_boards_name_is_also_where_it_is_found_without_a_file_system(board):
    said = []
    with connect(board.port) as device:
        provision(device, Identity(settings()), said.append)
        kept = device.ask("(values.text(nvs.METER), values.text(nvs.BOARD))")
    assert kept == ("KATS0001", "esp32_devkit")
    assert not any("NVS" in line for line in said)


def test_provisioning_again_writes_nothing(board):
    identity = Identity(settings())
    with connect(board.port) as device:
        provision(device, identity, quiet)
        assert provision(device, identity, quiet) == []


def test_a_board_that_is_another_meter_is_left_alone_unless_it_is_to_be_replaced(board):
    (board.files / CONFIG_FILE).write_text(json.dumps(settings(meter="KATS0002")))
    with connect(board.port) as device:
        with pytest.raises(ToolError, match="This board is KATS0002"):
            provision(device, Identity(settings()), quiet)
        assert provision(device, Identity(settings()), quiet, replace=True) == [CONFIG_FILE]


def test_settings_that_the_firmware_would_not_take_are_told(board):
    with (
        connect(board.port) as device,
        pytest.raises(ToolError, match="ConfigError"),
    ):
        provision(device, Identity(settings(epoch=0)), quiet)


def test_nothing_secret_is_said(board):
    said = []
    wanted = settings()
    with connect(board.port, said.append) as device:
        provision(device, Identity(wanted), said.append)
    told = " ".join(said)
    assert wanted["root_key"] not in told
    assert wanted["wifi"]["password"] not in told


def test_a_board_that_was_reset_is_gone_from_its_prompt(board):
    with connect(board.port) as device:
        device.reset()
    assert board.process.wait(10) == 0


def test_a_port_that_is_not_there_is_told_with_what_to_do():
    with pytest.raises(ToolError, match="cannot be opened"), connect("/dev/no-such-port"):
        pass


@pytest.mark.parametrize(
    "key",
    [
        "00" * 32,
        "ff" * 32,
        bytes(range(32)).hex(),
        bytes(range(1, 33)).hex(),
        bytes(range(255, 223, -1)).hex(),
        "0123456789abcdef" * 4,
        "deadbeef" * 8,
    ],
)
def test_a_root_key_that_anybody_could_guess_is_refused(key):
    with pytest.raises(ToolError, match="guess"):
        require_secrets(settings(root_key=key))


@pytest.mark.parametrize("key", ["", "12", "zz" * 32, None])
def test_a_root_key_of_another_form_is_refused(key):
    with pytest.raises(ToolError, match="64 hexadecimal"):
        require_secrets(settings(root_key=key))


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "no password"),
        ("short", "fewer than"),
        ("password", "everybody"),
        ("12345678", "everybody"),
        ("ChangeMe", "everybody"),
        ("PlantNorth", "everybody"),
    ],
)
def test_a_wifi_password_that_protects_nothing_is_refused(password, words):
    wifi = {"ssid": "plantnorth", "password": password}
    with pytest.raises(ToolError, match=words):
        require_secrets(settings(wifi=wifi))


def test_a_network_that_is_open_on_purpose_may_be():
    require_secrets(settings(wifi={"ssid": "plant", "password": ""}), open_wifi=True)


def test_random_keys_are_never_refused():
    for _ in range(1000):
        require_secrets(settings())


def test_the_command_line_provisions_and_a_second_run_writes_nothing(board, tmp_path):
    config = tmp_path / "KATS0001.json"
    config.write_text(json.dumps(settings()))
    words = ["provision", "KATS0001", "--port", board.port, "--config", str(config), "--json"]
    done = bijli(*words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "meter": "KATS0001",
        "written": [CONFIG_FILE],
        "verified": True,
    }
    assert json.loads((board.files / CONFIG_FILE).read_text())["meter"] == "KATS0001"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["KATS0002", "--config", "{config}"], "is for KATS0001"),
        (["KATS0001", "--config", "{config}", "--board", "esp64"], "There is no board"),
        (["KATS0001", "--config", "{config}", "--certificate", "{config}"], "--private-key"),
        (["KATS0001"], "--broker HOST --ssid NAME"),
    ],
)
def test_what_does_not_fit_together_is_told_before_a_port_is_opened(tmp_path, words, says):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings()))
    done = bijli("provision", *[word.format(config=config) for word in words], "--port", "/dev/no")
    assert done.returncode == 2
    assert says in done.stderr
