"""Every purchase counts once, whether a command brings it or a token.

The ledger remembers the last 32 purchases by their names and the last 50 vouchers by their
identities; both are written in the same record as the credit. A voucher's name carries its
identity (`protocol.sts.purchase_id`), so that its command is judged by the identities as well:
what is older than all of them is refused, however long ago it was. This module must not know
digits, keys or who sends a command.
"""

import struct

from firmware.core.account import POSTPAID
from firmware.core.ledger import PURCHASE_NEXT, PURCHASES, REMEMBERED, TOKEN_BASE, TOKEN_IDS
from protocol import commands, sts

IDS_KEPT = 50
_IDS_WORDS = IDS_KEPT // 5 * 4
_IDENTITY = "<ii"
_FIRST_BASE = sts.BASES.index(2014)


class Purchases:
    """The door for credit; `meter` is this board's identity, "" while it has none."""

    def __init__(self, values, account):
        self._values = values
        self._account = account
        self.meter = ""

    @property
    def base(self):
        """The base year that the identities of this board's tokens count from."""
        return sts.BASES[_FIRST_BASE + self._values[TOKEN_BASE]]

    def roll_over(self):
        """Let identities count from the next base year; those of the old one are forgotten.

        Return False when there is no further base.
        """
        if self.base == sts.BASES[-1]:
            return False
        self._values[TOKEN_BASE] += 1
        for at in range(TOKEN_IDS, TOKEN_IDS + _IDS_WORDS):
            self._values[at] = 0
        return True

    def close_before(self, time_s):
        """Let every voucher made before a board time be too old: nobody knows which were taken."""
        for index in range(IDS_KEPT):
            self._write(index, sts.tid_at(time_s, self.base))

    def credit(self, purchase, unit, amount):
        """Credit a purchase by its 8 byte name; return 0 or the reason against it (docs/wire.md).

        The caller writes the ledger, or puts it back as it was.
        """
        if find(self._values, PURCHASES, 2, purchase) is not None:
            return commands.REASON_CREDITED_ALREADY
        base, tid_minutes = sts.voucher_of(self.meter, purchase) or (0, 0)
        if base:
            reason = self._judge_voucher(base, tid_minutes)
            if reason:
                return reason
        account = self._account
        if account.mode == POSTPAID or account.mode != unit:
            return commands.REASON_WRONG_UNIT
        if not account.credit(amount):
            return commands.REASON_OUT_OF_RANGE
        remember(self._values, PURCHASES, 2, PURCHASE_NEXT, purchase)
        if base == self.base:
            self.keep(tid_minutes)
        return 0

    def _judge_voucher(self, base, tid_minutes):
        """Return 0 or the reason against a voucher; those of a base that ended are forgotten.

        One of a base to come is known by its name only: its key is on the way.
        """
        if base != self.base:
            return commands.REASON_TOO_OLD if base < self.base else 0
        return self.judge(tid_minutes)

    def judge(self, tid_minutes):
        """Return 0 for an identity that was not seen, else the reason against it."""
        oldest = sts.TID_MAX
        for index in range(IDS_KEPT):
            kept = self._read(index)
            if kept == tid_minutes:
                return commands.REASON_CREDITED_ALREADY
            oldest = min(oldest, kept)  # 0: there is still a place
        return commands.REASON_TOO_OLD if tid_minutes < oldest else 0

    def keep(self, tid_minutes):
        """Remember an identity in the place of the oldest; `judge` has passed it."""
        oldest = 0
        for index in range(IDS_KEPT):
            if self._read(index) < self._read(oldest):
                oldest = index
        self._write(oldest, tid_minutes)

    def _read(self, index):
        """Return a kept identity: four of five have the low bits of a word, the fifth the rest."""
        values = self._values
        at = TOKEN_IDS + index // 5 * 4
        part = index % 5
        if part < 4:
            return values[at + part] & sts.TID_MAX
        identity = 0
        for word in range(4):
            identity = identity << 6 | values[at + word] >> 24
        return identity

    def _write(self, index, identity):
        values = self._values
        at = TOKEN_IDS + index // 5 * 4
        part = index % 5
        if part < 4:
            values[at + part] = values[at + part] & ~sts.TID_MAX | identity
            return
        for word in range(4):
            slice6 = identity >> (18 - 6 * word) & 63
            values[at + word] = values[at + word] & sts.TID_MAX | slice6 << 24


def find(values, base, stride, identity):
    """Return where an 8-byte identity is remembered, or None."""
    first, second = struct.unpack(_IDENTITY, identity)
    for at in range(base, base + REMEMBERED * stride, stride):
        if values[at] == first and values[at + 1] == second:
            return at
    return None


def remember(values, base, stride, next_index, identity):
    """Put an 8-byte identity in the place of the oldest; return where."""
    at = base + values[next_index] % REMEMBERED * stride
    values[next_index] += 1
    values[at], values[at + 1] = struct.unpack(_IDENTITY, identity)
    return at
