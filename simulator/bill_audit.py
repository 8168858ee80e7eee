"""Rates what the readings say, as a controller does, and compares it with what a board charged.

From a reading at which rating began anew (a new programme, a local month) every later reading of
that month must have been charged the bill of what its registers grew by. The calendar is Python's
own, with summer time by its own reckoning. It must not know the firmware.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from protocol import messages, rating
from protocol import programme as wire
from protocol.limits import EPOCH_UNIX_S

END_S, FLAGS, RATES, MODE, VERSION, CHARGED = 1, 2, slice(4, 8), 12, 14, 15
_LAST_WEEK = 5


@dataclass(frozen=True)
class Base:
    """Where rating began: registers, what was charged, first day, month and programme."""

    rate_wh: tuple[int, ...]
    charged: int
    first_day: int
    month: tuple[int, int]
    version: int


class BillAudit:
    """Goes along with the readings of one board, in their order."""

    def __init__(self, programmes: Sequence[Mapping[int, Any]]) -> None:
        self._programmes = {programme[wire.VERSION]: programme for programme in programmes}
        self._base: Base | None = None
        self._before: Sequence[int] | None = None
        self._charged = 0  # in money, at the last reading in money

    def take(self, reading: Sequence[int], is_late: bool = False) -> str | None:
        """Judge a reading: "" when its charges are right, why not, or None when it cannot tell."""
        before, self._before = self._before, reading
        if before is not None and reading[0] <= before[0]:
            self._before = before  # sent again
            return None
        if reading[FLAGS] & messages.FLAG_CLOCK_UNSET or before is None:
            self._base = None
            return None
        if reading[0] != before[0] + 1 or reading[VERSION] != before[VERSION]:
            self._base = self._begin(before, reading)
        if reading[MODE] == wire.MODE_MONEY:
            self._charged = reading[CHARGED]
        programme = self._programmes.get(reading[VERSION])
        if programme is None or reading[MODE] != wire.MODE_MONEY or not is_pure(programme):
            self._base = None
            return None
        # After a cut a reading tells the registers of the cut, and its account perhaps the next
        # day; after a reading that the flash refused, too.
        late = messages.FLAG_POWER_FAILED
        verdict = None if reading[FLAGS] & late or is_late else self._judge(programme, reading)
        # A reading that ends a month is the first of the next one's rating.
        moment = local_time(programme, reading[END_S])
        if moment.day == 1 and (moment.hour, moment.minute, moment.second) == (0, 0, 0):
            month = (moment.year, moment.month)
            begun = Base(tuple(reading[RATES]), reading[CHARGED], 1, month, reading[VERSION])
            self._base = None if is_late else begun
        return verdict

    def _begin(self, before: Sequence[int], reading: Sequence[int]) -> Base | None:
        """Another programme: its rating begins with the last reading of the one before."""
        programme = self._programmes.get(reading[VERSION])
        changes = before[FLAGS] & messages.FLAG_PROGRAMME_CHANGED
        if programme is None or reading[0] != before[0] + 1 or not changes:
            return None
        if before[MODE] == wire.MODE_MONEY:
            return None  # whether the day of the change is charged depends on terms we do not see
        if programme[wire.CREDIT][wire.CREDIT_OPENED_S] or programme[wire.ACTIVATION_S]:
            return None
        moment = local_time(programme, before[END_S])
        month = (moment.year, moment.month)
        # The account in money stands where it stood when it was last in use.
        return Base(tuple(before[RATES]), self._charged, moment.day, month, reading[VERSION])

    def _judge(self, programme: Mapping[int, Any], reading: Sequence[int]) -> str | None:
        base = self._base
        if base is None:
            return None
        # A reading of midnight belongs to the day that ends.
        moment = local_time(programme, reading[END_S] - 1)
        if (moment.year, moment.month) != base.month:
            self._base = None
            return None
        credit = programme[wire.CREDIT]
        rated = rating.total_paise(
            programme[wire.TARIFF],
            [now - then for now, then in zip(reading[RATES], base.rate_wh, strict=True)],
            credit[wire.CREDIT_SANCTIONED_LOAD_W],
            credit[wire.CREDIT_PHASES],
            moment.day - base.first_day + 1,
            days_in(*base.month),
        )
        charged = reading[CHARGED] - base.charged
        if charged == rated:
            return ""
        return f"reading {reading[0]} charged {charged} paise since {base.month}, rated {rated}"


def is_pure(programme: Mapping[int, Any]) -> bool:
    """Whether nothing but consumption and the tariff's own fixed parts is charged."""
    credit = programme[wire.CREDIT]
    return not any(credit.get(key) for key in range(wire.CREDIT_EMERGENCY, 17))


def local_time(programme: Mapping[int, Any], at_s: int) -> datetime:
    """Local time without a zone, summer time included, at board time `at_s`."""
    utc = datetime.fromtimestamp(at_s + EPOCH_UNIX_S, UTC).replace(tzinfo=None)
    standard = utc + timedelta(minutes=programme[wire.UTC_OFFSET_MIN])
    dst = programme.get(wire.DST)
    if not dst:
        return standard
    extra = timedelta(minutes=dst[0])
    begins = turn(standard.year, dst[1])
    ends = turn(standard.year, dst[2]) - extra  # it is told in summer time
    is_summer = begins <= standard < ends if begins < ends else not ends <= standard < begins
    return standard + extra if is_summer else standard


def turn(year: int, rule: Sequence[int]) -> datetime:
    """The moment of [month, week, weekday, minute] in a year; week 5 is the last."""
    month, week, weekday, minute = rule
    if week == _LAST_WEEK:
        last = datetime(year, month, days_in(year, month))  # noqa: DTZ001 (local, as the rule is)
        day = last - timedelta(days=(last.weekday() - weekday) % 7)
    else:
        first = datetime(year, month, 1)  # noqa: DTZ001
        day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (week - 1))
    return day + timedelta(minutes=minute)


def days_in(year: int, month: int) -> int:
    """Days of a month."""
    following = datetime(year + month // 12, month % 12 + 1, 1)  # noqa: DTZ001
    return (following - timedelta(days=1)).day
