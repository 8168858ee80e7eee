"""Maximum demand: the highest mean power of an interval in the local month, and when it was.

An interval that the clock did not live through, or that a step of the clock cut, is not judged.
This module must not know how energy is counted. Requirement: ../shared/design/board.md "Energy".
"""

from firmware.core.ledger import (
    DEMAND_BASE_S,
    DEMAND_BASE_WH,
    DEMAND_MONTH,
    DEMAND_S,
    DEMAND_W,
    ENERGY_WH,
)

_HOUR_S = 3600


def follow(values, end_s, interval_s, month):
    """Judge the interval that ended at `end_s`, once; `month` is that of the present moment.

    `end_s` is the last boundary of `interval_s` in local time. The interval that ends a month
    still belongs to it.
    """
    if end_s == values[DEMAND_BASE_S]:
        return
    if end_s == values[DEMAND_BASE_S] + interval_s:
        demand_w = (values[ENERGY_WH] - values[DEMAND_BASE_WH]) * _HOUR_S // interval_s
        if demand_w > values[DEMAND_W]:
            values[DEMAND_W] = demand_w
            values[DEMAND_S] = end_s
    if month != values[DEMAND_MONTH]:
        values[DEMAND_MONTH] = month
        values[DEMAND_W] = values[DEMAND_S] = 0
    values[DEMAND_BASE_S] = end_s
    values[DEMAND_BASE_WH] = values[ENERGY_WH]
