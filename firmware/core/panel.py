"""Which page the two lines of sixteen characters show: what matters first, the rest in turn.

A message, an entry on the keypad or its answer stand alone. Supply off: the holds that stand, in
turn. Supply on: news, then the pages, turned by time and by the button. It must not know words
(`texts`), nor how a page is made (`pages`), nor the display.
"""

from firmware.core import holds, pages, texts
from firmware.core.entry import TOKEN_DIGITS, Entry
from protocol.programme import LANGUAGE

TURN_S = 4  # while somebody is there: a key, the button, or news not long ago
REST_TURN_S = 15  # while nobody is
PRESENT_S = 120
ANSWER_S = 10  # what the keypad's answer stands

# Short codes of the keypad: three digits and #.
_CODES = {
    "001": pages.balance,
    "002": pages.load,
    "003": pages.energy,
    "004": pages.last_token,
    "005": pages.identity,
    "006": pages.why_off,
}


class Panel:
    """The display's state; `board` is looked at, never changed but by a token."""

    def __init__(self, board, meter="", firmware="", sample=None):
        self.board = board
        self.sample = sample
        self.store = None  # the one whose `trouble` is shown
        self.supply_ends_min = 0  # in so many minutes; 0: not soon
        self.meter = meter
        self.firmware = firmware
        self.text = texts.table(0)
        self._entry = Entry()
        self._page = 0
        self._turned_s = 0
        self._present_until_s = 0
        self._news = 0
        self._answer = None
        self._answer_until_s = 0

    def wake(self, uptime_s):
        """Somebody is there: turn the pages faster for a while."""
        self._present_until_s = uptime_s + PRESENT_S

    def press(self, uptime_s):
        """Turn the page: a short press of the button while the supply is on."""
        self.wake(uptime_s)
        self._turned_s = uptime_s
        self._answer = None
        self._page += 1

    def press_key(self, key, uptime_s):
        """Take one key of the keypad; return the board's actions, 0 unless it was a token."""
        self.wake(uptime_s)
        self._answer = None
        entered = self._entry.press(key, uptime_s)
        if entered is None:
            return 0
        board = self.board
        self.text = texts.table(board.programmes.active[LANGUAGE])
        self._answer_until_s = uptime_s + ANSWER_S
        if len(entered) < TOKEN_DIGITS:
            self._answer = self._find_page(entered)
            return 0
        wanted = board.enter_token(entered, board.clock.now_s(uptime_s), uptime_s)
        self._answer = pages.answer_token(self)
        return wanted

    def is_due(self, uptime_s):
        """Tell whether the page has stood long enough, or what stands in its way is over."""
        turn_s = TURN_S if uptime_s < self._present_until_s else REST_TURN_S
        if self._answer is not None and uptime_s >= self._answer_until_s:
            return True
        return uptime_s - self._turned_s >= turn_s or self._entry.expire(uptime_s)

    def lines(self, uptime_s):
        """Return the two lines that are to be seen now."""
        board = self.board
        self.text = texts.table(board.programmes.active[LANGUAGE])
        if self._entry.digits:
            return self._entry.lines()
        if self._answer is not None:
            if uptime_s < self._answer_until_s:
                return self._answer
            self._answer = None
        return board.message_lines() or self._turn(uptime_s)

    def _turn(self, uptime_s):
        news = self._look_for_news()
        if news != self._news:
            self._news = news
            self.wake(uptime_s)
            self._turned_s = uptime_s
            self._page = 0  # what is new stands there
        elif self.is_due(uptime_s):
            self._turned_s = uptime_s
            self._page += 1
        turning = pages.OFF if self.board.holds else pages.ON
        for _ in turning:
            self._page %= len(turning)
            page = turning[self._page](self)
            if page:
                return page[0][: texts.WIDTH], page[1][: texts.WIDTH]
            self._page += 1
        return pages.home(self)  # a hold without a page of its own

    def _look_for_news(self):
        """Return a number that differs when something happened that the display must tell."""
        board = self.board
        account = board.account
        news = board.holds << 2 | account.low_level()
        for is_new in (
            board.supervision.is_safe,
            self.supply_ends_min,
            account.recharge_overdue_days,
            account.is_emergency_offered(),
            board.supply.feeder.source,
        ):
            news = news << 1 | (1 if is_new else 0)
        return news

    def _find_page(self, entered):
        """Return the page of a short code, or what is wrong with the number."""
        page = _CODES.get(entered)
        if page is not None:
            return page(self)
        return self.text.ENTRY_NO_CODE if len(entered) == 3 else self.text.ENTRY_WRONG


def explain(board):
    """Return the one page that says most: why the supply is off, or load and balance."""
    plain = Panel(board)
    plain.text = texts.table(board.programmes.active[LANGUAGE])
    return pages.why_off(plain) if holds.explain(board.holds) else pages.home(plain)
