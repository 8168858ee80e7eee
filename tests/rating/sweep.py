"""Rates every whole unit from 0 to 1,000 under each tariff, on whichever runtime starts it.

Reads a JSON list of records in names from standard input. Prints a line a tariff: code, the sum
of its totals in paise, and a digest of every line of every bill.
"""

import binascii
import hashlib
import json
import sys

from protocol import rating

UNITS_MAX = 1000
LOADS_W = (1000, 2000, 3000, 4000, 5000)


def rate_all(record, digest):
    """Rate all units, loads and phase counts; return the sum of the totals."""
    paise = 0
    rate_wh = [0, 0, 0, 0]
    for load_w in LOADS_W:
        for phases in (1, 3):
            for units in range(UNITS_MAX + 1):
                rate_wh[0] = units * 1000
                total = rating.total_paise(record, rate_wh, load_w, phases, 31, 31)
                lines = rating.bill_lines(record, rate_wh, load_w, phases, 31, 31)
                assert total == sum([line[3] for line in lines]), (units, lines)
                digest.update(repr(lines).encode())
                paise += total
    return paise


for names in json.load(sys.stdin):
    digest = hashlib.sha256()
    paise = rate_all(rating.from_names(names), digest)
    print(names["code"], paise, binascii.hexlify(digest.digest()).decode())
