"""The chip's real-time clock as board time: seconds since 2020-01-01T00:00:00Z.

It reads civil time from `machine.RTC`, so it does not matter that the ESP32 counts from 2000 and
the unix port from 1970. It must not know whether the time is believed; the core does.
"""

from micropython import const

from firmware.core.calendar import DAY_S, FIRST_YEAR, LocalTime, days_in_month

_YEAR_MIN = const(2025)  # earlier: the clock lost its battery and counts from its own epoch
_YEAR_MAX = const(2053)


class RealTimeClock:
    """`rtc` is a `machine.RTC`, kept in UTC."""

    def __init__(self, rtc):
        self._rtc = rtc

    def read_s(self):
        """Return board time in seconds, or 0 when the clock is unset."""
        year, month, day, _, hour, minute, second, _ = self._rtc.datetime()
        return board_time_s(year, month, day, hour, minute, second)

    def set_s(self, now_s):
        """Set the chip's clock to board time `now_s` in seconds."""
        date = LocalTime()
        date.refresh(now_s, 0)
        year, month = divmod(date.month, 12)
        hour, minute = divmod(date.minute, 60)
        self._rtc.datetime((year, month + 1, date.day, date.weekday, hour, minute, now_s % 60, 0))


def board_time_s(year, month, day, hour, minute, second):
    """Return a date as board time, or 0 for one that no board can live in: the clock is unset."""
    is_date = _YEAR_MIN <= year <= _YEAR_MAX and 1 <= month <= 12
    if not is_date or not 1 <= day <= 31 or hour > 23 or minute > 59 or second > 59:
        return 0
    days = (year - FIRST_YEAR) * 365 + (year - FIRST_YEAR + 3) // 4 + day - 1
    for earlier in range(1, month):
        days += days_in_month(year * 12 + earlier - 1)
    return days * DAY_S + hour * 3600 + minute * 60 + second
