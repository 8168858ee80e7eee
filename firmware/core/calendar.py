"""Civil time from board time: minute of day, weekday, day, month.

Board time counts seconds from 2020-01-01 UTC (docs/wire.md). Good until 2100, when the four-year
rule of leap years first fails. This module must not know what anybody does with the date.
"""

DAY_S = 86400
FIRST_YEAR = 2020
_FIRST_WEEKDAY = 2  # 2020-01-01 was a Wednesday; Monday is 0
_FOUR_YEARS_DAYS = 1461
_NO_DAY = -1_000_000  # before the first look; -1 is a day west of Greenwich
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class LocalTime:
    """The local date and minute, refreshed in place so that looking at it allocates nothing."""

    def __init__(self):
        self.day_number = _NO_DAY  # local days since 2020-01-01
        self.minute = 0  # 0–1439
        self.weekday = 0  # 0 is Monday
        self.month = 0  # months since year 0: year × 12 + (0 for January)
        self.day = 1  # 1–31
        self.days = 31  # in this month

    def refresh(self, now_s, utc_offset_min):
        """Set every field for board time `now_s` in a zone `utc_offset_min` east of UTC."""
        local_s = now_s + utc_offset_min * 60
        self.minute = local_s % DAY_S // 60
        day_number = local_s // DAY_S
        if day_number != self.day_number:
            self.day_number = day_number
            self.weekday = weekday_of(day_number)
            self._set_date(day_number)

    def _set_date(self, day_number):
        year = FIRST_YEAR + day_number // _FOUR_YEARS_DAYS * 4
        rest = day_number % _FOUR_YEARS_DAYS
        month = 0
        days = 31
        while rest >= days:
            rest -= days
            month += 1
            days = days_in_month(year * 12 + month)
        self.month = year * 12 + month
        self.day = rest + 1
        self.days = days


def weekday_of(day_number):
    """Return the weekday, 0 Monday, of a day counted from 2020-01-01."""
    return (day_number + _FIRST_WEEKDAY) % 7


def day_number(month, day):
    """Return the days from 2020-01-01 to a day (1–31) of `month` (months since year 0)."""
    years = month // 12 - FIRST_YEAR
    days = years * 365 + (years + 3) // 4 + day - 1
    for earlier in range(month // 12 * 12, month):
        days += days_in_month(earlier)
    return days


def days_in_month(month):
    """Return 28–31; `month` counts months since year 0."""
    if month % 12 == 1 and month // 12 % 4 == 0:
        return 29
    return _MONTH_DAYS[month % 12]
