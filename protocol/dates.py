"""The calendar in a programme: special days, seasons and summer time, and what they must be.

A day of every year is `month * 100 + day`; one of a certain year has `year * 10000` before it.
This module must not know what a date switches.
"""

from protocol.errors import ProgrammeError
from protocol.limits import DST_EXTRA_MAX_MIN, SEASONS_MAX, SPECIAL_DAYS_MAX, YEAR_MAX, YEAR_MIN

_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# The [month, week, weekday, minute] at which summer time begins or ends; week 5 is the last.
_TURN = ((1, 12), (1, 5), (0, 6), (0, 1_440))


def check_special_days(days):
    """Raise ProgrammeError unless there are at most 16 dates."""
    if type(days) is not list or len(days) > SPECIAL_DAYS_MAX:
        raise ProgrammeError("special_days: give a list of at most %d dates" % SPECIAL_DAYS_MAX)
    for day in days:
        good = _is_day(day)
        if type(day) is int and day > 9_999:
            good = YEAR_MIN <= day // 10_000 <= YEAR_MAX and _is_day(day % 10_000)
        if not good:
            raise ProgrammeError(
                "special_days: %s is no date: give month*100+day, or year*10000+month*100+day"
                % (day,)
            )


def check_seasons(starts):
    """Raise ProgrammeError unless there are at most 4 first days, ascending in the year."""
    if type(starts) is not list or len(starts) > SEASONS_MAX:
        raise ProgrammeError("seasons: give a list of at most %d first days" % SEASONS_MAX)
    before = 0
    for start in starts:
        if not _is_day(start) or start <= before:
            raise ProgrammeError("seasons: give each first day as month*100+day, ascending")
        before = start


def check_dst(dst):
    """Raise ProgrammeError unless it is null or [extra_min, begin, end] (docs/wire.md)."""
    if dst is None:
        return
    good = type(dst) is list and len(dst) == 3 and type(dst[0]) is int
    if not good or not 1 <= dst[0] <= DST_EXTRA_MAX_MIN:
        raise ProgrammeError(
            "dst: give null or [extra minutes 1-%d, begin, end]" % DST_EXTRA_MAX_MIN
        )
    for turn in dst[1:]:
        good = type(turn) is list and len(turn) == len(_TURN)
        for index, bounds in enumerate(_TURN if good else ()):
            value = turn[index]
            good = good and type(value) is int and bounds[0] <= value <= bounds[1]
        if not good:
            raise ProgrammeError(
                "dst: begin and end are [month 1-12, week 1-5, weekday 0-6, minute 0-1440]"
            )
    if dst[1][0] == dst[2][0]:
        raise ProgrammeError("dst: it cannot begin and end in the same month")


def _is_day(day):
    if type(day) is not int or not 101 <= day <= 1_231:
        return False
    return 1 <= day % 100 <= _MONTH_DAYS[day // 100 - 1]
