"""The board's MQTT client over TLS: it talks to the broker of its authority, and to no other."""

import datetime
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.firmware.net.chip import Chip, free_port
from tests.micropython import ScriptFailed, run_micropython
from tools import broker

NOW = datetime.datetime.now(datetime.UTC)
SESSION_BYTES_MAX = 8 * 1024  # without the buffers of mbedTLS, which are not on the heap of Python


def has_tls() -> bool:
    try:
        run_micropython("import tls")
    except ScriptFailed:
        return False
    return True


pytestmark = pytest.mark.skipif(not has_tls(), reason="this MicroPython has no tls module")


class Authority:
    """Signs certificates; `der` is what a board keeps of it."""

    def __init__(self, name: str):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        basic = x509.BasicConstraints(ca=True, path_length=None)
        certificate = self._build(self.name, self.key).add_extension(basic, critical=True)
        self.der = certificate.sign(self.key, hashes.SHA256()).public_bytes(
            serialization.Encoding.DER
        )

    def _build(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - datetime.timedelta(days=1))
            .not_valid_after(NOW + datetime.timedelta(days=1))
        )

    def issue(self, host: str, folder: Path) -> None:
        """Write `server.pem` and `server.key` for a server called `host`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        certificate = self._build(subject, key).add_extension(names, critical=False)
        signed = certificate.sign(self.key, hashes.SHA256())
        pem = serialization.Encoding.PEM
        (folder / "server.pem").write_bytes(signed.public_bytes(pem))
        (folder / "server.key").write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority("the board's authority")
    (tmp_path / "ca.der").write_bytes(made.der)
    return made


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[], int]]:
    """Starts a Mosquitto that speaks TLS with what lies in the folder; returns its port."""
    processes = []

    def start() -> int:
        port = free_port()
        (tmp_path / "mosquitto.conf").write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n"
            f"certfile {tmp_path}/server.pem\nkeyfile {tmp_path}/server.key\n"
        )
        program, environment = broker.find()
        processes.append(
            subprocess.Popen(
                [program, "-c", str(tmp_path / "mosquitto.conf")],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        return port

    yield start
    for process in processes:
        process.kill()
        process.wait()


def test_a_message_goes_over_tls_to_the_broker_of_the_authority(
    tmp_path: Path, authority: Authority, serve: Callable[[], int]
) -> None:
    authority.issue("localhost", tmp_path)
    chip = Chip(port=serve(), host="localhost", authority=str(tmp_path / "ca.der"))
    try:
        before_bytes = int(chip.wait_for("heap").split()[1])
        session_bytes = int(chip.wait_for("session").split()[1]) - before_bytes
        print(f"a TLS session takes {session_bytes} bytes of heap")
        assert session_bytes < SESSION_BYTES_MAX
        for size in (1, 4096):
            chip.say(f"publish {size}")
            assert chip.wait_for("sent") == f"sent {size}"
    finally:
        chip.end()


@pytest.mark.parametrize(
    ("issuer", "host"),
    [
        pytest.param("a stranger", "localhost", id="another authority's broker"),
        pytest.param(
            "the board's authority", "elsewhere.example", id="another host's certificate"
        ),
    ],
)
def test_a_broker_that_the_authority_does_not_vouch_for_hears_nothing(
    tmp_path: Path, authority: Authority, serve: Callable[[], int], issuer: str, host: str
) -> None:
    signer = authority if issuer == "the board's authority" else Authority(issuer)
    signer.issue(host, tmp_path)
    chip = Chip(port=serve(), host="localhost", authority=str(tmp_path / "ca.der"))
    try:
        for _ in range(2):  # it says why, and tries again
            assert "ValueError" in chip.wait_for("mqtt: V")
    finally:
        chip.end()
