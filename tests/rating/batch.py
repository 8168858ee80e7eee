"""Rates random bills and lives through random months, on whichever runtime runs it.

Reads a case a line from standard input: [tariff in names, uses, walk]. Prints for each case the
totals of its uses with a digest of all their lines, and what a money account had charged after
each step of the walk: `firmware.core.month` is the board's own.
"""

import binascii
import json
import sys

from firmware.core import ledger
from firmware.core.calendar import LocalTime
from firmware.core.month import Month
from protocol import rating


def rate_uses(record, uses):
    """Return [total, …, digest of all lines] of [rate_wh, load_w, phases, day, days] uses."""
    told = []
    digest = 0
    for rate_wh, load_w, phases, day, days in uses:
        total = rating.total_paise(record, rate_wh, load_w, phases, day, days)
        lines = rating.bill_lines(record, rate_wh, load_w, phases, day, days)
        assert total == sum([line[3] for line in lines]), (rate_wh, lines)
        digest = binascii.crc32(repr(lines).encode(), digest)
        told.append(total)
    told.append(digest)
    return told


def live(record, walk):
    """Return what the account had charged after each step [later_s, rate, wh] of the walk.

    `walk` is [opened_s, load_w, phases, offset_min, steps]: a step brings the board's clock on,
    then energy at a rate, as the board's minute and its chip do.
    """
    opened_s, load_w, phases, offset_min, steps = walk
    values = [0] * ledger.WORDS
    month = Month(values)
    month.configure(record, load_w, phases, opened_s, offset_min)
    local = LocalTime()
    now_s = opened_s
    local.refresh(now_s, offset_min)
    month.follow(local)  # the board runs when its account is opened
    charged = []
    for later_s, rate, wh in steps:
        now_s += later_s
        local.refresh(now_s, offset_min)
        month.follow(local)
        values[ledger.RATE] = rate
        month.charge(wh)
        charged.append(values[ledger.CHARGED_PAISE])
    return charged


def main():
    """Answer every case of standard input, a line each."""
    for line in sys.stdin:
        names, uses, walk = json.loads(line)
        record = rating.from_names(names)
        print(json.dumps([rate_uses(record, uses), live(record, walk)]))


if __name__ == "__main__":
    main()
