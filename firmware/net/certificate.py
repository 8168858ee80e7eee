"""Whom the board believes to be its broker, and how it shows the broker who it is itself.

The authority's certificate lies on the board's flash, and beside it, where the broker wants one,
the board's own certificate and its key. It must not know addresses, passwords or MQTT.
"""

import gc

from firmware.config import ConfigError

AUTHORITY_FILE = "ca.der"  # the authority that signed the broker's certificate, as DER
CERTIFICATE_FILE = "client.der"  # the board's own, as DER; neither or both of these two
KEY_FILE = "client.key.der"


def load_context(folder=""):
    """Return the TLS context that accepts only a broker of the authority, by its host name.

    Raises ConfigError when a file is missing or is not what it should be.
    """
    import tls  # not every port has it

    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED  # type: ignore[attr-defined]
    authority = _read(folder + AUTHORITY_FILE)
    try:
        context.load_verify_locations(authority)
    except (TypeError, ValueError):
        raise ConfigError(
            "%s: put the authority's certificate there, as DER" % AUTHORITY_FILE
        ) from None
    authority = None
    certificate, key = _read(folder + CERTIFICATE_FILE), _read(folder + KEY_FILE)
    if certificate is None and key is None:
        return context
    try:
        context.load_cert_chain(certificate, key)
    except (TypeError, ValueError):
        raise ConfigError(
            "%s, %s: put the board's certificate and its key there, as DER, or neither"
            % (CERTIFICATE_FILE, KEY_FILE)
        ) from None
    certificate = key = None
    gc.collect()  # the chip's TLS has its own copies
    return context


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
