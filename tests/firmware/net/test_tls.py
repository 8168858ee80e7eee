"""The board's MQTT client over TLS: each end shows who it is, and talks to nobody else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.firmware.net.chip import Chip
from tests.micropython import ScriptFailed, run_micropython
from tools.bench.authority import Authority, TlsBroker

SESSION_BYTES_MAX = 8 * 1024  # without the buffers of mbedTLS, which are not on the heap of Python
EXPIRED, NOT_YET = -30, 30

Serve = Callable[..., TlsBroker]


def has_tls() -> bool:
    try:
        run_micropython("import tls")
    except ScriptFailed:
        return False
    return True


pytestmark = pytest.mark.skipif(not has_tls(), reason="this MicroPython has no tls module")


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a Mosquitto that speaks TLS and lets in board M1."""
    brokers = []

    def start(authority: Authority, **about: Any) -> TlsBroker:
        broker = TlsBroker(tmp_path / "broker", authority, **about)
        broker.set_user("M1", "secret")
        broker.start()
        brokers.append(broker)
        return broker

    yield start
    for broker in brokers:
        broker.stop()


@pytest.fixture
def fit(tmp_path: Path) -> Iterator[Callable[..., Chip]]:
    """Gives a board its files and starts it."""
    chips = []

    def start(broker: TlsBroker, files: dict[str, bytes]) -> Chip:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        chips.append(Chip(port=broker.tls_port, host="localhost", folder=f"{tmp_path}/"))
        return chips[-1]

    yield start
    for chip in chips:
        chip.end()


def test_a_broker_that_wants_a_certificate_gets_one_and_hears_the_board(
    authority: Authority, serve: Serve, fit: Callable[..., Chip]
) -> None:
    chip = fit(serve(authority), authority.board_files("M1"))
    before_bytes = int(chip.wait_for("heap").split()[1])
    session_bytes = int(chip.wait_for("session").split()[1]) - before_bytes
    print(f"a TLS session takes {session_bytes} bytes of heap")
    assert session_bytes < SESSION_BYTES_MAX
    for size in (1, 4096):
        chip.say(f"publish {size}")
        assert chip.wait_for("sent") == f"sent {size}"


def test_a_broker_that_wants_none_is_spoken_to_without(
    authority: Authority, serve: Serve, fit: Callable[..., Chip]
) -> None:
    broker = serve(authority, require_certificate=False)
    assert fit(broker, {"ca.der": authority.der}).wait_for("session")


@pytest.mark.parametrize(
    ("issuer", "about"),
    [
        pytest.param("a stranger", {}, id="another authority's broker"),
        pytest.param(None, {"name": "elsewhere.example"}, id="another host's certificate"),
        pytest.param(None, {"late_days": EXPIRED}, id="an expired certificate"),
        pytest.param(None, {"late_days": NOT_YET}, id="a certificate of the future"),
    ],
)
def test_a_broker_that_the_authority_does_not_vouch_for_hears_nothing(
    authority: Authority,
    serve: Serve,
    fit: Callable[..., Chip],
    issuer: str | None,
    about: dict[str, Any],
) -> None:
    signer = Authority(issuer) if issuer else authority
    chip = fit(serve(signer, clients=authority, **about), authority.board_files("M1"))
    for _ in range(2):  # it says why, and tries again
        assert "ValueError" in chip.wait_for("mqtt: V")


@pytest.mark.parametrize(
    ("signer", "late_days"),
    [
        pytest.param(None, 0, id="none"),
        pytest.param("a stranger", 0, id="a stranger's"),
        pytest.param("the authority", EXPIRED, id="an expired one"),
    ],
)
def test_a_board_without_a_certificate_that_the_broker_accepts_is_not_let_in_and_tries_again(
    authority: Authority,
    serve: Serve,
    fit: Callable[..., Chip],
    signer: str | None,
    late_days: int,
) -> None:
    files = {"ca.der": authority.der}
    if signer:
        by = authority if signer == "the authority" else Authority(signer)
        files = by.board_files("M1", late_days) | files
    chip = fit(serve(authority), files)
    for _ in range(2):
        assert chip.wait_for("mqtt: ")
    assert "secret" not in chip.wait_for("mqtt: ")


BROKEN = {
    "a missing authority": (("ca.der", None), "ca.der"),
    "an authority that is no certificate": (("ca.der", b"-----BEGIN"), "ca.der"),
    "a certificate without its key": (("client.key.der", None), "client.key.der"),
    "a key without its certificate": (("client.der", None), "client.der"),
    "a key that is none": (("client.key.der", b"\x30\x03\x02\x01\x00"), "client.key.der"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_files_that_are_missing_or_wrong_are_named_and_never_shown(
    tmp_path: Path, authority: Authority, case: str
) -> None:
    (name, content), says = BROKEN[case]
    for path, written in authority.board_files("M1").items():
        (tmp_path / path).write_bytes(written)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    script = f"""
from firmware.config import ConfigError
from firmware.net.certificate import load_context
try:
    load_context({str(tmp_path) + "/"!r})
except ConfigError as error:
    print(error)
"""
    printed = run_micropython(script)
    assert says in printed
    assert "put the" in printed
