"""config.json: whatever is wrong with it is told in one sentence that says what to write."""

import json

import pytest

from firmware.config import Config, ConfigError, board_name, read_settings

GOOD = {
    "meter": "BHKATS01112",
    "root_key": "0f" * 32,
    "epoch": 1,
    "broker": {"host": "broker.example", "port": 8883, "tls": True},
    "wifi": {"ssid": "plant", "password": "secret"},
    "board": "esp32_devkit",
}


def test_a_good_configuration_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(GOOD))
    config = Config(read_settings())
    assert (config.meter, config.root_key, config.epoch) == ("BHKATS01112", b"\x0f" * 32, 1)
    assert (config.host, config.port, config.tls) == ("broker.example", 8883, True)
    assert config.wifi == ("plant", "secret")


@pytest.mark.parametrize("wifi", [None, {}])
def test_without_wifi_the_network_is_there_by_itself(wifi):
    assert Config(GOOD | {"wifi": wifi}).wifi is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"meter": "lower case"}, "A"),
        ({"meter": "X" * 17}, "1 to 16 characters"),
        ({"meter": None}, "1 to 16 characters"),
        ({"root_key": "0f" * 31}, "64 hex digits"),
        ({"root_key": "zz" * 32}, "64 hex digits"),
        ({"root_key": None}, "64 hex digits"),
        ({"epoch": 0}, '"epoch" must be a number from 1'),
        ({"epoch": True}, '"epoch" must be a number'),
        ({"broker": "broker.example"}, '"broker" must be an object'),
        ({"broker": {"port": 1}}, '"host" must be text'),
        ({"broker": {"host": "h", "port": 65_536}}, '"port" must be a number from 1 to 65535'),
        ({"wifi": "plant"}, '"wifi" must be an object'),
        ({"wifi": {"ssid": ""}}, '"ssid" must be text of 1 to 32'),
    ],
)
def test_a_wrong_setting_is_named_and_no_key_is_shown(change, says):
    with pytest.raises(ConfigError, match=says) as raised:
        Config(GOOD | change)
    assert GOOD["root_key"] not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "is missing"), ("{", "is not JSON"), ("[]", "one JSON object"), ("", "is not JSON")],
)
def test_a_file_that_is_no_configuration_says_what_to_do(tmp_path, monkeypatch, text, says):
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    with pytest.raises(ConfigError, match=says):
        read_settings()


@pytest.mark.parametrize("name", ["", "../main", "ESP32", 5])
def test_a_board_is_named_by_a_file_of_its_folder(name):
    assert board_name({}) == "esp32_devkit"
    with pytest.raises(ConfigError, match="firmware/boards"):
        board_name({"board": name})
