"""CBOR: one value, one form, the form of cbor2 in its canonical mode; nothing else is accepted."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cbor
from protocol.errors import DecodeError, EncodeError

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.binary(max_size=300)
    | PRINTABLE
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=30) | st.dictionaries(st.integers(0, 23), inner, max_size=24)
    ),
    max_leaves=20,
).filter(lambda value: depth(value) <= 8)


def depth(value):
    """How many containers lie in one another."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(VALUES)
def test_every_value_is_written_as_cbor2_writes_it_and_read_back(value):
    data = cbor.encode(value)
    assert data == cbor2.dumps(value, canonical=True)
    assert cbor.decode(data) == value


@given(st.binary(max_size=64))
def test_bytes_are_either_refused_or_the_one_form_of_their_value(data):
    try:
        value = cbor.decode(data)
    except DecodeError:
        return
    assert cbor.encode(value) == data


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        2**64,
        -(2**63) - 1,
        "ä",
        "a\n",
        "\ud800",
        {64: 0},
        {-1: 0},
        {"a": 0},
        {True: 0},
        {1, 2},
        Ellipsis,
        [[[[[[[[[]]]]]]]]],
    ],
    ids=repr,
)
def test_a_value_that_the_wire_has_no_form_for_cannot_be_written(value):
    with pytest.raises(EncodeError):
        cbor.encode(value)
