"""Opens the board's one TCP connection, with or without TLS, and leaves no socket behind.

Takes the place of `asyncio.open_connection`, which keeps the socket when it fails or is given up:
the chip has about ten. It must not know names, MQTT or when to try again.
"""

import asyncio
import errno
import socket
from asyncio import core  # type: ignore[attr-defined]

from micropython import const

_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)


async def open_stream(address, port, tls, name):
    """Return a stream to a numeric `address`; `tls` is an SSLContext that expects `name`, or None.

    The TLS handshake happens with the first octets sent. Raises OSError, ValueError (TLS).
    """
    family, kind, protocol, _, target = socket.getaddrinfo(address, port, 0, socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        _send_at_once(sock)
        try:
            sock.connect(target)
        except OSError as error:
            if error.errno != errno.EINPROGRESS:
                raise
        await _writable(sock)
        if tls:
            sock = tls.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
            sock.setblocking(False)
        return asyncio.StreamReader(sock)
    except BaseException:  # CancelledError too: the time for it is over
        sock.close()
        raise


def _writable(sock):
    yield core._io_queue.queue_write(sock)


def _send_at_once(sock):
    """Small packets follow each other; without this each would wait for the one before."""
    try:
        sock.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
    except (OSError, ValueError):
        pass  # a port without the option is slower, not wrong
