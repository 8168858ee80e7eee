"""Runs under MicroPython: rates the largest month with the heap locked, so that any allocation
is an error. Prints the total twice: with the heap locked, and from the lines."""

import micropython

from protocol import rating

RECORD = rating.from_names(
    {
        "code": "LARGEST",
        "tables": [
            [250, True, [[50, 325], [100, 405], [250, 820]]],
            [None, True, [[300, 640], [500, 790], [None, 30000]]],
        ],
        "fixed_per_kw_paise": 999999,
        "fixed_basis_pct": 75,
        "fixed_by_units_1ph": [[100, 4000], [None, 26000]],
        "minimum_per_kw": [[2, 12000], [None, 7000]],
        "surcharge_bp": 238,
        "duty_bp": 500,
        "rebate_bp": 25,
        "rate_adder_paise": [100, -100, 20],
        "rate_bands": [[127, 1320, 360, 1]],
    }
)
RATE_WH = [29000000, 333333, 333333, 333333]
total = rate = 0

micropython.heap_lock()
total = rating.total_paise(RECORD, RATE_WH, 4999, 1, 17, 31)
rate = rating.rate_at(RECORD, 6, 1439)
micropython.heap_unlock()

lines = rating.bill_lines(RECORD, RATE_WH, 4999, 1, 17, 31)
print(total, sum([line[3] for line in lines]), rate)
