"""From interval readings to the steps of the load chart. Pure: numbers in, numbers out."""

from collections.abc import Iterable

from controller.console.chart import NO_SUPPLY

STEP_S = 1_800
DAYS = 7
STEPS = DAYS * 86_400 // STEP_S
INTERVAL_S_MAX = 3_600  # the longest reading interval that a programme may ask for


def steps(rows: Iterable[tuple[int, int, int]], from_s: int) -> list[int | None]:
    """Half-hours from `from_s` on: the largest load in W, NO_SUPPLY, or None when not known.

    `rows` are readings in order of time as (end_s, power_w_max, supply_s). A reading covers the
    time since the one before it, at most INTERVAL_S_MAX; a longer pause stays unknown.
    """
    loads_w: list[int | None] = [None] * STEPS
    before_s = from_s
    for end_s, power_w_max, supply_s in rows:
        start_s = max(before_s, end_s - INTERVAL_S_MAX, from_s)
        for step in range((start_s - from_s) // STEP_S, min(STEPS, -((from_s - end_s) // STEP_S))):
            loads_w[step] = _heavier(loads_w[step], power_w_max if supply_s else NO_SUPPLY)
        before_s = end_s
    return loads_w


def _heavier(known_w: int | None, new_w: int) -> int:
    """A step with any supply in it shows the load of that; NO_SUPPLY is less than any load."""
    return new_w if known_w is None else max(known_w, new_w)


def describe(loads_w: list[int | None], limit_w: int) -> str:
    """The chart in a sentence, for people who cannot see it."""
    known = [load_w for load_w in loads_w if load_w is not None]
    if not known:
        return "No readings yet."
    dark_hours = known.count(NO_SUPPLY) * STEP_S // 3_600
    limit = f", limit {limit_w} W" if limit_w else ""
    unknown_hours = loads_w.count(None) * STEP_S // 3_600
    return (
        f"Largest load {max([0, *known])} W{limit}; {dark_hours} hours without supply,"
        f" {unknown_hours} hours not reported."
    )
