"""Rating turned round: how much energy a sum of money buys by a tariff's slabs. Pure.

Exact: what it sells is priced by `rating.total_paise` itself, month-to-date, so that a month's
sales cost what the month's bill would. Knows nothing of consumers, vouchers or dues.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from controller.vouchers.rules import sellable_wh
from protocol import rating
from protocol.limits import AMOUNT_MAX

WH_PER_UNIT = 1_000


class Meterage(NamedTuple):
    """By what a month's energy is priced: `day` of `days` of the month are charged for.

    `record` has the keys of docs/rating.md, `load_w` is the sanctioned load (UP-5).
    """

    record: Mapping[int, Any]
    load_w: int
    phases: int
    day: int
    days: int

    def paise(self, month_wh: int) -> int:
        """The month's bill up to this day for so many Wh."""
        total: int = rating.total_paise(
            self.record, (month_wh, 0, 0, 0), self.load_w, self.phases, self.day, self.days
        )
        return total


def price_paise(meterage: Meterage, month_wh: int, energy_wh: int) -> int:
    """What so many Wh cost after `month_wh` were sold this month."""
    return meterage.paise(month_wh + energy_wh) - meterage.paise(month_wh)


def energy_for(meterage: Meterage, month_wh: int, money_paise: int) -> int:
    """The largest amount in Wh that a token carries and that costs at most `money_paise`, or 0.

    Between two edges of the tariff (slab, table, band) more energy never costs less; at an edge
    it may. So the stretches between edges are searched from the uppermost down.
    """
    most_wh = sellable_wh(AMOUNT_MAX)
    base_paise = meterage.paise(month_wh)

    def fits(energy_wh: int) -> bool:
        return meterage.paise(month_wh + energy_wh) - base_paise <= money_paise

    for low_wh, high_wh in _stretches(meterage, month_wh, most_wh):
        if not fits(low_wh):
            continue
        found_wh = sellable_wh(_largest(fits, low_wh, high_wh))
        if found_wh >= low_wh:
            return found_wh
    return 0


def _largest(fits: Callable[[int], bool], low_wh: int, high_wh: int) -> int:
    """The largest that fits, where `low_wh` does and all that fit come before all that do not."""
    while low_wh < high_wh:
        middle_wh = (low_wh + high_wh + 1) // 2
        if fits(middle_wh):
            low_wh = middle_wh
        else:
            high_wh = middle_wh - 1
    return low_wh


def _stretches(meterage: Meterage, month_wh: int, most_wh: int) -> Iterator[tuple[int, int]]:
    """From the uppermost down, the first and last amount of each stretch between two edges."""
    edges = sorted(edge - month_wh for edge in _edges(meterage) if edge > month_wh)
    lows = [0, *(edge + 1 for edge in edges)]
    highs = [*edges, most_wh]
    for low_wh, high_wh in reversed(list(zip(lows, highs, strict=True))):
        if low_wh <= most_wh:
            yield low_wh, min(high_wh, most_wh)


def _edges(meterage: Meterage) -> set[int]:
    """The month's totals, in Wh, up to which (included) a slab, table or band reaches."""
    record = meterage.record
    bands = rating.FIXED_BY_UNITS_1PH if meterage.phases == 1 else rating.FIXED_BY_UNITS_3PH
    uppers = [row[0] for row in record[bands]]
    for total_max_units, _is_telescopic, slabs in record[rating.TABLES]:
        uppers += [total_max_units, *(upper for upper, _price in slabs)]
    return {upper * WH_PER_UNIT for upper in uppers if upper is not None}
