from collections.abc import Mapping, Sequence
from typing import Any

CODE: int
TABLES: int
FIXED_PER_KW_PAISE: int
FIXED_BASIS_PCT: int
FIXED_BY_UNITS_1PH: int
FIXED_BY_UNITS_3PH: int
MINIMUM_PER_KW: int
SURCHARGE_BP: int
DUTY_BP: int
REBATE_BP: int
RATE_ADDER_PAISE: int
RATE_BANDS: int
NAMES: tuple[str, ...]
LINE_ENERGY: int
LINE_RATE: int
LINE_FIXED: int
LINE_SERVICE: int
LINE_SURCHARGE: int
LINE_DUTY: int
LINE_MINIMUM: int
LINE_REBATE: int
RATES: int

def total_paise(
    record: Mapping[int, Any],
    rate_wh: Sequence[int],
    load_w: int,
    phases: int,
    day: int,
    days: int,
) -> int: ...
def bill_lines(
    record: Mapping[int, Any],
    rate_wh: Sequence[int],
    load_w: int,
    phases: int,
    day: int,
    days: int,
) -> list[list[int]]: ...
def rate_at(
    record: Mapping[int, Any], weekday: int, minute: int, yesterday: int | None = None
) -> int: ...
def share(amount: int, numerator: int, denominator: int) -> int: ...
def from_names(names: Mapping[str, Any]) -> dict[int, Any]: ...
def to_names(record: Mapping[int, Any]) -> dict[str, Any]: ...
def validate(record: object) -> None: ...
