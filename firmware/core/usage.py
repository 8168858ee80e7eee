"""How long the balance lasts: what whole days have used, remembered over power cuts.

One figure, leaning on the last days: a quarter of yesterday, three quarters of what it was. The
day on which it begins is not a whole one and does not count. It must not know prices.
"""

from firmware.core.account import POSTPAID
from firmware.core.ledger import USE_DAY, USE_FROM, USE_PER_DAY

_MODES = 4  # the mode stands in USE_DAY too: another account has another use
_UNKNOWN = 0
_PARTIAL = -1  # today began somewhere in the middle


class Usage:
    """`values` is the ledger; amounts are Wh or paise, as the account's."""

    def __init__(self, values, account):
        self._values = values
        self._account = account

    def follow(self, day_number):
        """Take note of the local day; call it once a minute while the clock is set."""
        values = self._values
        account = self._account
        mark = day_number * _MODES + account.mode
        before = values[USE_DAY]
        if mark == before:
            return
        used = account.charged_total() - values[USE_FROM]
        days = day_number - before // _MODES
        if before % _MODES != account.mode or not before or used < 0 or days < 0:
            values[USE_PER_DAY] = _PARTIAL
        elif values[USE_PER_DAY] == _PARTIAL:
            values[USE_PER_DAY] = _UNKNOWN
        else:
            mean = used // days
            known = values[USE_PER_DAY]
            values[USE_PER_DAY] = (3 * known + mean) // 4 if known else mean
        values[USE_DAY] = mark
        values[USE_FROM] = account.charged_total()

    def days_left(self):
        """Return the whole days that the balance lasts, or None when nobody can tell yet."""
        per_day = self._values[USE_PER_DAY]
        if self._account.mode == POSTPAID or per_day <= 0:
            return None
        return max(0, self._account.balance()) // per_day
