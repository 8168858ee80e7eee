"""One question and its answer by UDP, without ever blocking the board.

For the name server and the time server. It must not know what is asked.
"""

import asyncio
import socket
from asyncio import core  # type: ignore[attr-defined]

from micropython import const

ANSWER_BYTES_MAX = const(512)  # what a name server may send by UDP (RFC 1035, 2.3.4)
TIMEOUT_S = const(3)


async def ask(address, port, request, read):
    """Send `request` to a numeric `address`; return what `read(request, answer)` makes of it.

    `read` returns None for what is no answer to this request: then the next datagram counts, until
    TIMEOUT_S is over. Raises OSError, asyncio.TimeoutError.
    """
    family, kind, protocol, _, target = socket.getaddrinfo(address, port, 0, socket.SOCK_DGRAM)[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        sock.connect(target)  # from now on the kernel drops what others send
        sock.send(request)
        return await asyncio.wait_for(_receive(sock, request, read), TIMEOUT_S)
    finally:
        sock.close()


async def _receive(sock, request, read):
    while True:
        await _readable(sock)
        answer = read(request, sock.recv(ANSWER_BYTES_MAX))
        if answer is not None:
            return answer


def _readable(sock):
    yield core._io_queue.queue_read(sock)
