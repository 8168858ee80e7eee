"""Where a host is: its numeric address, looked up seldom and without blocking the board.

`socket.getaddrinfo` with a name blocks the whole interpreter; lwIP gives up after 7 s for each
name server that DHCP told, so after 14 s with the usual two. Metering cannot wait for that, so the
question goes out from here, by UDP (RFC 1035). It must not know what the host is for.
"""

import asyncio
import os
import struct

from micropython import const

from firmware.net.datagram import ask

DNS_PORT = const(53)
TRIES_MAX = const(2)
FAILURES_MAX = const(3)  # with one address, before it is asked for again
LABEL_BYTES_MAX = const(63)
RECORDS_MAX = const(16)  # looked at in one answer
_NO_SERVER = "0.0.0.0"  # noqa: S104 (how a station says that it knows none)
_HEADER_BYTES = const(12)
_RECURSE = const(0x0100)
_ANSWER = const(0x8000)
_REFUSED = const(0x000F)
_ADDRESS_IN = b"\x00\x01\x00\x01"  # type A, class IN
_POINTER = const(0xC0)


class Host:
    """A host by `name`, which may be numeric.

    The address that served last stays in use until it has failed FAILURES_MAX times in a row, and
    longer where no name server answers.
    """

    def __init__(self, name):
        self._name = name
        self._address = name if is_numeric(name) else None
        self._failures = 0

    async def find(self, server):
        """Return an address to try now; `server` is the name server's, or None. Raises OSError."""
        if self._address is None or self._failures >= FAILURES_MAX:
            self._failures = 0
            try:
                self._address = await look_up(self._name, server)
            except OSError:
                if self._address is None:
                    raise
        self._failures += 1
        return self._address

    def succeeded(self):
        """The address that `find` returned last serves."""
        self._failures = 0


def is_numeric(name):
    """Return whether `name` is an address already: IPv4 or IPv6 in digits."""
    return ":" in name or all(c == "." or "0" <= c <= "9" for c in name)


async def look_up(name, server, port=DNS_PORT):
    """Return an address of `name`; without a name server `name`, which the port may find.

    Raises OSError.
    """
    if is_numeric(name) or server in (None, _NO_SERVER):
        return name
    for _ in range(TRIES_MAX):
        query = build_query(name)  # a new one: its number is not to be guessed
        try:
            address = await ask(server, port, query, read_answer)
        except asyncio.TimeoutError:
            continue
        if not address:
            break
        return address
    raise OSError("the name server knows no address of %s" % name)


def build_query(name):
    """Return the question for the IPv4 address of `name`. Raises OSError for what is no name."""
    query = bytearray(os.urandom(2))
    query.extend(struct.pack(">HHHHH", _RECURSE, 1, 0, 0, 0))
    for label in name.encode().rstrip(b".").split(b"."):
        if not 1 <= len(label) <= LABEL_BYTES_MAX:
            raise OSError("%s is no host name" % name)
        query.append(len(label))
        query.extend(label)
    query.append(0)
    query.extend(_ADDRESS_IN)
    return query


def read_answer(query, answer):
    """Return the address as text, "" when there is none, None for no answer to `query`."""
    asked = len(query)
    if answer[:2] != query[:2] or answer[_HEADER_BYTES:asked] != query[_HEADER_BYTES:]:
        return None
    flags, _, records = struct.unpack(">HHH", answer[2:8])
    if not flags & _ANSWER:
        return None
    if flags & _REFUSED:
        return ""
    try:
        return _find_address(answer, asked, min(records, RECORDS_MAX))
    except (IndexError, ValueError):  # cut off; what struct and indexing say of that
        return ""


def _find_address(answer, at, records):
    """Return the first record of type A, whatever its owner: aliases come before it."""
    for _ in range(records):
        while answer[at] and answer[at] < _POINTER:
            at += 1 + answer[at]
        at += 2 if answer[at] else 1
        length = struct.unpack(">H", answer[at + 8 : at + 10])[0]
        data = answer[at + 10 : at + 10 + length]
        if answer[at : at + 4] == _ADDRESS_IN and length == 4 == len(data):
            return "%d.%d.%d.%d" % tuple(data)
        at += 10 + length
    return ""
