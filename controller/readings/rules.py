"""Names and order of the records, and what is missing in a sequence. Pure: no I/O, no Django."""

from collections.abc import Collection

# The wire's reading and event arrays, by name and in order (docs/wire.md).
READING_FIELDS = (
    "sequence",
    "end_s",
    "flags",
    "energy_wh",
    "rate0_wh",
    "rate1_wh",
    "rate2_wh",
    "rate3_wh",
    "power_w_max",
    "voltage_v_min",
    "voltage_v_max",
    "supply_s",
    "credit_mode",
    "balance",
    "programme_version",
    "charged_total",
)
EVENT_FIELDS = ("sequence", "time_s", "flags", "code", "value")


def advance(through: int, stored: Collection[int]) -> int:
    """The highest sequence up to which all is stored, given that all up to `through` is."""
    while through + 1 in stored:
        through += 1
    return through


def missing(after: int, before: int, stored: Collection[int]) -> list[tuple[int, int]]:
    """The ranges (first, last) between the two sequences, both excluded, that are not stored."""
    ranges = []
    for sequence in sorted(one for one in stored if after < one < before):
        if sequence > after + 1:
            ranges.append((after + 1, sequence - 1))
        after = sequence
    if before > after + 1:
        ranges.append((after + 1, before - 1))
    return ranges
