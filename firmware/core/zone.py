"""Local time of a programme: its offset from UTC, summer time, and when local days begin.

A rule of summer time is `[month, week 1–5 (5 the last), weekday (0 Monday), minute of that day]`,
the begin in standard local time, the end in summer local time (docs/wire.md). Between two changes
the offset is remembered, so that looking at it allocates nothing and costs two comparisons. This
module must not know what anybody does at a boundary.
"""

from firmware.core.calendar import DAY_S, LocalTime, day_number, days_in_month, weekday_of

_NEVER_S = 0x3FFFFFFF


class Zone:
    """Offsets in minutes east of UTC; board time in seconds."""

    def __init__(self):
        self._standard_min = 0
        self._dst = None
        self._offset_min = 0  # from `_from_s` up to `_until_s`
        self._before_min = 0  # and before that
        self._from_s = -_NEVER_S
        self._until_s = _NEVER_S
        self._date = LocalTime()

    def configure(self, utc_offset_min, dst):
        """Take the standard offset and the rule of summer time (None: there is none)."""
        self._standard_min = utc_offset_min
        self._dst = dst
        self._offset_min = self._before_min = utc_offset_min
        self._from_s = _NEVER_S if dst else -_NEVER_S
        self._until_s = _NEVER_S

    def offset_min_at(self, now_s):
        """Return the minutes that local time is ahead of UTC at `now_s`."""
        if not self._from_s <= now_s < self._until_s:
            self._look_up(now_s)
        return self._offset_min

    def day_start(self, now_s):
        """Return the first second of the local day of `now_s`.

        That is midnight, or the second of the change where a change leaves midnight out; of two
        midnights of one day it is the first.
        """
        offset_min = self.offset_min_at(now_s)
        today = (now_s + offset_min * 60) // DAY_S
        if self._from_s + 2 * DAY_S <= now_s:
            return today * DAY_S - offset_min * 60
        if today > (self._from_s - 1 + self._before_min * 60) // DAY_S:
            return max(today * DAY_S - offset_min * 60, self._from_s)
        return today * DAY_S - self._before_min * 60

    def next_day_start(self, now_s):
        """Return the first second of the local day after that of `now_s`."""
        return self.day_start(self.day_start(now_s) + DAY_S * 3 // 2)

    def boundary_before(self, now_s, interval_s):
        """Return the last boundary not after `now_s`.

        Boundaries are the seconds at which local time is a multiple of `interval_s` (at most an
        hour), and the beginnings of days.
        """
        boundary_s = now_s - (now_s + self.offset_min_at(now_s) * 60) % interval_s
        if boundary_s < self._from_s:
            last_s = self._from_s - 1
            boundary_s = last_s - (last_s + self._before_min * 60) % interval_s
        return max(boundary_s, self.day_start(now_s))

    def _look_up(self, now_s):
        """Find the changes on either side of `now_s` among those of three years."""
        extra_min, begin, end = self._dst
        standard_min = self._standard_min
        self._date.refresh(now_s, standard_min)
        year = self._date.month // 12
        self._from_s = -_NEVER_S
        self._until_s = _NEVER_S
        for change_year in range(year - 1, year + 2):
            begin_s = _moment(change_year, begin) - standard_min * 60
            end_s = _moment(change_year, end) - (standard_min + extra_min) * 60
            self._note(begin_s, now_s, standard_min + extra_min, standard_min)
            self._note(end_s, now_s, standard_min, standard_min + extra_min)

    def _note(self, change_s, now_s, offset_min, before_min):
        if now_s < change_s:
            self._until_s = min(self._until_s, change_s)
        elif change_s > self._from_s:
            self._from_s = change_s
            self._offset_min = offset_min
            self._before_min = before_min


def _moment(year, rule):
    """Return local seconds since 2020 of `[month, week, weekday, minute]` in a year."""
    month = year * 12 + rule[0] - 1
    first = day_number(month, 1)
    day = 1 + (rule[2] - weekday_of(first)) % 7 + (rule[1] - 1) * 7
    while day > days_in_month(month):
        day -= 7
    return (first + day - 1) * DAY_S + rule[3] * 60
