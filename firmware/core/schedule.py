"""The calendar of a programme: what should be so at this minute of local time?

Supply hours, friendly hours, the second limit's hours and the tariff's rate, by weekday, special
day and season. It looks only at the present minute, never at what went before: after any outage
or step of the clock it is right at once. A window over midnight belongs to the day on which it
starts, so what yesterday was counts too. This module must not know what a window switches.
"""

from firmware.core.calendar import LocalTime, days_in_month
from firmware.core.zone import Zone
from protocol import programme as wire
from protocol import rating, windows

_ALL_SEASONS = 15


class Schedule:
    """What a programme's calendar says; `refresh` once a minute allocates nothing."""

    def __init__(self):
        self.zone = Zone()
        self.local = LocalTime()
        self.offset_min = 0  # of local time, summer time included
        self.is_open = True  # inside the supply hours
        self.is_friendly = False  # no cut for want of credit
        self.is_second_limit = False  # inside the hours of the second limit
        self.rate = 0  # of the tariff, 0–3
        self._programme = None
        self._hours = self._friendly = self._second = self._bands = ()
        self._special = (False, False, False, False)  # which of them name special days
        self._day = -1  # the local day number for which the following hold
        self._is_special = self._was_special = False
        self._season = self._season_before = _ALL_SEASONS

    def configure(self, programme):
        """Take the calendar of a programme; `refresh` then tells what it says."""
        self._programme = programme
        self._hours = programme[wire.WINDOWS]
        self._friendly = programme[wire.CREDIT][wire.CREDIT_FRIENDLY_WINDOWS]
        second = programme[wire.SECOND_LIMIT]
        self._second = second[1] if second else ()
        tariff = programme[wire.TARIFF]
        self._bands = tariff[rating.RATE_BANDS] if tariff else ()
        self._special = (
            windows.names_special(self._hours),
            windows.names_special(self._friendly),
            windows.names_special(self._second),
            windows.names_special(self._bands),
        )
        self.zone.configure(programme[wire.UTC_OFFSET_MIN], programme[wire.DST])
        self._day = -1

    def offset_min_at(self, now_s):
        """Return the minutes that local time is ahead of UTC at board time `now_s`."""
        return self.zone.offset_min_at(now_s)

    def refresh(self, now_s, is_clock_set=True):
        """Set every field for board time `now_s`.

        With an unset clock the programme says whether supply is on, no hour is friendly or has
        the second limit, and the rate stays what it was.
        """
        local = self.local
        self.offset_min = self.zone.offset_min_at(now_s)
        local.refresh(now_s, self.offset_min)
        if not is_clock_set:
            self.is_open = self._programme[wire.SUPPLY_CLOCK_UNSET]
            self.is_friendly = self.is_second_limit = False
            return
        if local.day_number != self._day:
            self._begin_day()
        by_hours, by_friendly, by_second, by_band = self._special
        self.is_open = not self._hours or self._covers(self._hours, by_hours, self._season)
        self.is_friendly = self._covers(self._friendly, by_friendly, 0)
        self.is_second_limit = self._covers(self._second, by_second, 0)
        if self._bands:
            self.rate = rating.rate_at(
                self._programme[wire.TARIFF],
                self._weekday(self._is_special and by_band, 0),
                local.minute,
                self._weekday(self._was_special and by_band, 6),
            )
        else:
            self.rate = 0

    def _begin_day(self):
        """Look up what today and yesterday are."""
        local = self.local
        self._day = local.day_number
        month, day = local.month, local.day - 1
        if not day:
            month -= 1
            day = days_in_month(month)
        days = self._programme[wire.SPECIAL_DAYS]
        self._is_special = _is_listed(days, local.month, local.day)
        self._was_special = _is_listed(days, month, day)
        seasons = self._programme[wire.SEASONS]
        self._season = _season_of(seasons, local.month, local.day)
        self._season_before = _season_of(seasons, month, day)

    def _covers(self, hours, knows_special, season):
        window = windows.find(
            hours,
            self._weekday(self._is_special and knows_special, 0),
            self._weekday(self._was_special and knows_special, 6),
            self.local.minute,
            season,
            self._season_before,
        )
        return window is not None

    def _weekday(self, is_special, days_on):
        return windows.SPECIAL if is_special else (self.local.weekday + days_on) % 7


def _is_listed(days, month, day):
    """Tell whether a day is in a list of month × 100 + day, or year × 10000 + that."""
    every_year = (month % 12 + 1) * 100 + day
    this_year = month // 12 * 10_000 + every_year
    return every_year in days or this_year in days


def _season_of(starts, month, day):
    """Return the season's mask bit; before the first start the last season goes on."""
    if not starts:
        return _ALL_SEASONS
    today = (month % 12 + 1) * 100 + day
    season = len(starts) - 1
    for index in range(len(starts)):
        if starts[index] <= today:
            season = index
    return 1 << season
