"""MQTT 3.1.1 client for one board: QoS 1, persistent session, reconnects for ever.

`run()` keeps a session; `publish()` returns when the broker has the message, over as many
reconnects as that takes; what comes is given to `receive(topic, payload)` and acknowledged to the
broker after that returned. One message is under way at a time, so memory is bounded; every wait
for the broker has an end, and only the session's own tasks touch its socket.
It must not know what the messages say, nor who is the far end behind the broker.
"""

import asyncio
import random
import struct

from micropython import const

from firmware.net.connection import open_stream
from firmware.net.names import Host

PACKET_MAX_BYTES = const(4096 + 128)  # the largest payload, its topic and the header
SKIPPED_MAX_BYTES = const(65536)  # a larger packet ends the session
_SKIP_BYTES = const(2048)  # at once, into the end of the buffer; topic and identifier stay
KEEP_ALIVE_S = const(240)  # mobile networks forget a silent connection after five minutes
ANSWER_TIMEOUT_S = const(60)
CONNECT_TIMEOUT_S = const(30)
BACK_OFF_MIN_MS = const(1_000)
BACK_OFF_SPREAD_MS = const(16_000)  # a broker that starts again meets a village, not all at once
BACK_OFF_MAX_MS = const(120_000)
_FAILURES_TOLD = const(3)

_CONNECT = const(0x10)
_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_SUBSCRIBE = const(0x82)
_SUBACK = const(0x90)
_PINGRESP = const(0xD0)
_QOS_1 = const(0x02)
_DUPLICATE = const(0x08)
_USER_AND_PASSWORD = const(0xC0)  # connect flags; clean session stays 0
_REFUSED = const(0x80)
_PINGREQ = b"\xc0\x00"
_SUBSCRIBE_ID = const(1)  # publishes use the identifiers above it
_ID_MAX = const(0xFFFF)


class MqttError(Exception):
    """The broker refused us or said something that is not MQTT 3.1.1; the session ends."""


class Client:
    """`tls` is an SSLContext or None; `user` also the client identifier. `attach`, then `run`."""

    def __init__(self, host, port, tls, user, password):
        self._name = host
        self._host = Host(host)
        self._port = port
        self._tls = tls
        self._user = user
        self._password = password
        self._subscription = None
        self._receive = None
        self._link = None
        self._begin = None
        self._input = bytearray(PACKET_MAX_BYTES)
        self._view = memoryview(self._input)
        self._stream = None
        self._writing = asyncio.Lock()
        self._publishing = asyncio.Lock()
        self._acknowledged = asyncio.Event()
        self._changed = asyncio.Event()
        self._packet = None  # the publish that the broker has not acknowledged
        self._unsent = False  # in this session
        self._packet_id = _SUBSCRIBE_ID
        self._subscribing = False
        self._pinging = False
        self._ended = False
        self.connecting = False
        self.connected = False
        self.failures = 0  # since the last session
        self.spread_ms = BACK_OFF_SPREAD_MS

    def attach(self, subscription, receive, link, begin):
        """Say what to subscribe to and who hears of it.

        `receive(topic, payload)` gets a str and bytes, None for a payload that was too large;
        `begin()` is called when a session stands. `link` (a `Wifi`, or None) brings the network
        up and calls `lose` when it is gone.
        """
        self._subscription = subscription
        self._receive = receive
        self._link = link
        self._begin = begin
        if link:
            link.on_loss = self.lose

    def lose(self):
        """The network under the session is gone, or another one: do not wait for its answers."""
        self._ended = True
        self._changed.set()

    def outstanding(self):
        """Return how many answers of the broker are awaited now."""
        return self.connecting + (self.connected and (self._packet is not None) + self._pinging)

    async def run(self):
        """Connect, stay connected, and connect again after a random, growing pause."""
        while True:
            try:
                await self._connect()
                await self._converse()
            except (OSError, EOFError, ValueError, MqttError, asyncio.TimeoutError) as error:
                self._tell(error)  # ValueError: what TLS does not believe of the broker
            finally:
                await self._disconnect()
            self.failures += 1
            await asyncio.sleep_ms(self._pause_ms())

    def _pause_ms(self):
        """Return a pause, evenly distributed from 1 s to a bound that doubles with every failure:
        16, 32, 64, 120 s."""
        longest_ms = self.spread_ms << min(self.failures - 1, 7)
        longest_ms = min(longest_ms, BACK_OFF_MAX_MS) - BACK_OFF_MIN_MS
        return BACK_OFF_MIN_MS + (random.getrandbits(14) * (longest_ms >> 3) >> 11)

    def _tell(self, error):
        """Say on the console what went wrong, but not once a minute while the broker is away."""
        if self.failures < _FAILURES_TOLD:
            print("mqtt: %r" % error)

    async def publish(self, topic, payload):
        """Send, and return when the broker has acknowledged; sent again after a reconnect."""
        async with self._publishing:
            self._packet_id = self._packet_id % _ID_MAX + 1
            if self._packet_id == _SUBSCRIBE_ID:
                self._packet_id += 1
            self._acknowledged.clear()
            self._packet = _publish_packet(topic, self._packet_id, payload)
            self._unsent = True
            payload = None
            self._changed.set()
            await self._acknowledged.wait()

    async def _connect(self):
        server = None
        if self._link:
            await self._link.prepare(self.failures)
            server = self._link.name_server()
        self._ended = self._pinging = False
        self.connecting = True
        address = await self._host.find(server)
        self._stream = await asyncio.wait_for(
            open_stream(address, self._port, self._tls, self._name), CONNECT_TIMEOUT_S
        )
        await asyncio.wait_for(self._log_in(), ANSWER_TIMEOUT_S)
        self._host.succeeded()

    async def _log_in(self):
        await self._write(_connect_packet(self._user, self._password))
        kind, length = await self._read_packet()
        if kind != _CONNACK or length != 2:
            raise MqttError("no answer to the connection request")
        if self._input[1]:
            raise MqttError("the broker refuses us, code %d" % self._input[1])

    async def _converse(self):
        self._subscribing = True
        listener = asyncio.create_task(self._listen())
        try:
            await self._send(_subscribe_packet(self._subscription))
            await self._watch()
        finally:
            listener.cancel()

    async def _watch(self):
        """Send what there is; return when the session has ended, or end it for want of answers."""
        while not self._ended:
            if self._unsent and self.connected:
                self._unsent = False
                await self._send(self._packet)
            awaited = self._awaited()
            try:
                timeout_s = ANSWER_TIMEOUT_S if awaited else KEEP_ALIVE_S
                await asyncio.wait_for(self._changed.wait(), timeout_s)
                self._changed.clear()
            except asyncio.TimeoutError:
                if not awaited:
                    self._pinging = True
                    await self._send(_PINGREQ)
                elif awaited == self._awaited():
                    raise MqttError("no answer for %d s" % ANSWER_TIMEOUT_S) from None

    def _awaited(self):
        """Return a number for the answer that is awaited, 0 for none."""
        if self._subscribing:
            return _SUBSCRIBE_ID
        if self._packet is not None:
            return self._packet_id
        return _ID_MAX + 1 if self._pinging else 0

    async def _listen(self):
        try:
            while True:
                kind, length = await self._read_packet()
                await self._handle(kind, length)
        except (OSError, EOFError, ValueError, MqttError) as error:
            self._tell(error)
        finally:
            self._ended = True
            self._changed.set()

    async def _handle(self, kind, length):
        if kind & 0xF0 == _PUBLISH:
            await self._handle_publish(kind, length)
        elif kind == _PUBACK and length == 2:
            self._handle_puback(self._input[0] << 8 | self._input[1])
        elif kind == _SUBACK and length == 3:
            self._handle_suback(self._input[2])
        elif kind == _PINGRESP and length == 0:
            self._pinging = False
        else:
            raise MqttError("packet 0x%02x of %d octets is not expected" % (kind, length))

    async def _handle_publish(self, kind, length):
        held = min(length, PACKET_MAX_BYTES)
        start = 2 + (self._input[0] << 8 | self._input[1])
        qos = kind & 0x06
        if qos > _QOS_1 or start + qos > held:
            raise MqttError("a publish that we did not subscribe to")
        topic = bytes(self._view[2:start]).decode()
        payload = bytes(self._view[start + qos : length]) if held == length else None
        acknowledgement = b"\x40\x02" + bytes(self._view[start : start + qos])
        self._receive(topic, payload)
        if qos:
            await self._write(acknowledgement)

    def _handle_puback(self, packet_id):
        """An acknowledgement of anything else is late news from before a reconnect."""
        if self._packet is not None and packet_id == self._packet_id:
            self._packet = None
            self._acknowledged.set()

    def _handle_suback(self, code):
        if code & _REFUSED:
            raise MqttError("the broker refuses the subscription to %s" % self._subscription)
        self._subscribing = False
        self.connecting = False
        self.connected = True
        self.failures = 0
        if self._packet is not None:
            self._packet[0] |= _DUPLICATE
            self._unsent = True
        self._changed.set()
        self._begin()

    async def _read_packet(self):
        """Read one packet into the input buffer; return its first octet and its length.

        What does not fit is read and dropped, so that the session can go on.
        """
        await self._read_into(0, 1)
        kind = self._input[0]
        length = shift = 0
        while True:
            await self._read_into(0, 1)
            length |= (self._input[0] & 0x7F) << shift
            shift += 7
            if not self._input[0] & 0x80:
                break
            if shift > 21:
                raise MqttError("a length of more than four octets")
        if length > SKIPPED_MAX_BYTES:
            raise MqttError("a packet of %d octets" % length)
        held = min(length, PACKET_MAX_BYTES)
        await self._read_into(0, held)
        while held < length:
            chunk = min(length - held, _SKIP_BYTES)
            await self._read_into(PACKET_MAX_BYTES - chunk, PACKET_MAX_BYTES)
            held += chunk
        return kind, length

    async def _read_into(self, start, end):
        while start < end:
            count = await self._stream.readinto(self._view[start:end])
            if count == 0:
                raise EOFError("the broker closed the connection")
            start += count or 0  # None: a TLS record that has not come whole

    async def _send(self, packet):
        """Send within the time for an answer: a broker that does not read ends the session."""
        await asyncio.wait_for(self._write(packet), ANSWER_TIMEOUT_S)

    async def _write(self, packet):
        async with self._writing:
            self._stream.write(packet)
            await self._stream.drain()

    async def _disconnect(self):
        self.connected = self.connecting = False
        stream, self._stream = self._stream, None
        if stream:
            try:
                await stream.wait_closed()
            except OSError as error:
                self._tell(error)


def _append_text(packet, text):
    data = text.encode() if isinstance(text, str) else text
    packet.extend(struct.pack(">H", len(data)))
    packet.extend(data)


def _begin_packet(kind, length):
    packet = bytearray((kind,))
    while length > 0x7F:
        packet.append(length & 0x7F | 0x80)
        length >>= 7
    packet.append(length)
    return packet


def _connect_packet(user, password):
    packet = _begin_packet(_CONNECT, 16 + 2 * len(user) + len(password))
    _append_text(packet, "MQTT")
    packet.extend(struct.pack(">BBH", 4, _USER_AND_PASSWORD, KEEP_ALIVE_S + 2 * ANSWER_TIMEOUT_S))
    for text in (user, user, password):  # the client identifier is the user
        _append_text(packet, text)
    return packet


def _subscribe_packet(topic):
    packet = _begin_packet(_SUBSCRIBE, 5 + len(topic))
    packet.extend(struct.pack(">H", _SUBSCRIBE_ID))
    _append_text(packet, topic)
    packet.append(1)  # QoS 1
    return packet


def _publish_packet(topic, packet_id, payload):
    packet = _begin_packet(_PUBLISH | _QOS_1, 4 + len(topic) + len(payload))
    _append_text(packet, topic)
    packet.extend(struct.pack(">H", packet_id))
    packet.extend(payload)
    return packet
