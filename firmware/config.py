"""config.json: which meter this is, its root key, and where its controller listens.

Written at commissioning. Anything wrong is told in one sentence; the board then meters and limits
without a network. It must not know what the settings are used for, and prints no secrets.
"""

import binascii
import json

from protocol.errors import ProtocolError
from protocol.keys import check_meter
from protocol.limits import KEY_BYTES, KEY_EPOCH_MAX

FILE = "config.json"
DEFAULT_BOARD = "esp32_devkit"
_PORT_MAX = 65535


class ConfigError(Exception):
    """config.json is missing or wrong; the text says what to do."""


class Config:
    """`wifi` is (ssid, password), or None where the network is there by itself; `sntp` the host
    of a time server, or None."""

    def __init__(self, settings):
        self.meter = _text(settings, "meter", 16)
        self.root_key = _key(settings)
        self.epoch = _number(settings, "epoch", KEY_EPOCH_MAX)
        broker = _object(settings, "broker")
        self.host = _text(broker, "host", 253)
        self.port = _number(broker, "port", _PORT_MAX)
        self.tls = broker.get("tls") is True
        self.wifi = None
        if settings.get("wifi"):
            wifi = _object(settings, "wifi")
            self.wifi = (_text(wifi, "ssid", 32), wifi.get("password") or "")
        self.sntp = None
        if settings.get("sntp"):
            self.sntp = _text(settings, "sntp", 253)
        try:
            check_meter(self.meter)
        except ProtocolError as error:
            raise ConfigError(str(error)) from None


def read_settings():
    """Return the JSON object of config.json. Raises ConfigError."""
    try:
        with open(FILE) as file:
            settings = json.load(file)
    except OSError:
        raise ConfigError("config.json is missing: write it as docs/firmware.md says") from None
    except ValueError:
        raise ConfigError("config.json is not JSON: write it again") from None
    if not isinstance(settings, dict):
        raise ConfigError("config.json must hold one JSON object")
    return settings


def board_name(settings):
    """Return the name of the board definition, a module of firmware/boards."""
    name = settings.get("board", DEFAULT_BOARD)
    if not isinstance(name, str) or not _is_module_name(name):
        raise ConfigError("config.json: board must be the name of a file in firmware/boards")
    return name


def _is_module_name(name):
    return bool(name) and all(c == "_" or "a" <= c <= "z" or "0" <= c <= "9" for c in name)


def _object(settings, name):
    value = settings.get(name)
    if not isinstance(value, dict):
        raise ConfigError('config.json: "%s" must be an object' % name)
    return value


def _text(settings, name, longest):
    value = settings.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise ConfigError('config.json: "%s" must be text of 1 to %d characters' % (name, longest))
    return value


def _number(settings, name, largest):
    value = settings.get(name)
    if type(value) is not int or not 1 <= value <= largest:
        raise ConfigError('config.json: "%s" must be a number from 1 to %d' % (name, largest))
    return value


def _key(settings):
    try:
        key = binascii.unhexlify(settings.get("root_key"))
    except (TypeError, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError('config.json: "root_key" must be %d hex digits' % (2 * KEY_BYTES))
    return key
