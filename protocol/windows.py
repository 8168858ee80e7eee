"""Windows: `[mask (1 Monday … 64 Sunday, 128 special days), start_min, end_min]` in local time.

`end_min <= start_min` runs over midnight and belongs to the day on which it starts. A list in
which no window names special days treats them as the weekdays they are. Supply windows may carry
a fourth item, the mask of the seasons (1 for season 0 … 8 for season 3) in which they hold.
This module must not know what a window switches, nor which day is special.
"""

from protocol.errors import ProgrammeError
from protocol.limits import WINDOWS_MAX

SPECIAL = 7  # the weekday of a special day
MASK_MAX = 255

_DAY_MIN = 1_440
_WEEK_MIN = 7 * _DAY_MIN
_SHIFT = 11  # a length of at most 1440 minutes fits below the start
_SEASONS = 4


def inside(windows, weekday, minute):
    """Return whether a window covers `minute` (0…1439) of `weekday` (0 Monday … 6 Sunday).

    No window covers nothing: ask `not windows or inside(…)` where empty means always.
    Allocates nothing.
    """
    return find(windows, weekday, (weekday + 6) % 7, minute) is not None


def find(windows, weekday, yesterday, minute, season=0, season_before=0):
    """Return the first window that covers `minute` of a day, or None. Allocates nothing.

    `weekday` and `yesterday` are 0 Monday … 6 Sunday or SPECIAL. `season` and `season_before` are
    the mask bits of the two days' seasons; 0 where windows have none.
    """
    for window in windows:
        start = window[1]
        end = window[2]
        is_over_midnight = end <= start
        if minute >= start and (is_over_midnight or minute < end):
            if _begins(window, weekday, season):
                return window
        elif is_over_midnight and minute < end and _begins(window, yesterday, season_before):
            return window
    return None


def _begins(window, weekday, season):
    if not window[0] >> weekday & 1:
        return False
    return not season or len(window) < 4 or bool(window[3] & season)


def names_special(windows):
    """Return whether any window names special days: if not, they are weekdays to this list."""
    return any(window[0] >> SPECIAL & 1 for window in windows)


def validate(windows, what, has_seasons=False):
    """Raise ProgrammeError unless there are at most 16, well formed, none over another."""
    if type(windows) not in (list, tuple) or len(windows) > WINDOWS_MAX:
        raise ProgrammeError("%s: give a list of at most %d windows" % (what, WINDOWS_MAX))
    for window in windows:
        _check_form(window, what, has_seasons)
    for season in range(_SEASONS if has_seasons else 1):
        together = [each for each in windows if len(each) < 4 or each[3] >> season & 1]
        if overlap(together):
            raise ProgrammeError("%s: two windows overlap; join them or move one" % what)


def overlap(windows):
    """Return whether two of `windows` share a minute of the week, or of a special day.

    Special days are compared among themselves only: they may follow any weekday, and a night
    before one may well run into it.
    """
    return _collide(windows, 0, 7, _WEEK_MIN) or _collide(windows, SPECIAL, 8, _DAY_MIN)


def _collide(windows, first_day, end_day, round_min):
    """Return whether two windows that start on these days meet; the days form a ring."""
    spans = []
    for window in windows:
        length = (window[2] - window[1] - 1) % _DAY_MIN + 1
        days = [day - first_day for day in range(first_day, end_day) if window[0] >> day & 1]
        spans.extend([(day * _DAY_MIN + window[1]) << _SHIFT | length for day in days])
    spans.sort()
    for index, span in enumerate(spans):
        following = spans[(index + 1) % len(spans)] >> _SHIFT
        if index + 1 == len(spans):
            following += round_min
        if (span >> _SHIFT) + (span & (1 << _SHIFT) - 1) > following:
            return True
    return False


def _check_form(window, what, has_seasons):
    lengths = (3, 4) if has_seasons else (3,)
    good = type(window) in (list, tuple) and len(window) in lengths
    if good:
        for value in window:
            good = good and type(value) is int
    if not good:
        form = "[weekday mask, start_min, end_min%s]" % (", season mask" if has_seasons else "")
        raise ProgrammeError("%s: a window is %s" % (what, form))
    if not 1 <= window[0] <= MASK_MAX:
        raise ProgrammeError("%s: weekday mask %d is outside 1...%d" % (what, window[0], MASK_MAX))
    if not 0 <= window[1] < _DAY_MIN or not 1 <= window[2] <= _DAY_MIN:
        raise ProgrammeError("%s: start must be 0...1439, end 1...1440 minutes" % what)
    if len(window) > 3 and not 1 <= window[3] < 1 << _SEASONS:
        raise ProgrammeError("%s: season mask %d is outside 1...15" % (what, window[3]))
