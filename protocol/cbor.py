"""Deterministic CBOR (RFC 8949 §4.2.1), as much of it as the wire uses.

Integers, byte strings, printable ASCII text, arrays, maps with keys 0–23, false, true, null.
One value has one form: whatever is not that form is refused. A length that a message claims
is never believed before the bytes are there. This module must not know what a message means.
"""

from protocol.errors import DecodeError, EncodeError
from protocol.limits import MAP_KEY_MAX, NESTING_MAX


def encode(value):
    """Return the bytes of `value`. Raises EncodeError for what the wire has no form for."""
    out = bytearray()
    _append(out, value, 0)
    return bytes(out)


def decode(data, start=0):
    """Return the one value that `data` holds from octet `start` to its end.

    Raises DecodeError for anything that `encode` would not have written.
    """
    reader = _Reader(bytes(data), start)
    value = reader.read(0)
    if reader.position != len(reader.data):
        raise DecodeError("%d octets left over" % (len(reader.data) - reader.position))
    return value


def _append(out, value, depth):
    if value is None:
        out.append(0xF6)
    elif value is True:
        out.append(0xF5)
    elif value is False:
        out.append(0xF4)
    elif isinstance(value, int):
        _append_integer(out, value)
    elif isinstance(value, (bytes, bytearray)):
        _append_head(out, 0x40, len(value))
        out.extend(value)
    elif isinstance(value, str):
        _append_text(out, value)
    else:
        _append_container(out, value, depth + 1)


def _append_text(out, value):
    for letter in value:
        if not " " <= letter <= "~":
            raise EncodeError("text must be printable ASCII: %r" % value)
    _append_head(out, 0x60, len(value))
    out.extend(value.encode())


def _append_integer(out, value):
    if not -(1 << 63) <= value < 1 << 64:
        raise EncodeError("integer %d is outside -2^63...2^64-1" % value)
    if value < 0:
        _append_head(out, 0x20, -1 - value)
    else:
        _append_head(out, 0x00, value)


def _append_container(out, value, depth):
    if depth > NESTING_MAX:
        raise EncodeError("nested deeper than %d" % NESTING_MAX)
    if isinstance(value, (list, tuple)):
        _append_head(out, 0x80, len(value))
        for item in value:
            _append(out, item, depth)
    elif isinstance(value, dict):
        _append_head(out, 0xA0, len(value))
        for key in _ascending_keys(value):
            _append_head(out, 0x00, key)
            _append(out, value[key], depth)
    else:
        raise EncodeError("a %s has no form on the wire" % type(value).__name__)


def _ascending_keys(value):
    for key in value:
        if type(key) is not int or not 0 <= key <= MAP_KEY_MAX:
            raise EncodeError("map key %r is not an integer from 0 to %d" % (key, MAP_KEY_MAX))
    return sorted(value)


def _append_head(out, major, argument):
    if argument < 24:
        out.append(major | argument)
    elif argument < 0x100:
        out.append(major | 24)
        out.append(argument)
    elif argument < 0x1_0000:
        out.append(major | 25)
        out.extend(argument.to_bytes(2, "big"))
    elif argument >> 32 == 0:
        out.append(major | 26)
        out.extend(argument.to_bytes(4, "big"))
    else:
        out.append(major | 27)
        out.extend(argument.to_bytes(8, "big"))


class _Reader:
    def __init__(self, data, position):
        self.data = data
        self.position = position
        self.major = 0

    def read(self, depth):
        argument = self._read_head()
        major = self.major
        if major == 0:
            return argument
        if major == 1:
            if argument >> 63:
                raise DecodeError("integer below -2^63")
            return -1 - argument
        if major == 2:
            return self._take(argument)
        if major == 3:
            return self._read_text(argument)
        if major == 7:
            return self._read_simple(argument)
        return self._read_container(major, argument, depth + 1)

    def _read_head(self):
        if self.position == len(self.data):
            raise DecodeError("1 octet missing")
        first = self.data[self.position]
        self.position += 1
        self.major = first >> 5
        argument = first & 31
        if argument < 24:
            return argument
        if argument > 27 or self.major == 7:
            raise DecodeError("octet 0x%02x begins nothing that we accept" % first)
        size = 1 << (argument - 24)
        argument = int.from_bytes(self._take(size), "big")
        if argument < 24 or (size > 1 and argument >> (4 * size) == 0):
            raise DecodeError("%d is not in its shortest form" % argument)
        return argument

    def _take(self, count):
        start = self.position
        if count > len(self.data) - start:
            raise DecodeError("%d octets missing" % (count - len(self.data) + start))
        self.position = start + count
        return self.data[start : self.position]

    def _read_text(self, count):
        # Octets are judged, not the text: MicroPython checks UTF-8 only loosely.
        text = self._take(count)
        for octet in text:
            if not 0x20 <= octet <= 0x7E:
                raise DecodeError("text must be printable ASCII")
        return text.decode()

    def _read_simple(self, argument):
        if argument == 20:
            return False
        if argument == 21:
            return True
        if argument == 22:
            return None
        raise DecodeError("simple value %d is not accepted" % argument)

    def _read_container(self, major, count, depth):
        if depth > NESTING_MAX:
            raise DecodeError("nested deeper than %d" % NESTING_MAX)
        if major == 6:
            raise DecodeError("tag %d is not accepted" % count)
        if count > len(self.data) - self.position:
            raise DecodeError("%d items announced, too few octets follow" % count)
        if major == 4:
            return [self.read(depth) for _ in range(count)]
        value = {}
        before = -1
        for _ in range(count):
            key = self._read_key(before)
            value[key] = self.read(depth)
            before = key
        return value

    def _read_key(self, before):
        key = self._read_head()
        if self.major != 0 or not before < key <= MAP_KEY_MAX:
            raise DecodeError("map keys must be integers 0-%d, ascending" % MAP_KEY_MAX)
        return key
