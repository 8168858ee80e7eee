"""The status map of docs/wire.md, from a board's parts. It must not change anything."""

from firmware.core import ledger
from firmware.core.clock import UNSET
from protocol.programme import VERSION


def status(board, values, now_s):
    """Return the map; its keys are the numbers of docs/wire.md, "Status"."""
    fields = _main(board, values, now_s)
    for key, value in (
        (24, values[ledger.DEMAND_W]),
        (25, values[ledger.DEMAND_S]),
        (26, values[ledger.REVERSE_WH]),
        (27, board.supply.feeder.source),
        (28, board.account.emergency_outstanding()),
        (29, board.account.debt_outstanding()),
        (30, board.account.paid_until_s()),
        (31, board.account.recharge_overdue_days),
        (32, values[ledger.TASK_RESTARTS]),
        (33, values[ledger.CRASHES]),
        (34, 1 if board.supervision.is_safe else 0),
        (35, values[ledger.TAMPERS]),
        (36, board.tokens.key_number()),
    ):
        if value:  # what is absent is 0
            fields[key] = value
    return fields


def _main(board, values, now_s):
    """Return the fields that every status has."""
    account = board.account
    programmes = board.programmes
    supply = board.supply
    waiting = programmes.passive_version
    return {
        0: board.clock.state,
        1: supply.holds,
        2: 1 if supply.relay.closed else 0,
        3: board.power_w,
        4: supply.voltage_dv // 10,
        5: values[ledger.ENERGY_WH],
        6: account.balance(),
        7: account.mode,
        8: account.credited_total(),
        9: account.charged_total(),
        10: programmes.active[VERSION],
        11: waiting,
        12: programmes.activation_s if waiting else 0,
        13: supply.limiter.limit_w,
        14: supply.wait_until_s(),
        15: values[ledger.TRIPS],
        16: values[ledger.OUTAGES],
        17: values[ledger.SUPPLY_S] // 60,
        18: values[ledger.READING_SEQUENCE],
        19: values[ledger.EVENT_SEQUENCE],
        20: board.heap_free_bytes,
        21: supply.metering.state,
        22: values[ledger.DOWNLINK_COUNTER],
        23: board.clock.time_s if board.clock.state == UNSET else now_s,
    }
