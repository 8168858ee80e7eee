"""Looks through a meter's interval readings for what cannot be, and estimates what is missing.

Pure: signed readings and thresholds in, findings and registers out. A reading is never changed:
what is found stands beside it, and an estimate is marked as one (docs/billing.md).
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

GAP, SPIKE, ZERO, FALL, CLOCK, SUM = "gap", "spike", "zero", "rollover", "clock jump", "sum"
FINDINGS_MAX = 200  # of one meter and month; a meter with more is broken, not odd
# Flags of a reading (docs/wire.md).
CLOCK_DOUBTED, POWER_FAILED, BEGAN_ANEW = 1 | 2, 4, 128
HOUR_S = 3_600
WATT_HOUR = 1  # the registers' resolution
DAY_S = 86_400
HISTORY_DAYS_MIN = 3  # less is no habit to estimate by


class Interval(NamedTuple):
    """One reading, as far as it is validated (docs/wire.md)."""

    sequence: int
    end_s: int
    flags: int
    energy_wh: int
    rate_wh: tuple[int, int, int, int]
    power_w_max: int
    supply_s: int


class Finding(NamedTuple):
    """Something that cannot be, or is missing: at the reading `sequence`, in words."""

    kind: str
    sequence: int
    at_s: int
    reason: str


def validate(
    readings: Sequence[Interval], thresholds: Mapping[str, int], load_max_w: int
) -> list[Finding]:
    """What is odd about the readings of a meter, in the order of their sequence.

    `load_max_w` is more than the connection can draw. `thresholds` are the profile's: `gap_s`,
    `spike_factor_pct`, `zero_with_power_w`, `clock_jump_s`, `sum_check_wh`.
    """
    findings: list[Finding] = []
    for index, now in enumerate(readings):
        findings += _alone(now, thresholds)
        if index:
            findings += _pair(readings[index - 1], now, thresholds, load_max_w)
    findings += _sum_up(readings, thresholds["sum_check_wh"])
    return findings[:FINDINGS_MAX]


def _alone(now: Interval, thresholds: Mapping[str, int]) -> list[Finding]:
    off_wh = abs(sum(now.rate_wh) - now.energy_wh)
    if off_wh > thresholds["sum_check_wh"]:
        reason = f"the rates' registers are {off_wh} Wh off their total"
        return [Finding(SUM, now.sequence, now.end_s, reason)]
    return []


def _pair(
    before: Interval, now: Interval, thresholds: Mapping[str, int], load_max_w: int
) -> list[Finding]:
    """What two readings that follow each other say of the time between them."""
    found = []
    elapsed_s = now.end_s - before.end_s
    rise_wh = now.energy_wh - before.energy_wh
    if elapsed_s <= 0 or _clock_moved(before, now, elapsed_s, thresholds["clock_jump_s"]):
        found.append((CLOCK, f"the clock went from {before.end_s} to {now.end_s}"))
    elif _is_gap(before, now, elapsed_s, thresholds["gap_s"]):
        found.append((GAP, f"nothing is known of {elapsed_s} s"))
    if rise_wh < 0:
        found.append((FALL, f"the register fell by {-rise_wh} Wh"))
    elif rise_wh > _possible_wh(max(elapsed_s, now.supply_s), thresholds, load_max_w):
        found.append((SPIKE, f"{rise_wh} Wh in {elapsed_s} s is more than {load_max_w} W gives"))
    if not rise_wh and _must_have_counted(now, thresholds["zero_with_power_w"]):
        found.append((ZERO, f"no energy although {now.power_w_max} W flowed"))
    return [Finding(kind, now.sequence, now.end_s, reason) for kind, reason in found]


def _clock_moved(before: Interval, now: Interval, elapsed_s: int, jump_s: int) -> bool:
    """A doubted clock that was put right shows in an interval longer than its supply."""
    if now.flags & BEGAN_ANEW:
        return True
    was_doubted = before.flags & CLOCK_DOUBTED and not now.flags & CLOCK_DOUBTED
    return bool(was_doubted and elapsed_s - now.supply_s > jump_s)


def _is_gap(before: Interval, now: Interval, elapsed_s: int, gap_s: int) -> bool:
    """Readings are missing, or one is long although the power was there: an outage is no gap."""
    if now.sequence != before.sequence + 1:
        return True
    return elapsed_s > gap_s and not now.flags & POWER_FAILED


def _possible_wh(elapsed_s: int, thresholds: Mapping[str, int], load_max_w: int) -> int:
    return load_max_w * thresholds["spike_factor_pct"] * elapsed_s // (100 * HOUR_S) + WATT_HOUR


def _must_have_counted(now: Interval, power_w: int) -> bool:
    """Whether the largest load, had it flowed for a tenth of the time, would have shown."""
    if now.power_w_max < power_w:
        return False
    return now.power_w_max * now.supply_s // (10 * HOUR_S) > WATT_HOUR


def _sum_up(readings: Sequence[Interval], allowed_wh: int) -> list[Finding]:
    """The registers at both ends against the intervals between them."""
    if len(readings) < 2:
        return []
    intervals_wh = sum(max(0, now.energy_wh - of.energy_wh) for of, now in pairwise(readings))
    registers_wh = readings[-1].energy_wh - readings[0].energy_wh
    if abs(intervals_wh - registers_wh) <= allowed_wh:
        return []
    reason = f"the intervals sum to {intervals_wh} Wh, the registers to {registers_wh} Wh"
    return [Finding(SUM, readings[-1].sequence, readings[-1].end_s, reason)]


def estimate_between(before: Interval, after: Interval, at_s: int) -> tuple[int, ...]:
    """The rate registers at a moment between two readings: as if the use had been even."""
    elapsed_s = after.end_s - before.end_s
    share_s = at_s - before.end_s
    return tuple(
        begin + _part(end - begin, share_s, elapsed_s)
        for begin, end in zip(before.rate_wh, after.rate_wh, strict=True)
    )


def _part(rise_wh: int, share_s: int, elapsed_s: int) -> int:
    return max(0, rise_wh) * share_s // elapsed_s if elapsed_s > 0 else 0


def estimate_onward(history: Sequence[Interval], at_s: int) -> tuple[int, ...] | None:
    """The rate registers at a moment after the last reading: as if its habit had gone on.

    The habit is the mean of `history`; None where that is shorter than HISTORY_DAYS_MIN.
    """
    if len(history) < 2:
        return None
    first, last = history[0], history[-1]
    known_s = last.end_s - first.end_s
    if known_s < HISTORY_DAYS_MIN * DAY_S:
        return None
    return tuple(
        end + max(0, end - begin) * (at_s - last.end_s) // known_s
        for begin, end in zip(first.rate_wh, last.rate_wh, strict=True)
    )
