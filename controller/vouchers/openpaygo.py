"""OpenPAYGO tokens (9, 12, 15 or 20 digits): one to digits and back, as solar devices take them.

A token carries a value (days, or what the device counts) and stands at one place of a chain of
hashes: even places add, odd ones set the value, disable the lock for ever, or bring the counter
into step. Written from the public description; digits agree with the PyPI package `openpaygo`
0.6.3, decisions differ where that errs (docs/tokens.md). Pure: no Django, no I/O.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from controller.errors import Refused
from protocol import sts
from protocol.errors import TokenError

ADD = "add"
SET = "set"
DISABLE = "disable"  # the device is paid for
SYNC = "sync"
KINDS = (ADD, SET, DISABLE, SYNC)

KEY_BYTES = 16
COUNT_MAX = 10_000  # a token costs as many hashes: beyond it the device needs another key
_DISABLE_VALUE = 998
_SYNC_VALUE = 999

_JUMP_MAX = 64  # counts that a token may be ahead of the last one
_SYNC_JUMP_MAX = 100
_OLDER_MAX = 16  # counts that an unused ADD token may lie behind
CHAINS_MAX = 256  # places in chains that a decoder remembers


@dataclass(frozen=True)
class Form:
    """Standard or extended tokens: the digits of a value, and the numbers that follow from it."""

    bases: int
    value_max: int
    digits: int
    pairs: int  # of bits, for tokens that are typed with the digits 1 to 4 only
    bits: int  # of a hash that make a code
    code_max: int
    excess: int  # is taken off a code above `code_max`

    def advance(self, key: bytes, code: int) -> int:
        """The next code of a chain."""
        if self is STANDARD:
            return self.shorten(siphash(key, code.to_bytes(4, "big") * 2))
        return self.shorten(siphash(key, code.to_bytes(8, "big")))

    def shorten(self, digest: int) -> int:
        """A hash as a code of so many digits."""
        if self is STANDARD:
            digest = digest >> 32 ^ digest & 0xFFFFFFFF
            code = digest >> 2
        else:
            code = digest >> 24
        return code - self.excess if code > self.code_max else code

    def put(self, code: int, base: int) -> int:
        """The code with its last digits replaced by a base."""
        return code - code % self.bases + base


STANDARD = Form(1_000, 995, 9, 15, 30, 999_999_999, 73_741_825)
EXTENDED = Form(1_000_000, 999_999, 12, 20, 40, 999_999_999_999, 99_511_627_777)


def starting_code(key: bytes) -> int:
    """Where a device's chain begins unless its maker says otherwise."""
    return STANDARD.shorten(siphash(key, key))


def encode(
    key: bytes,
    count: int,
    kind: str,
    value: int | None = None,
    *,
    start: int | None = None,
    extended: bool = False,
    restricted: bool = False,
) -> tuple[str, int]:
    """The digits of the next token after `count`, and the count to go on from.

    `restricted`: digits 1 to 4 only. Raises Refused for a value that the kind does not have or
    that means something else, and where the counter is used up.
    """
    form = EXTENDED if extended else STANDARD
    carried = _carried(form, kind, value)
    _check_key(key)
    is_odd = kind != ADD
    new_count = count + 2 if count % 2 == is_odd else count + 1
    if not 0 <= count < new_count <= COUNT_MAX:
        raise Refused(f"Count {new_count} is beyond {COUNT_MAX}", "Give the device another key.")
    start = starting_code(key) if start is None else start
    base = (start % form.bases + carried) % form.bases
    code = form.put(start, base)
    for _place in range(new_count):
        code = form.advance(key, code)
    return _write(form, form.put(code, base), restricted=restricted), new_count


@dataclass
class Decoder:
    """A device's memory: `count` of the newest token, `used` ones among the last sixteen.

    A token is taken once, whatever `used` holds at first. It costs hashes from the last place
    that is remembered of its value's chain, so that it does not grow with the counter where
    values come again.
    """

    key: bytes
    count: int = 0
    used: set[int] = field(default_factory=set)
    start: int | None = None
    restricted: bool = False
    _chains: "OrderedDict[tuple[int, int], tuple[int, int]]" = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        _check_key(self.key)
        self.used = set(self.used) | {self.count}
        if self.start is None:
            self.start = starting_code(self.key)

    def take(self, digits: str) -> tuple[str, int]:
        """(kind, value) of a token that counts; the memory moves on.

        Raises TokenError with the answer `sts.USED`, `sts.WRONG_FORMAT` or `sts.BAD_CRC` (no
        place of the chain near the counter has such a code).
        """
        form, token = _read(digits, restricted=self.restricted)
        base = token % form.bases
        value = (base - (self.start or 0) % form.bases) % form.bases
        was_used = False
        for count, code in self._places(form, base, value):
            if form.put(code, base) != token:
                continue
            kind = _kind(form, count, value)
            if kind is not None and self._is_new(kind, count):
                self._remember(kind, count)
                return kind, value
            was_used = True
        if was_used:
            raise TokenError(sts.USED, "this token was used, or a later one overtook it")
        raise TokenError(sts.BAD_CRC, "mistyped, or a token for another device")

    def _places(self, form: Form, base: int, value: int) -> list[tuple[int, int]]:
        """(count, code) of all places of the base's chain that a token may stand at now."""
        reach = _SYNC_JUMP_MAX if value == _SYNC_VALUE else _JUMP_MAX
        first = max(0, self.count - _JUMP_MAX + 1)
        count, code = self._chains.pop((form.bases, base), (0, form.put(self.start or 0, base)))
        if count > first:  # the counter was set back by whoever owns it
            count, code = 0, form.put(self.start or 0, base)
        while count < first:
            count, code = count + 1, form.advance(self.key, code)
        self._chains[form.bases, base] = (count, code)
        if len(self._chains) > CHAINS_MAX:
            self._chains.popitem(last=False)
        places = []
        while count <= self.count + reach:
            places.append((count, code))
            count, code = count + 1, form.advance(self.key, code)
        return places

    def _is_new(self, kind: str, count: int) -> bool:
        if count in self.used:
            return False
        if kind == SYNC:
            return count > self.count - _JUMP_MAX
        return count > self.count or (kind == ADD and count > self.count - _OLDER_MAX)

    def _remember(self, kind: str, count: int) -> None:
        """Everything up to a SET, DISABLE or SYNC is used; an ADD leaves those before it good.

        A SYNC may set the counter back; what was used after it stays used.
        """
        self.count = count if kind == SYNC else max(self.count, count)
        oldest = max(0, self.count - _JUMP_MAX)
        self.used = {used for used in self.used if used >= oldest} | {count}
        if kind != ADD:
            self.used |= set(range(oldest, count + 1))


def _carried(form: Form, kind: str, value: int | None) -> int:
    if kind not in KINDS:
        raise Refused(f"There is no token {kind!r}", f"Use one of: {', '.join(KINDS)}.")
    if kind in (DISABLE, SYNC):
        if value is not None:
            raise Refused(f"A {kind} token has no value", "Leave it out.")
        return _DISABLE_VALUE if kind == DISABLE else _SYNC_VALUE
    if value is None or not 0 <= value <= form.value_max:
        raise Refused(f"A token cannot carry {value}", f"Use 0 to {form.value_max}.")
    if kind == SET and value in (_DISABLE_VALUE, _SYNC_VALUE):
        raise Refused(f"Setting {value} means something else to devices", "Set one less or more.")
    return value


def _kind(form: Form, count: int, value: int) -> str | None:
    """What a token at that place does; None for a value that no token has."""
    if count % 2 and value == _SYNC_VALUE:
        return SYNC
    if count % 2 and value == _DISABLE_VALUE:
        return DISABLE
    if value > form.value_max:
        return None
    return SET if count % 2 else ADD


def _check_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise Refused(f"A device key has {len(key)} bytes", f"Give {KEY_BYTES}.")


def _write(form: Form, token: int, *, restricted: bool) -> str:
    if not restricted:
        return f"{token:0{form.digits}d}"
    shifts = range(2 * (form.pairs - 1), -1, -2)
    return "".join(str((token >> shift & 3) + 1) for shift in shifts)


def _read(digits: str, *, restricted: bool) -> tuple[Form, int]:
    """The form of a token by its length, and its number. Raises TokenError for no token."""
    digits = digits.replace(" ", "")
    letters = "1234" if restricted else "0123456789"
    for form in (STANDARD, EXTENDED):
        if len(digits) == (form.pairs if restricted else form.digits):
            break
    else:
        raise TokenError(sts.WRONG_FORMAT, "no token has so many digits")
    if any(digit not in letters for digit in digits):
        raise TokenError(sts.WRONG_FORMAT, f"a token has the digits {letters} only")
    if not restricted:
        return form, int(digits)
    token = 0
    for digit in digits:
        token = token << 2 | int(digit) - 1
    return form, token


_MASK = 0xFFFFFFFFFFFFFFFF


def siphash(key: bytes, data: bytes) -> int:
    """SipHash-2-4 of `data` under a 16 byte key, as a number of 64 bits."""
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    state = (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )
    padded = data + bytes(7 - len(data) % 8) + bytes((len(data) & 255,))
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        a, b, c, d = state
        a, b, c, d = _round(*_round(a, b, c, d ^ word))
        state = (a ^ word, b, c, d)
    a, b, c, d = state
    c ^= 0xFF
    for _turn in range(4):
        a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


def _round(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    a = a + b & _MASK
    b = _turn_left(b, 13) ^ a
    a = _turn_left(a, 32)
    c = c + d & _MASK
    d = _turn_left(d, 16) ^ c
    a = a + d & _MASK
    d = _turn_left(d, 21) ^ a
    c = c + b & _MASK
    b = _turn_left(b, 17) ^ c
    return a, b, _turn_left(c, 32), d


def _turn_left(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _MASK
