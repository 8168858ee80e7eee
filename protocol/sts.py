"""20-digit tokens in the STS format (IEC 62055-41), uncertified: one token to digits and back.

Encryption algorithm 11 only. Class 0 is credit, class 1 test and display (not encrypted), class 2
management. Keys and key changes: `token_keys`. Layout and check values: docs/tokens.md.
This module must not know a meter's state: which tokens it took, whose key it holds.
"""

import hashlib

from protocol.errors import LimitError, TokenError
from protocol.limits import TIME_MAX_S, TOKEN_DIGITS
from protocol.misty1 import Cipher

CREDIT = 0
TEST = 1
MANAGEMENT = 2

# Subclasses of credit.
ELECTRICITY = 0
WATER = 1
GAS = 2
TIME = 3
_CREDIT_LAST = TIME

# Subclasses of management.
MAX_POWER = 0
CLEAR_CREDIT = 1
TARIFF_RATE = 2
KEY_SECTIONS = (3, 4, 8, 9)
CLEAR_TAMPER = 5
PHASE_UNBALANCE = 6
WATER_FACTOR = 7

CLEAR_ALL = 0xFFFF  # the data of a clear credit token for every kind of credit

# What a meter answers to a token.
ACCEPTED = 0
USED = 1
OLD = 2
WRONG_FORMAT = 3
BAD_CRC = 4
OVERFLOW = 5
KEY_EXPIRED = 6
NOT_SUPPORTED = 7
FIRST_KEY_TOKEN = 8
NEXT_KEY_TOKEN = 9
LOCKED_OUT = 10
WRONG_UNIT = 11
DEFAULT_KEY = 12
STORAGE_FAILED = 13
ANSWERS = (
    "accepted",
    "used",
    "old",
    "wrong format",
    "crc",
    "overflow",
    "key expired",
    "function not supported",
    "first key-change token taken",
    "next key-change token taken",
    "locked out",
    "wrong unit",
    "default key refuses credit",
    "storage failed",
)

BASES = (1993, 2014, 2035)
# Minutes from 1 January of the base year to second 0 of board time, 2020-01-01; by the calendar.
_BASE_BEFORE_2020_MIN = {1993: 9_861 * 1_440, 2014: 2_191 * 1_440, 2035: -5_479 * 1_440}
TID_MAX = 0xFFFFFF
_DAY_MIN = 1_440
_RESERVED_MINUTE = 1

_BLOCK_BYTES = 6
_MANTISSA_BITS = 14
_MANTISSA_MAX = (1 << _MANTISSA_BITS) - 1
# For each exponent: the step and the smallest value, m·10^e + 16384·(10^e − 1)/9.
_RANGES = ((1, 0), (10, 16_384), (100, 180_224), (1_000, 1_818_624))
AMOUNT_MAX_TENTHS = _RANGES[-1][1] + _MANTISSA_MAX * _RANGES[-1][0]


class Token:
    """What one token says: its class, and 48 bits of which the first four are the subclass."""

    def __init__(self, kind, block):
        if not CREDIT <= kind <= MANAGEMENT or len(block) != _BLOCK_BYTES:
            raise LimitError("a token has class 0-2 and a block of %d bytes" % _BLOCK_BYTES)
        self.kind = kind
        self.block = bytes(block)
        self.subclass = block[0] >> 4

    @property
    def random(self):
        """4 bits that tell two tokens of one minute apart."""
        return self.block[0] & 15

    @property
    def tid_minutes(self):
        """The token's identity: whole minutes since its key's base date."""
        block = self.block
        return block[1] << 16 | block[2] << 8 | block[3]

    @property
    def data(self):
        """The last 16 bits: an amount's code, a power's code, or flags."""
        return self.block[4] << 8 | self.block[5]

    @property
    def has_tid(self):
        """Whether the token carries an identity: test tokens and key-change sections do not."""
        return self.kind == CREDIT or (
            self.kind == MANAGEMENT and self.subclass not in KEY_SECTIONS
        )

    @property
    def amount_tenths(self):
        """The amount in tenths of a unit (credit), or the power in W (maximum power)."""
        return amount_of(self.data)


def make(kind, subclass, tid_minutes, data, random):
    """Return the Token of a class and subclass with an identity. LimitError out of range."""
    for value, most in ((subclass, 15), (random, 15), (tid_minutes, TID_MAX), (data, 0xFFFF)):
        if type(value) is not int or not 0 <= value <= most:
            raise LimitError("give 0-%d in a token, not %s" % (most, value))
    tid = (tid_minutes >> 16, tid_minutes >> 8 & 255, tid_minutes & 255)
    return Token(kind, bytes((subclass << 4 | random,) + tid + (data >> 8, data & 255)))


def make_test(subclass, control, manufacturer):
    """Return the class 1 Token that has a meter test or show something.

    Subclass 0: 36 bits of control, 8 of the manufacturer's code; 1: 28 and 16.
    """
    width = 8 if subclass == 0 else 16
    if subclass not in (0, 1) or manufacturer >> width or control >> (44 - width):
        raise LimitError("no such test token: subclass 0 or 1, control and code by its layout")
    return Token(TEST, (subclass << 44 | control << width | manufacturer).to_bytes(6, "big"))


def test_fields(token):
    """Return (control, manufacturer's code) of a class 1 token."""
    width = 8 if token.subclass == 0 else 16
    body = int.from_bytes(token.block, "big") & ((1 << 44) - 1)
    return body >> width, body & ((1 << width) - 1)


def encode(token, key):
    """Return the 20 digits of a token under a 16 byte decoder key (class 1 needs none)."""
    crc = crc16(token.kind, token.block)
    block = token.block + bytes((crc >> 8, crc & 255))
    if token.kind != TEST:
        block = Cipher(key).encrypt(block)
    moved = block[4] >> 3 & 3
    block = block[:4] + bytes((block[4] & 0xE7 | token.kind << 3,)) + block[5:]
    digits = str(int.from_bytes(bytes((moved,)) + block, "big"))
    return "0" * (TOKEN_DIGITS - len(digits)) + digits


def decode(digits, key):
    """Return the Token that 20 digits say under a 16 byte decoder key; blanks do not count.

    Raises TokenError with the meter's answer: `WRONG_FORMAT`, `BAD_CRC` (mistyped, or for
    another key), `NOT_SUPPORTED` (class 3).
    """
    digits = digits.replace(" ", "")
    if len(digits) != TOKEN_DIGITS or any(not "0" <= digit <= "9" for digit in digits):
        raise TokenError(WRONG_FORMAT, "a token has %d digits" % TOKEN_DIGITS)
    number = int(digits)
    if number >> 66:
        raise TokenError(WRONG_FORMAT, "no token has a number so large")
    data = number.to_bytes(9, "big")
    kind = data[5] >> 3 & 3
    if kind > MANAGEMENT:
        raise TokenError(NOT_SUPPORTED, "tokens of class %d are not supported" % kind)
    block = data[1:5] + bytes((data[5] & 0xE7 | data[0] << 3,)) + data[6:]
    if kind != TEST:
        block = Cipher(key).decrypt(block)
    token = Token(kind, block[:_BLOCK_BYTES])
    if crc16(kind, token.block) != block[6] << 8 | block[7]:
        raise TokenError(BAD_CRC, "mistyped, or a token for another meter or key")
    return token


def crc16(kind, block):
    """Return the check of a class and 48 bits of block: CRC-16/MODBUS, its bytes swapped."""
    crc = 0xFFFF
    for octet in bytes((kind,)) + block:
        crc ^= octet
        for _bit in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return (crc & 255) << 8 | crc >> 8


def amount_of(data):
    """Return the tenths (or W) that 16 bits of data mean: 0…AMOUNT_MAX_TENTHS."""
    step, smallest = _RANGES[data >> _MANTISSA_BITS]
    return smallest + (data & _MANTISSA_MAX) * step


def data_for(tenths):
    """Return the 16 bits of the smallest amount that is not below `tenths`.

    Exact to 16,383 tenths, then in steps of 10, 100 and 1,000; LimitError beyond the largest.
    """
    if not 0 <= tenths <= AMOUNT_MAX_TENTHS:
        raise LimitError("a token carries 0-%d tenths, not %d" % (AMOUNT_MAX_TENTHS, tenths))
    exponent = 0
    while tenths > _RANGES[exponent][1] + _MANTISSA_MAX * _RANGES[exponent][0]:
        exponent += 1
    step, smallest = _RANGES[exponent]
    return exponent << _MANTISSA_BITS | max(0, (tenths - smallest + step - 1) // step)


def round_down(tenths):
    """Return the largest amount not above `tenths` that a token can carry."""
    data = data_for(min(tenths, AMOUNT_MAX_TENTHS))
    return amount_of(data) if amount_of(data) <= tenths else amount_of(data - 1)


def tid_at(time_s, base):
    """Return the identity of a token made at a board time, after the base year's 1 January.

    The minute 00:01 of every day is reserved: 00:02 takes its place. LimitError when the base's
    24 bits of minutes do not reach there.
    """
    if base not in BASES or not 0 <= time_s <= TIME_MAX_S:
        raise LimitError("tokens count from 1993, 2014 or 2035")
    return free_tid(time_s // 60 + _BASE_BEFORE_2020_MIN[base])


def free_tid(minutes):
    """Return the first identity not before `minutes` that is not reserved; LimitError if none."""
    if minutes % _DAY_MIN == _RESERVED_MINUTE:
        minutes += 1
    if not 0 <= minutes <= TID_MAX:
        raise LimitError("the base date does not reach to this day: use another base")
    return minutes


def purchase_id(meter, base, tid_minutes):
    """Return the 8 bytes that name the purchase of a credit token, for the `credit` command too.

    Board and controller derive the same from the meter's identity, the base year of its key and
    the token's identity, so that a purchase that comes both ways is applied once. The last four
    bytes are base and identity, so that a board knows a voucher's command by its name.
    """
    name = "bijli/1|sts|%s|%d|%d" % (meter, base, tid_minutes)
    tail = (base - BASES[0], tid_minutes >> 16, tid_minutes >> 8 & 255, tid_minutes & 255)
    return hashlib.sha256(name.encode()).digest()[:4] + bytes(tail)


def voucher_of(meter, purchase):
    """Return (base year, identity) of the token whose purchase this is, None if no token's."""
    base = BASES[0] + purchase[4]
    tid_minutes = purchase[5] << 16 | purchase[6] << 8 | purchase[7]
    if base not in BASES or purchase_id(meter, base, tid_minutes) != purchase:
        return None
    return base, tid_minutes
