"""Gives a board its identity: `config.json` with meter, root key and network, and certificates.

Secrets that everybody knows are refused. What is on the board already is not written again, and
what was written is read back and judged by the board's own firmware. The keys go to the board and
nowhere else: not to the console, not to a log. This module must not know where keys come from.
"""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protocol.limits import KEY_BYTES
from tools.board.device import Device
from tools.errors import ToolError

CONFIG_FILE = "config.json"
AUTHORITY_FILE = "ca.der"
CERTIFICATE_FILE = "client.der"
PRIVATE_KEY_FILE = "client.key.der"
WIFI_PASSWORD_MIN = 8  # of WPA2

# What manuals, examples and factories use. A network with one of these is as good as open.
KNOWN_PASSWORDS = frozenset(
    "password passw0rd 12345678 123456789 1234567890 11111111 00000000 88888888 qwertyui"
    " qwerty123 iloveyou changeme changeme1 default1 admin123 administrator internet letmein1"
    " testtest bijlibijli".split()
)

# Refused by nobody but the firmware's own reader, so it is asked.
_JUDGE = """
from firmware.config import Config, read_settings
found = Config(read_settings())
print(repr((found.meter, found.host, found.port)))
"""

# What boot.py looks for when the file system is gone. A board lives without it.
_NOTE = """
from firmware.drivers import nvs
values = nvs.Values()
wanted = {{nvs.METER: {meter!r}, nvs.BOARD: {board!r}}}
print(all([values.text(k) == v or values.keep_text(k, v) for k, v in wanted.items()]))
"""


@dataclass(frozen=True)
class Identity:
    """What a board is to be: the settings of config.json, and files beside it by name."""

    settings: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def meter(self) -> str:
        """Which meter this is."""
        return str(self.settings["meter"])


def require_secrets(settings: dict[str, Any], *, open_wifi: bool = False) -> None:
    """Raises ToolError for a root key or Wi-Fi password that others could know."""
    try:
        key = bytes.fromhex(str(settings.get("root_key", "")))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ToolError(
            f"The root key is not {2 * KEY_BYTES} hexadecimal digits.",
            "take the configuration from `bijli meter config`.",
        )
    if _is_guessable(key):
        raise ToolError(
            "The root key is one that anybody could guess.",
            "register the meter with `bijli meter add`, which makes a random one.",
        )
    wifi = settings.get("wifi")
    if wifi is not None:
        _require_password(str(wifi.get("password") or ""), str(wifi.get("ssid") or ""), open_wifi)


def _is_guessable(key: bytes) -> bool:
    """Constant, counting or repeating octets: examples and test vectors look like that."""
    steps = {(later - earlier) % 256 for earlier, later in itertools.pairwise(key)}
    repeats = any(key == key[:size] * (len(key) // size) for size in (1, 2, 4, 8, 16))
    return len(steps) == 1 or repeats


def _require_password(password: str, ssid: str, open_wifi: bool) -> None:
    if not password and open_wifi:
        return
    if not password:
        raise ToolError(
            "The Wi-Fi has no password.",
            "give it one; if it is meant to be open, say --open-wifi.",
        )
    if len(password) < WIFI_PASSWORD_MIN:
        raise ToolError(
            f"The Wi-Fi password has fewer than {WIFI_PASSWORD_MIN} characters.",
            "WPA2 wants more.",
        )
    if password.lower() in KNOWN_PASSWORDS or password.lower() == ssid.lower():
        raise ToolError(
            "That Wi-Fi password is one that everybody tries first.",
            "set another one at the access point, then give it here.",
        )


def read_config_file(path: Path) -> dict[str, Any]:
    """The settings in a file that `bijli meter config` printed. Raises ToolError."""
    try:
        settings = json.loads(path.read_text())
    except OSError as error:
        raise ToolError(
            f"{path} cannot be read: {error.strerror}.", "see `bijli meter config`."
        ) from None
    except ValueError:
        raise ToolError(
            f"{path} is not JSON.", "make it anew with `bijli meter config`."
        ) from None
    if not isinstance(settings, dict) or "meter" not in settings:
        raise ToolError(f"{path} names no meter.", "make it anew with `bijli meter config`.")
    return settings


def provision(
    device: Device, identity: Identity, say: Callable[[str], None], *, replace: bool = False
) -> list[str]:
    """Bring the board to `identity`; return the names of the files that were written.

    Raises ToolError: the board is another meter (unless `replace`), or what it reads back is not
    what was written.
    """
    _require_same_meter(device, identity.meter, replace)
    config = json.dumps(identity.settings, indent=1, sort_keys=True).encode()
    # The configuration comes last: it makes the rest count.
    files = {**identity.files, CONFIG_FILE: config}
    written = []
    for name, content in files.items():
        if device.holds(name, content):
            say(f"{name}: as it should be")
            continue
        device.write(name, content)
        written.append(name)
        say(f"{name}: written, {len(content)} B, read back the same")
    _verify(device, identity)
    note = _NOTE.format(meter=identity.meter, board=str(identity.settings.get("board", "")))
    if device.run(note).strip() != "True":
        say("the NVS keeps nothing: should the file system be lost, the board forgets its name")
    return written


def _require_same_meter(device: Device, meter: str, replace: bool) -> None:
    there = device.read(CONFIG_FILE)
    if there is None or replace:
        return
    try:
        before = json.loads(there)["meter"]
    except (ValueError, KeyError, TypeError):
        return  # what is there is no identity
    if before != meter:
        raise ToolError(
            f"This board is {before}, whose registers and credit it holds.",
            f"if it is to become {meter} all the same, say --replace.",
        )


def _verify(device: Device, identity: Identity) -> None:
    broker = identity.settings["broker"]
    expected = (identity.meter, broker["host"], broker["port"])
    answer = device.run(_JUDGE).strip()
    if answer != repr(expected):
        raise ToolError(
            f"The firmware on the board reads {answer} from its configuration.",
            "see that its firmware is of this release (`bijli board install`), then try again.",
        )
