"""Runs inside MicroPython: what the uplink sends, and when again; when the client comes back."""

import asyncio

from firmware.net.mqtt import Client
from firmware.net.uplink import RECEIPTS_MAX, Uplink
from protocol import messages

METER = "M1"
KEY = bytes(range(32))
HELLO, READINGS, EVENTS, STATUS, RECEIPT = 1, 2, 3, 4, 5


class Ring:
    """Records in memory; a record here is its sequence number."""

    record_bytes = 4

    def __init__(self, last=0):
        self.first = 1
        self.last = last
        self.released = 0
        self.torn = ()

    def read(self, sequence, buffer):
        held = self.first <= sequence <= self.last and sequence not in self.torn
        if held:
            buffer[:] = sequence.to_bytes(4, "big")
        return held


class Store:
    def __init__(self):
        self.readings = Ring()
        self.events = Ring()

    def release_readings(self, through):
        self.readings.released = max(self.readings.released, through)

    def release_events(self, through):
        self.events.released = max(self.events.released, through)


class Board:
    boots = 1
    refused_messages = 0
    now_s = 215_000_000

    def __init__(self):
        self.uptime_s = 0
        self.counter = 0
        self.profile_request = None

    def status(self, now_s):
        return dict.fromkeys(range(24), 0)

    def next_uplink_counter(self):
        self.counter += 1
        return self.counter


class Broker:
    def __init__(self):
        self.connected = True
        self.sent = []

    def outstanding(self):
        return 0

    async def publish(self, topic, payload):
        _, kind, _, _, body = messages.open_message(KEY, METER, messages.UP, payload)
        if kind in (READINGS, EVENTS):
            body = [record[0] for record in body[0]]
        self.sent.append((kind, body))


def unpack_reading(buffer):
    return [int.from_bytes(buffer, "big")] + [0] * 15


def unpack_event(buffer):
    return [int.from_bytes(buffer, "big"), 0, 0, 1020, 0]


class Bench:
    """An uplink between rings and a broker that takes everything."""

    def __init__(self, readings=0, events=0):
        from firmware.net import uplink as module

        module.journal.unpack_reading = unpack_reading
        module.journal.unpack_event = unpack_event
        self.board = Board()
        self.store = Store()
        self.store.readings.last = readings
        self.store.events.last = events
        self.client = Broker()
        self.uplink = Uplink(self.board, self.store, self.client, METER, 1, KEY, "test", 1)

    def live(self, seconds=0):
        """Let time pass and return what was sent: kinds, with the sequences of records."""
        self.board.uptime_s += seconds

        async def turn():
            task = asyncio.create_task(self.uplink.run())
            for _ in range(40):
                await asyncio.sleep_ms(0)
            task.cancel()

        asyncio.run(turn())
        sent = self.client.sent
        self.client.sent = []
        return [(kind, body) if kind in (READINGS, EVENTS) else kind for kind, body in sent]

    def greeted(self):
        """Past hello and its answer."""
        self.uplink.begin()
        self.live()
        self.uplink.answer_hello(self.uplink._nonce)
        self.acknowledge()
        return self

    def acknowledge(self):
        """Everything is acknowledged, and nothing is left to send."""
        for _ in range(3):
            self.uplink.acknowledge(READINGS, self.store.readings.last)
            self.uplink.acknowledge(EVENTS, self.store.events.last)
            self.live()


def span(first, last):
    return list(range(first, last + 1))


def check_the_most_urgent_goes_first():
    bench = Bench(readings=2, events=3)
    bench.uplink.begin()
    bench.uplink.note(8)  # SEND_STATUS
    bench.uplink.queue_receipt(b"12345678", 1, 0)
    sent = bench.live()
    assert sent == [HELLO, RECEIPT, (EVENTS, span(1, 3)), (READINGS, span(1, 2))], sent
    bench.uplink.note(8)
    assert bench.live() == [STATUS]


def check_the_rest_of_a_batch_goes_at_once():
    bench = Bench().greeted()
    bench.store.readings.last = 30
    assert bench.live() == [(READINGS, span(1, 24))]
    assert bench.live(29) == []
    for through, following in ((10, span(11, 30)), (5, None), (30, None)):
        bench.uplink.acknowledge(READINGS, through)
        expected = [(READINGS, following)] if following else []
        assert bench.live() == expected, through
    assert bench.store.readings.released == 30
    assert bench.uplink.outstanding() == 0


def check_what_is_not_answered_goes_again_ever_more_slowly():
    bench = Bench().greeted()
    bench.store.events.last = 2
    assert bench.live() == [(EVENTS, [1, 2])]
    for wait_s in (30, 60, 120, 240):
        assert bench.live(wait_s - 1) == [], wait_s
        assert bench.live(1) == [(EVENTS, [1, 2])], wait_s
    assert bench.uplink.outstanding() == 0  # a controller that is silent holds nobody up
    bench.uplink.acknowledge(EVENTS, 1)
    assert bench.live() == [(EVENTS, [2])]
    assert bench.live(30) == [(EVENTS, [2])]


def check_hello_is_answered_once_in_time_and_by_its_nonce():
    bench = Bench()
    bench.uplink.begin()
    bench.live()
    nonce = bench.uplink._nonce
    assert not bench.uplink.answer_hello(bytes(8))
    assert bench.uplink.answer_hello(nonce)
    assert not bench.uplink.answer_hello(nonce)
    bench.uplink.begin()
    bench.live()
    bench.board.uptime_s += 31
    assert not bench.uplink.answer_hello(bench.uplink._nonce)
    assert bench.live() == [HELLO]


def check_a_reconnect_greets_and_sends_the_batch_again():
    bench = Bench().greeted()
    bench.store.readings.last = 3
    assert bench.live() == [(READINGS, span(1, 3))]
    bench.client.connected = False
    bench.store.readings.last = 100
    assert bench.live(3600) == []
    bench.client.connected = True
    bench.uplink.begin()
    assert bench.live()[:2] == [HELLO, (READINGS, span(1, 24))]


def check_a_loss_is_told_before_what_is_left():
    for first, torn, kept in ((6, (), span(6, 8)), (1, (1, 2), span(3, 8))):
        bench = Bench().greeted()
        bench.store.readings.last = 8
        bench.store.readings.first = first
        bench.store.readings.torn = torn
        assert bench.live() == [HELLO, (READINGS, kept)]


def check_receipts_are_bounded():
    bench = Bench().greeted()
    for number in range(RECEIPTS_MAX + 5):
        bench.uplink.queue_receipt(b"%08d" % number, 1, 0)
    assert bench.live() == [RECEIPT] * RECEIPTS_MAX


def check_a_profile_is_sent_in_batches_and_what_is_not_held_is_left_out():
    bench = Bench(readings=60).greeted()
    bench.store.readings.first = 11
    bench.store.readings.torn = (20,)
    bench.board.profile_request = (1, 50)
    wanted = [number for number in span(11, 50) if number != 20]
    assert bench.live() == [(READINGS, wanted[:24]), (READINGS, wanted[24:])]
    assert bench.board.profile_request is None


def check_a_profile_of_nothing_that_is_held_does_not_hold_up_the_status():
    bench = Bench(readings=5).greeted()
    bench.board.profile_request = (100, 200)
    bench.uplink.note(8)  # SEND_STATUS
    assert bench.live() == [STATUS]
    assert bench.board.profile_request is None


def check_a_publish_outlives_the_session_in_which_it_was_asked_for():
    async def turn():
        client = Client("127.0.0.1", 1, None, METER, "")
        client.connected = True
        publishing = asyncio.create_task(client.publish("topic", b"payload"))
        await asyncio.sleep_ms(0)
        await client._disconnect()
        await asyncio.sleep_ms(0)
        assert not publishing.done()
        assert client._unsent
        assert client._packet is not None
        publishing.cancel()

    asyncio.run(turn())


def check_pauses_are_spread_so_that_a_village_does_not_come_back_at_once():
    client = Client("127.0.0.1", 1, None, METER, "")
    for failures, longest_ms in ((1, 16_000), (2, 32_000), (4, 120_000), (1000, 120_000)):
        client.failures = failures
        pauses = sorted(client._pause_ms() for _ in range(400))
        assert 1000 <= pauses[0] < 1000 + longest_ms // 20, (failures, pauses[0])
        assert longest_ms - longest_ms // 20 < pauses[-1] <= longest_ms, (failures, pauses[-1])
        eighths = [0] * 8
        for pause_ms in pauses:
            eighths[(pause_ms - 1000) * 8 // (longest_ms - 999)] += 1
        assert 20 < min(eighths) <= max(eighths) < 90, (failures, eighths)  # of 50 each


for name, check in sorted(globals().items()):
    if name.startswith("check_"):
        check()
        print(name)
