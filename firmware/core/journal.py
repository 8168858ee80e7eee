"""Readings and events as fixed-size binary records, for the rings on flash.

A record begins with its sequence number (little endian, 4 bytes), by which a store finds it, and
ends with a CRC-32, by which a torn one is known. Unpacked, it is the array of docs/wire.md. This
module must not know files or what the numbers mean.
"""

import struct

from firmware.core.ledger import checksum

READINGS_KEPT = 8640  # 90 days of 15 minutes
EVENTS_KEPT = 1000

_READING = "<IIHIIIIIIHHIBiIi"
_EVENT = "<IIHHi"
_CRC = "<i"
_READING_DATA = struct.calcsize(_READING)
_EVENT_DATA = struct.calcsize(_EVENT)
READING_BYTES = _READING_DATA + 4
EVENT_BYTES = _EVENT_DATA + 4


def pack_reading(buffer, *fields):
    """Write the sixteen fields of a reading into `buffer` of READING_BYTES."""
    struct.pack_into(_READING, buffer, 0, *fields)
    _seal(buffer, _READING_DATA)


def pack_event(buffer, *fields):
    """Write the five fields of an event into `buffer` of EVENT_BYTES."""
    struct.pack_into(_EVENT, buffer, 0, *fields)
    _seal(buffer, _EVENT_DATA)


def unpack_reading(buffer):
    """Return the reading as the list of the wire, or None when the record is torn."""
    return _unpack(_READING, buffer, _READING_DATA)


def unpack_event(buffer):
    """Return the event as the list of the wire, or None when the record is torn."""
    return _unpack(_EVENT, buffer, _EVENT_DATA)


def sequence_of(buffer):
    """Return the sequence number of a whole record of either kind, or 0 when it is torn."""
    if len(buffer) < 8:
        return 0
    end = len(buffer) - 4
    if struct.unpack_from(_CRC, buffer, end)[0] != checksum(memoryview(buffer)[:end]):
        return 0
    return struct.unpack_from("<I", buffer, 0)[0]


def _seal(buffer, end):
    struct.pack_into(_CRC, buffer, end, checksum(memoryview(buffer)[:end]))


def _unpack(form, buffer, end):
    if len(buffer) != end + 4 or not sequence_of(buffer):
        return None
    return list(struct.unpack_from(form, buffer, 0))
