"""Certificates for benches and tests: an authority, a broker that shows them and asks for them."""

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tools.broker import LOOPBACK, Broker, free_port

BROKER_NAME = "localhost"
VALID_DAYS = 1
PEM = serialization.Encoding.PEM
DER = serialization.Encoding.DER


class Authority:
    """Signs certificates; `der` is what a board keeps of it, `pem` what a broker does."""

    def __init__(self, name: str = "the board's authority") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        basic = x509.BasicConstraints(ca=True, path_length=None)
        certificate = (
            self._build(self.name, self.key, 0)
            .add_extension(basic, critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.der = certificate.public_bytes(DER)
        self.pem = certificate.public_bytes(PEM)

    def issue(self, name: str, late_days: int = 0) -> tuple[x509.Certificate, bytes, bytes]:
        """Return the certificate of `name` and its key, as PEM and as DER.

        It is valid from a day before to a day after now, moved by `late_days`.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = self._build(subject, key, late_days).add_extension(names, critical=False)
        encryption = serialization.NoEncryption()
        as_pem = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, encryption)
        as_der = key.private_bytes(DER, serialization.PrivateFormat.TraditionalOpenSSL, encryption)
        return builder.sign(self.key, hashes.SHA256()), as_pem, as_der

    def board_files(self, meter: str, late_days: int = 0) -> dict[str, bytes]:
        """What lies on the flash of board `meter`: authority, certificate and key."""
        certificate, _, key = self.issue(meter, late_days)
        return {
            "ca.der": self.der,
            "client.der": certificate.public_bytes(DER),
            "client.key.der": key,
        }

    def _build(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, late_days: int
    ) -> x509.CertificateBuilder:
        middle = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=late_days)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(middle - datetime.timedelta(days=VALID_DAYS))
            .not_valid_after(middle + datetime.timedelta(days=VALID_DAYS))
        )


class TlsBroker(Broker):
    """A broker that also listens with TLS on `tls_port`, and lets in only the authority's own.

    `name` and `late_days` are of its certificate, `clients` signs those of the boards.
    """

    def __init__(
        self,
        home: Path,
        authority: Authority,
        name: str = BROKER_NAME,
        late_days: int = 0,
        clients: Authority | None = None,
        require_certificate: bool = True,
    ) -> None:
        super().__init__(home)
        self.tls_port = free_port()
        self._requires = require_certificate
        certificate, key, _ = authority.issue(name, late_days)
        (self.home / "server.pem").write_bytes(certificate.public_bytes(PEM))
        (self.home / "server.key").write_bytes(key)
        (self.home / "clients.pem").write_bytes((clients or authority).pem)

    def _write_configuration(self) -> None:
        super()._write_configuration()
        home = self.home
        with (home / "mosquitto.conf").open("a") as file:
            file.write(
                f"listener {self.tls_port} {LOOPBACK}\n"
                f"certfile {home}/server.pem\nkeyfile {home}/server.key\n"
                f"cafile {home}/clients.pem\n"
                f"require_certificate {'true' if self._requires else 'false'}\n"
            )
