"""Tokens of 20 digits: what a meter answers, and what it does before it answers.

Judged in the order of docs/tokens.md: lock-out, digits and check, function, default key, expiry of
the key, identity. What a token changes is written in one record with its identity; if that write
fails, the memory is put back. This module must not know the keypad, the display or the network.
"""

import struct

from firmware.core.holds import TAMPER
from firmware.core.ledger import (
    TOKEN_BAD,
    TOKEN_KEY,
    TOKEN_KEY_FACTS,
    TOKEN_LAST,
    TOKEN_LAST_TENTHS,
    TOKEN_LOCK_LEFT_S,
    TOKEN_SECTIONS,
    TOKEN_SGC,
)
from protocol import commands, messages, sts, token_keys
from protocol.errors import LimitError, TokenError
from protocol.limits import AMOUNT_MAX, LIMIT_MAX_W, TIME_MAX_S, TOKEN_DIGITS

BAD_ENTRIES_MAX = 2  # one more locks the entry
LOCK_FIRST_S = 10
LOCK_DOUBLINGS_MAX = 7  # 1,280 s
WH_PER_TENTH = 100

_KEY = "<iiii"
_SECTION = "<ii"
_SECTION_PADDING = b"\x00\x00"
_KEY_IS_SET = 1 << 24  # in TOKEN_KEY_FACTS: revision | type << 4 | expiry << 8 | tariff << 16
_CREDIT_ANSWERS = {
    0: sts.ACCEPTED,
    commands.REASON_CREDITED_ALREADY: sts.USED,
    commands.REASON_TOO_OLD: sts.OLD,
    commands.REASON_WRONG_UNIT: sts.WRONG_UNIT,
    commands.REASON_OUT_OF_RANGE: sts.OVERFLOW,
}
_BAD = (sts.WRONG_FORMAT, sts.BAD_CRC)  # what guessing looks like
_TAKEN = (sts.ACCEPTED, sts.FIRST_KEY_TOKEN, sts.NEXT_KEY_TOKEN)


class Tokens:
    """Takes digits for a board; `answer` is what became of the last ones (`sts.ANSWERS`)."""

    def __init__(self, board, values, purchases):
        self._board = board
        self._values = values
        self._purchases = purchases
        self._root = None
        self._locked_until_s = 0  # uptime
        self.answer = sts.NOT_SUPPORTED

    def identify(self, meter, root_key):
        """Take the meter's identity and root key, without which no token is understood."""
        self._purchases.meter = meter
        self._root = root_key

    def load(self):
        """Go on after a start: a lock-out that stood stands for as long again."""
        self._locked_until_s = self._board.uptime_s + self._values[TOKEN_LOCK_LEFT_S]

    def save(self):
        """Put into the ledger what runs on uptime."""
        self._values[TOKEN_LOCK_LEFT_S] = self.locked_s()

    def locked_s(self):
        """Return for how many seconds nothing is taken."""
        return max(0, self._locked_until_s - self._board.uptime_s)

    def key_number(self):
        """Return supply group × 10 + revision of the key in force, 0 for the first one."""
        facts = self._values[TOKEN_KEY_FACTS]
        return self._values[TOKEN_SGC] * 10 + (facts & 15) if facts else 0

    def last(self):
        """Return (answer, tenths of a kWh) of the last token, None before the first."""
        if not self._values[TOKEN_LAST]:
            return None
        return self._values[TOKEN_LAST] - 1, self._values[TOKEN_LAST_TENTHS]

    def is_taken(self):
        """Tell whether the last digits did something."""
        return self.answer in _TAKEN

    def enter(self, digits):
        """Take 20 digits and let `answer` tell what became of them; the ledger is written."""
        if self._root is None:
            self.answer = sts.NOT_SUPPORTED
            return
        if self.locked_s():
            self.answer = sts.LOCKED_OUT
            return
        before = bytes(self._values)
        notices = []
        self.answer = self._judge(digits, notices)
        self._count()
        if not self._board.persist() and self.is_taken():
            self._board.take_back(before)
            self.answer = sts.STORAGE_FAILED
            notices = []
        record = self._board.recorder.record_event
        if not self.is_taken():
            record(messages.EVENT_TOKEN_REFUSED, self.answer)
        for code, value in notices:
            record(code, value)

    def change_key(self, digits):
        """Take the four tokens of a key change by command; return 0 or the reason against it."""
        if self._root is None:
            return commands.REASON_NOT_SUPPORTED
        blocks = []
        try:
            key = self._key()
            for at in range(0, len(digits), TOKEN_DIGITS):
                token = sts.decode(digits[at : at + TOKEN_DIGITS], key)
                blocks.append(token.block)
            change = token_keys.join_sections(blocks)
        except (TokenError, LimitError):
            return commands.REASON_BAD_ARGUMENTS
        return 0 if self._take_key(change) else commands.REASON_OUT_OF_RANGE

    def _count(self):
        """Remember the answer; bad entries lock, ever longer, until one is accepted.

        Nothing less ends the row: a used voucher between two guesses would be too cheap.
        """
        values = self._values
        values[TOKEN_LAST] = self.answer + 1
        if self.answer not in _BAD:
            if self.answer == sts.ACCEPTED:
                values[TOKEN_BAD] = 0
            return
        values[TOKEN_BAD] = min(values[TOKEN_BAD] + 1, BAD_ENTRIES_MAX + LOCK_DOUBLINGS_MAX + 1)
        over = values[TOKEN_BAD] - BAD_ENTRIES_MAX
        if over > 0:
            self._locked_until_s = self._board.uptime_s + (LOCK_FIRST_S << (over - 1))

    def _judge(self, digits, notices):
        """Return the answer to the digits; what is to be told is appended to `notices`."""
        self._values[TOKEN_LAST_TENTHS] = 0
        try:
            token = sts.decode(digits, self._key())
        except TokenError as error:
            return sts.USED if self._is_past_key_change(digits) else error.answer
        if token.kind == sts.MANAGEMENT and token.subclass in sts.KEY_SECTIONS:
            return self._collect(token, notices)
        if not _is_supported(token):
            return sts.NOT_SUPPORTED
        if token.kind == sts.CREDIT and not self._takes_credit():
            return sts.DEFAULT_KEY
        if token.tid_minutes >> 16 > self._expiry():
            return sts.KEY_EXPIRED
        reason = self._purchases.judge(token.tid_minutes)
        if reason:
            return _CREDIT_ANSWERS[reason]
        return self._act(token, notices)

    def _act(self, token, notices):
        if token.kind == sts.CREDIT:
            return self._credit(token, notices)
        answer = self._manage(token, notices)
        if answer == sts.ACCEPTED:
            self._purchases.keep(token.tid_minutes)
            notices.append((messages.EVENT_TOKEN_TAKEN, token.tid_minutes))
        return answer

    def _credit(self, token, notices):
        """Credit through the same door as a command that brings the same purchase."""
        purchases = self._purchases
        tenths = token.amount_tenths
        if not 0 < tenths <= AMOUNT_MAX // WH_PER_TENTH:
            return sts.OVERFLOW
        amount_wh = tenths * WH_PER_TENTH
        purchase = sts.purchase_id(purchases.meter, purchases.base, token.tid_minutes)
        reason = purchases.credit(purchase, commands.UNIT_ENERGY, amount_wh)
        if not reason:
            self._values[TOKEN_LAST_TENTHS] = tenths
            notices.append((messages.EVENT_CREDIT_ADDED, amount_wh))
            notices.append((messages.EVENT_TOKEN_TAKEN, token.tid_minutes))
        return _CREDIT_ANSWERS[reason]

    def _manage(self, token, notices):
        board = self._board
        if token.subclass == sts.MAX_POWER:
            limit_w = min(token.amount_tenths, LIMIT_MAX_W)
            board.supply.feeder.command_emergency(limit_w, TIME_MAX_S if limit_w else 0)
            notices.append((messages.EVENT_EMERGENCY_LIMIT, limit_w))
        elif token.subclass == sts.CLEAR_TAMPER:
            board.supply.set_hold(TAMPER, False)
            notices.append((messages.EVENT_TAMPER_CLEARED, 0))
        elif token.data not in (sts.ELECTRICITY, sts.CLEAR_ALL):
            return sts.NOT_SUPPORTED
        else:
            notices.append((messages.EVENT_CREDIT_CLEARED, board.account.clear_credit()))
        return sts.ACCEPTED

    def _collect(self, token, notices):
        """Keep a section of a key change; with the fourth the key changes, not before."""
        values = self._values
        place = TOKEN_SECTIONS + 2 * sts.KEY_SECTIONS.index(token.subclass)
        values[place], values[place + 1] = struct.unpack(_SECTION, token.block + _SECTION_PADDING)
        places = range(TOKEN_SECTIONS, TOKEN_SECTIONS + 8, 2)
        kept = [at for at in places if values[at]]
        if len(kept) < len(sts.KEY_SECTIONS):
            return sts.FIRST_KEY_TOKEN if len(kept) == 1 else sts.NEXT_KEY_TOKEN
        blocks = [struct.pack(_SECTION, values[at], values[at + 1])[:6] for at in kept]
        try:
            is_taken = self._take_key(token_keys.join_sections(blocks))
        except LimitError:
            is_taken = False
        self._forget_sections()
        if not is_taken:
            return sts.NOT_SUPPORTED
        notices.append((messages.EVENT_TOKEN_KEY, self.key_number()))
        return sts.ACCEPTED

    def _take_key(self, change):
        """Let a new key be in force; return False when its base is none that there is."""
        if change.rollover and not self._purchases.roll_over():
            return False
        values = self._values
        for index, word in enumerate(struct.unpack(_KEY, change.key)):
            values[TOKEN_KEY + index] = word
        facts = change.krn | change.kt << 4 | change.ken << 8 | change.ti << 16
        values[TOKEN_KEY_FACTS] = facts | _KEY_IS_SET
        values[TOKEN_SGC] = change.sgc
        self._forget_sections()
        return True

    def _forget_sections(self):
        for at in range(TOKEN_SECTIONS, TOKEN_SECTIONS + 2 * len(sts.KEY_SECTIONS)):
            self._values[at] = 0

    def _is_past_key_change(self, digits):
        """Tell whether the digits are of the change from the first key, which is done.

        They stand on every voucher until the controller knows, and are no guessing.
        """
        if not self._values[TOKEN_KEY_FACTS]:
            return False
        try:
            token = sts.decode(digits, self._first_key())
        except TokenError:
            return False
        return token.kind == sts.MANAGEMENT and token.subclass in sts.KEY_SECTIONS

    def _key(self):
        values = self._values
        if not values[TOKEN_KEY_FACTS]:
            return self._first_key()
        return struct.pack(_KEY, *[values[TOKEN_KEY + index] for index in range(4)])

    def _first_key(self):
        return token_keys.initial_key(self._root, self._purchases.meter)

    def _takes_credit(self):
        return self._values[TOKEN_KEY_FACTS] >> 4 & 3 in token_keys.TAKES_CREDIT

    def _expiry(self):
        facts = self._values[TOKEN_KEY_FACTS]
        return facts >> 8 & 255 if facts else token_keys.KEN_MAX


def _is_supported(token):
    if token.kind == sts.CREDIT:
        return token.subclass == sts.ELECTRICITY
    functions = (sts.MAX_POWER, sts.CLEAR_CREDIT, sts.CLEAR_TAMPER)
    return token.kind == sts.MANAGEMENT and token.subclass in functions
