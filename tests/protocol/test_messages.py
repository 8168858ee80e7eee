"""Messages: only genuine, well formed ones come in; nothing that arrives can break a reader."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cose, messages
from protocol.errors import (
    AuthenticationError,
    DecodeError,
    LimitError,
    MessageError,
    ProtocolError,
)
from tests.protocol import example

KEY = bytes(range(32))


def seal(kind=messages.READINGS, body=None, direction=messages.UP):
    """A genuine message of meter KA1."""
    body = body or {0: [example.reading(sequence) for sequence in range(1, 25)]}
    return messages.seal_message(KEY, "KA1", 1, direction, kind, 7, example.NOW_S, body)


def open_(data, key=KEY, meter="KA1", direction=messages.UP):
    return messages.open_message(key, meter, direction, data)


def test_a_genuine_message_comes_back_whole():
    epoch, kind, counter, sent_s, body = open_(seal())
    assert (epoch, kind, counter, sent_s) == (1, messages.READINGS, 7, example.NOW_S)
    assert [reading[0] for reading in body[0]] == list(range(1, 25))


@pytest.mark.parametrize(
    "changed",
    [{"key": bytes(32)}, {"meter": "KA2"}, {"direction": messages.DOWN}],
    ids=["another key", "another meter", "the other direction"],
)
def test_a_message_cannot_be_moved(changed):
    with pytest.raises(AuthenticationError):
        open_(seal(), **changed)


def test_a_kind_cannot_go_the_other_way_even_when_it_is_signed():
    with pytest.raises(MessageError):
        seal(messages.STATUS, example.status(), messages.DOWN)
    payload = messages.pack(messages.STATUS, 1, 0, example.status())
    sealed = cose.seal(KEY, payload, 1, messages.external_aad(messages.DOWN, "KA1", 1))
    with pytest.raises(MessageError):
        open_(sealed, direction=messages.DOWN)


@pytest.mark.parametrize("index", range(8 * 60))
def test_one_flipped_bit_is_always_noticed(index):
    data = bytearray(seal(messages.EVENTS, {0: [[1, 0, 0, 301, 2]]}))
    bit = index % (8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises((AuthenticationError, DecodeError)):
        open_(bytes(data))


def test_a_truncated_message_is_never_read():
    data = seal(messages.STATUS, example.status())
    for length in range(len(data)):
        with pytest.raises(DecodeError):
            open_(data[:length])


def test_an_oversized_message_is_refused_unread():
    with pytest.raises(LimitError, match="4096"):
        open_(seal() + bytes(4096))


@given(st.binary(max_size=200))
def test_noise_is_refused_as_ours_and_never_breaks_a_reader(noise):
    for data in (noise, b"\xd1" + noise, b"\xd1\x84\x43\xa1\x01\x05" + noise):
        with pytest.raises(ProtocolError):
            open_(data)


@pytest.mark.parametrize("seed", range(200))
def test_a_signed_but_mangled_payload_is_refused_as_ours(seed):
    """A board with a fault signs what it sends: the reader may not trust the signature alone."""
    chance = random.Random(seed)
    payload = bytearray(messages.pack(messages.STATUS, 1, 0, example.status()))
    for _ in range(3):
        payload[chance.randrange(len(payload))] = chance.randrange(256)
    try:
        kind, counter, sent_s, body = messages.unpack(bytes(payload))
    except ProtocolError:
        return
    assert messages.pack(kind, counter, sent_s, body) == bytes(payload)


@pytest.mark.parametrize("kind", messages.KIND_NAMES)
def test_a_topic_names_meter_direction_and_kind(kind):
    direction = messages.direction_of(kind)
    text = messages.topic("KA1", direction, kind)
    assert messages.parse_topic(text) == ("KA1", direction, kind)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bijli/1/KA1/up",
        "bijli/2/KA1/up/status",
        "other/1/KA1/up/status",
        "bijli/1/ka1/up/status",
        "bijli/1/+/up/status",
        "bijli/1/KA1/down/status",
        "bijli/1/KA1/up/daily",
        "bijli/1/KA1/up/status/more",
    ],
)
def test_a_topic_that_is_not_ours_is_refused(text):
    with pytest.raises(MessageError):
        messages.parse_topic(text)


def test_no_topic_is_made_for_a_kind_that_goes_the_other_way():
    with pytest.raises(MessageError):
        messages.topic("KA1", messages.UP, messages.COMMAND)


def test_a_full_batch_with_the_largest_numbers_fits_a_message():
    largest = example.reading(2**30 - 1)
    largest[3:8] = [10**12, 10**12, 0, 0, 0]
    largest[13] = -(10**12)
    batch = [[2**30 - 24 + n, *largest[1:]] for n in range(24)]
    assert len(seal(body={0: batch})) <= 4096
