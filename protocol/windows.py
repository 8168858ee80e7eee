"""Weekly windows: `[weekday mask (1 Monday … 64 Sunday), start_min, end_min]` in local time.

`end_min <= start_min` runs over midnight and belongs to the day on which it starts.
This module must not know what a window switches.
"""

from protocol.errors import ProgrammeError
from protocol.limits import WINDOWS_MAX

_DAY_MIN = 1_440
_WEEK_MIN = 7 * _DAY_MIN
_SHIFT = 11  # a length of at most 1440 minutes fits below the start


def inside(windows, weekday, minute):
    """Return whether a window covers `minute` (0…1439) of `weekday` (0 Monday … 6 Sunday).

    No window covers nothing: ask `not windows or inside(…)` where empty means always.
    Allocates nothing.
    """
    today = 1 << weekday
    yesterday = 1 << (weekday + 6) % 7
    for window in windows:
        start = window[1]
        end = window[2]
        if end > start:
            if window[0] & today and start <= minute < end:
                return True
        elif (window[0] & today and minute >= start) or (window[0] & yesterday and minute < end):
            return True
    return False


def validate(windows, what):
    """Raise ProgrammeError unless there are at most 16, well formed, none over another."""
    if type(windows) not in (list, tuple) or len(windows) > WINDOWS_MAX:
        raise ProgrammeError("%s: give a list of at most %d windows" % (what, WINDOWS_MAX))
    for window in windows:
        _check_form(window, what)
    if overlap(windows):
        raise ProgrammeError("%s: two windows overlap; join them or move one" % what)


def overlap(windows):
    """Return whether any minute of the week lies in two of `windows`."""
    spans = []
    for window in windows:
        length = (window[2] - window[1] - 1) % _DAY_MIN + 1
        days = [weekday for weekday in range(7) if window[0] >> weekday & 1]
        spans.extend([(day * _DAY_MIN + window[1]) << _SHIFT | length for day in days])
    spans.sort()
    for index, span in enumerate(spans):
        following = spans[(index + 1) % len(spans)] >> _SHIFT
        if index + 1 == len(spans):
            following += _WEEK_MIN
        if (span >> _SHIFT) + (span & (1 << _SHIFT) - 1) > following:
            return True
    return False


def _check_form(window, what):
    good = type(window) in (list, tuple) and len(window) == 3
    if good:
        for value in window:
            good = good and type(value) is int
    if not good:
        raise ProgrammeError("%s: a window is [weekday mask, start_min, end_min]" % what)
    if not 1 <= window[0] <= 127:
        raise ProgrammeError("%s: weekday mask %d is outside 1...127" % (what, window[0]))
    if not 0 <= window[1] < _DAY_MIN or not 1 <= window[2] <= _DAY_MIN:
        raise ProgrammeError("%s: start must be 0...1439, end 1...1440 minutes" % what)
