"""Whom the board believes to be its broker: the authority whose certificate lies on its flash.

It must not know addresses, passwords or MQTT.
"""

from firmware.config import ConfigError

AUTHORITY_FILE = "ca.der"  # the authority that signed the broker's certificate, as DER


def load_context(path=AUTHORITY_FILE):
    """Return the TLS context that accepts only a broker of this authority, by its host name.

    Raises ConfigError when there is no such certificate.
    """
    import tls  # not every port has it

    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    try:
        with open(path, "rb") as file:
            context.load_verify_locations(file.read())
    except (OSError, ValueError):
        raise ConfigError("%s: put the authority's certificate there, as DER" % path) from None
    return context
