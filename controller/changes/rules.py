"""When a change begins, who is to be cut off, and in which hours nobody is (MG-6, MG-14). Pure."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from controller.errors import Refused
from protocol import windows
from protocol.limits import EPOCH_UNIX_S

PACKAGE, LOAD, DEACTIVATE, REACTIVATE = "package", "load", "deactivate", "reactivate"
NOW, NEXT_PERIOD = "now", "next_period"
WISH, DEBT, CAPACITY = "wish", "debt", "capacity"

# A cut that could not reach the board for longer than this is ordered anew, not left lying.
ORDER_MAX_S = 86_400
# With less time than this before friendly hours a cut is not ordered any more.
ORDER_MIN_S = 900
MINUTE_S = 60
EPOCH = datetime(1970, 1, 1) + timedelta(seconds=EPOCH_UNIX_S)  # noqa: DTZ001  (local, no zone)


class Hours(NamedTuple):
    """In which hours a connection is not cut automatically, in the plant's local time."""

    friendly: Sequence[Sequence[int]]
    holidays: Collection[str]
    utc_offset_min: int


class Load(NamedTuple):
    """One connection as it counts against a plant's capacity."""

    consumer_id: str
    limit_w: int
    debt_paise: int
    since_s: int


def local_time(at_s: int, utc_offset_min: int) -> datetime:
    """Board time as a plant's clock shows it."""
    return EPOCH + timedelta(seconds=at_s + utc_offset_min * MINUTE_S)


def activation_s(effective: str, now_s: int, utc_offset_min: int) -> int:
    """When a change begins: 0 for at once, else the first moment of the next local month."""
    if effective == NOW:
        return 0
    if effective != NEXT_PERIOD:
        raise Refused(f"{effective!r} is no time of a change", f"Use {NOW} or {NEXT_PERIOD}.")
    local = local_time(now_s, utc_offset_min)
    following = (local.replace(day=1) + timedelta(days=32)).replace(day=1)
    midnight = datetime.combine(following.date(), datetime.min.time())
    return int((midnight - EPOCH).total_seconds()) - utc_offset_min * MINUTE_S


def is_holiday(day: date, holidays: Collection[str]) -> bool:
    """Whether the day stands in the list, by its date or as one of every year."""
    return day.isoformat() in holidays or f"{day:%m-%d}" in holidays


def is_friendly(local: datetime, hours: Hours) -> bool:
    """Whether nobody is cut at this minute: a holiday, or in the package's friendly windows."""
    if is_holiday(local.date(), hours.holidays):
        return True
    minute = local.hour * 60 + local.minute
    return bool(windows.inside(hours.friendly, local.weekday(), minute))


def order_for_s(now_s: int, hours: Hours) -> int:
    """For how long a cut may be under way so that it cannot fall into friendly hours; 0: not now.

    Between 15 minutes and a day: an order that the board gets later than that would cut at a
    time when nobody asked for it.
    """
    local = local_time(now_s, hours.utc_offset_min).replace(second=0)
    if is_friendly(local, hours):
        return 0
    for minutes in range(1, ORDER_MAX_S // MINUTE_S):
        if is_friendly(local + timedelta(minutes=minutes), hours):
            left_s = (minutes - 1) * MINUTE_S
            return left_s if left_s >= ORDER_MIN_S else 0
    return ORDER_MAX_S


def excess_w(limits_w: Iterable[int], simultaneity_pct: int, capacity_w: int) -> int:
    """How far the expected demand is above what a plant can supply; 0 where that is not known."""
    if not capacity_w:
        return 0
    return max(0, sum(limits_w) * simultaneity_pct // 100 - capacity_w)


def choose_to_drop(loads: Iterable[Load], excess_w: int, simultaneity_pct: int) -> list[Load]:
    """Who must be dropped so that the rest can be supplied: most in debt first, then the newest.

    No more of them than the excess needs.
    """
    chosen: list[Load] = []
    freed_w = 0
    for load in sorted(loads, key=lambda row: (-max(row.debt_paise, 0), -row.since_s)):
        if freed_w >= excess_w:
            break
        chosen.append(load)
        freed_w += load.limit_w * simultaneity_pct // 100
    return chosen if excess_w else []
