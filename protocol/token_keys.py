"""Decoder keys of 20-digit tokens: their derivation (DKGA04), and the set that changes one.

This module must not know where vending keys are kept.
"""

from protocol.errors import LimitError
from protocol.keys import ROLE_TOKEN, hmac_sha256, role_key
from protocol.misty1 import KEY_BYTES
from protocol.sts import BASES, KEY_SECTIONS, MANAGEMENT, Token

VENDING_KEY_BYTES = 20
EA_MISTY1 = 11

# Key types: a default key takes no credit, only a change to another key.
INITIALISATION = 0
DEFAULT = 1
UNIQUE = 2
COMMON = 3
TAKES_CREDIT = (UNIQUE, COMMON)

KEN_MAX = 255  # a key expires when the top 8 bits of a token's identity are above its number

INITIAL_BASE = 2014  # of a board before any key change; a roll-over goes on to the next

_FIRST_EPOCH = 1
_DKGA = "04"


def initial_key(root, meter):
    """Return the 16 byte key that a board has before any key change: it takes no credit.

    It is the first half of the root's key for the role `token` in the first key epoch, so that
    board and controller both know it although nobody ever sent it.
    """
    return role_key(root, _FIRST_EPOCH, ROLE_TOKEN, meter)[:KEY_BYTES]


def derive_key(vending_key, sgc, ti, kt, krn, pan, base, ea=EA_MISTY1):
    """Return the 16 byte decoder key of a meter, by DKGA04.

    `vending_key` has 20 bytes; `sgc` 6 digits, `ti` 2 and `pan` 18 digits are text; `kt` is the
    key type 0-3, `krn` the revision 1-9, `base` 1993, 2014 or 2035. LimitError otherwise.
    """
    if len(vending_key) != VENDING_KEY_BYTES:
        raise LimitError("a vending key has %d bytes" % VENDING_KEY_BYTES)
    message = derivation_message(sgc, ti, kt, krn, pan, base, ea)
    return hmac_sha256(vending_key, message)[:KEY_BYTES]


def derivation_message(sgc, ti, kt, krn, pan, base, ea=EA_MISTY1):
    """Return the 49 bytes that a decoder key is derived from: two groups of four fields."""
    check_digits(sgc, 6, "supply group code")
    check_digits(ti, 2, "tariff index")
    check_digits(pan, 18, "primary account number")
    if not INITIALISATION <= kt <= COMMON or not 1 <= krn <= 9:
        raise LimitError("give a key type of 0-3 and a key revision of 1-9")
    if base not in BASES or ea != EA_MISTY1:
        raise LimitError("give a base of 1993, 2014 or 2035 and encryption algorithm 11")
    purpose = _group((_DKGA, "%02d" % (base % 100), "%02d" % ea, ti))
    meter = _group((sgc, "%d" % kt, "%d" % krn, pan))
    return purpose + b"\x00" + meter + (KEY_BYTES * 8).to_bytes(4, "big")


def _group(fields):
    group = bytearray((len(fields),))
    for text in fields:
        group.append(len(text))
        group.extend(text.encode())
    return bytes(group)


def check_digits(text, count, what):
    """Raise LimitError unless `text` is `count` digits."""
    if len(text) != count or any(not "0" <= digit <= "9" for digit in text):
        raise LimitError("a %s has %d digits" % (what, count))


class KeyChange:
    """A meter's next decoder key and what goes with it.

    `ken` is the key's expiry number 0-255, `ti` the tariff index 0-99, `sgc` the supply group code
    as a number, `rollover` whether identities count from the next base date from now on.
    """

    def __init__(self, key, krn, kt, ken, ti, sgc, rollover=False):
        ranges = ((krn, 9), (kt, COMMON), (ken, KEN_MAX), (ti, 99), (sgc, 999_999))
        if len(key) != KEY_BYTES or any(not 0 <= value <= most for value, most in ranges):
            raise LimitError("a key change has a 16 byte key and its numbers in their ranges")
        self.key = bytes(key)
        self.krn = krn
        self.kt = kt
        self.ken = ken
        self.ti = ti
        self.sgc = sgc
        self.rollover = rollover


def key_sections(change):
    """Return the four Tokens that bring a KeyChange, to be encrypted under the old key."""
    key, ken, sgc = change.key, change.ken, change.sgc
    heads = (
        (ken >> 4, change.krn << 4 | change.rollover << 3 | change.kt),
        (ken & 15, change.ti),
        (sgc >> 8 & 15, sgc & 255),
        (sgc >> 20, sgc >> 12 & 255),
    )
    parts = (key[0:4], key[12:16], key[4:8], key[8:12])
    return [
        Token(MANAGEMENT, bytes((KEY_SECTIONS[i] << 4 | heads[i][0], heads[i][1])) + parts[i])
        for i in range(len(KEY_SECTIONS))
    ]


def join_sections(blocks):
    """Return the KeyChange that the blocks (6 bytes each) of sections 1, 2, 3, 4 bring.

    Raises LimitError when they are not those of a key change.
    """
    if [block[0] >> 4 for block in blocks] != list(KEY_SECTIONS):
        raise LimitError("a key change has the sections 1, 2, 3 and 4")
    first, second, third, fourth = blocks
    low, high = (block[0] & 15 for block in (third, fourth))
    return KeyChange(
        first[2:] + third[2:] + fourth[2:] + second[2:],
        first[1] >> 4,
        first[1] & 3,
        (first[0] & 15) << 4 | second[0] & 15,
        second[1],
        high << 20 | fourth[1] << 12 | low << 8 | third[1],
        bool(first[1] & 8),
    )
