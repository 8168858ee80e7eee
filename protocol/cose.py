"""The envelope: COSE_Mac0 with HMAC 256/256 (RFC 9052 §6.2), always tagged 17.

`[protected {1: 5}, unprotected {4: kid}, payload, tag]`; `kid` is the key epoch.
This module must not know what the payload means or where keys come from.
"""

from protocol import cbor
from protocol.errors import AuthenticationError, DecodeError, LimitError
from protocol.keys import hmac_sha256, same_bytes
from protocol.limits import KEY_EPOCH_MAX, PAYLOAD_MAX_BYTES

_TAG_17 = 0xD1
_PROTECTED = b"\xa1\x01\x05"
_KID = 4
_TAG_BYTES = 32


def seal(key, payload, epoch, aad=b""):
    """Return the envelope of `payload` under `key`, marked with the key epoch (1…2^30-1).

    Raises LimitError when the envelope would be larger than a message may be.
    """
    envelope = [_PROTECTED, {_KID: _kid(epoch)}, payload, _tag(key, payload, aad)]
    data = bytes((_TAG_17,)) + cbor.encode(envelope)
    if len(data) > PAYLOAD_MAX_BYTES:
        raise LimitError("%d octets; a message has at most %d" % (len(data), PAYLOAD_MAX_BYTES))
    return data


def open_sealed(key, data, aad=b""):
    """Return the payload of an envelope whose tag fits.

    Raises LimitError (too large), DecodeError (not an envelope), AuthenticationError.
    """
    envelope = _parse(data)
    if not same_bytes(envelope[3], _tag(key, envelope[2], aad)):
        raise AuthenticationError("the tag does not fit: altered, or not for this key")
    return envelope[2]


def peek_epoch(data):
    """Return the key epoch that an envelope names, so that its key can be looked up.

    Nothing is authenticated yet. Raises LimitError or DecodeError.
    """
    return int.from_bytes(_parse(data)[1][_KID], "big")


def _kid(epoch):
    if not 1 <= epoch <= KEY_EPOCH_MAX:
        raise LimitError("key epoch %d is outside 1...%d" % (epoch, KEY_EPOCH_MAX))
    size = 1
    while epoch >> (8 * size):
        size += 1
    return epoch.to_bytes(size, "big")


def _tag(key, payload, aad):
    return hmac_sha256(key, cbor.encode(["MAC0", _PROTECTED, aad, payload]))


def _parse(data):
    if len(data) > PAYLOAD_MAX_BYTES:
        raise LimitError("%d octets; a message has at most %d" % (len(data), PAYLOAD_MAX_BYTES))
    if len(data) == 0 or data[0] != _TAG_17:
        raise DecodeError("not a COSE_Mac0 envelope: it must begin with 0xd1")
    envelope = cbor.decode(data, 1)
    if type(envelope) is not list or len(envelope) != 4 or envelope[0] != _PROTECTED:
        raise DecodeError("not a COSE_Mac0 envelope with HMAC 256/256")
    if type(envelope[2]) is not bytes or type(envelope[3]) is not bytes:
        raise DecodeError("payload and tag must be byte strings")
    if len(envelope[3]) != _TAG_BYTES:
        raise DecodeError("the tag must have %d octets" % _TAG_BYTES)
    _check_unprotected(envelope[1])
    return envelope


def _check_unprotected(header):
    if type(header) is not dict or len(header) != 1 or type(header.get(_KID)) is not bytes:
        raise DecodeError("the unprotected header must hold the key epoch and nothing else")
    kid = header[_KID]
    if not 1 <= len(kid) <= 4 or kid[0] == 0 or int.from_bytes(kid, "big") > KEY_EPOCH_MAX:
        raise DecodeError("the key epoch must be 1...%d in its shortest form" % KEY_EPOCH_MAX)
