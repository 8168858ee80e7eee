"""Reads published tariff entries (docs/rating.md, "Tariff files") into records. Pure.

Every form is data; this module must not know any single tariff, file or database.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from controller.errors import Refused
from protocol import cbor, rating
from protocol.errors import RatingError

RECORD_BYTES_MAX = 700  # leaves room for the rest of a programme (1,024 bytes)

CHARGES = {
    "slabs",
    "telescopic",
    "above_telescopic_all_units",
    "by_total_units",
    "fixed_per_kw",
    "fixed_1ph_by_band",
    "fixed_3ph_by_band",
    "service_by_band",
    "minimum_monthly_charge_per_kw",
    "regulatory_surcharge_pct",
    "electricity_duty_pct",
    "on_time_rebate_pct",
}
# Words about an entry. `prepaid_rebate` carries a value together with its doubts; who knows
# the right one gives it as a rebate.
WORDS = {
    "id",
    "region",
    "category",
    "currency",
    "effective",
    "sources",
    "confidence",
    "prepaid_rebate",
}


def read_entry(entry: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The entry as a record in JSON names, and remarks on what had to be assumed.

    Raises Refused for an unknown name or an entry without prices.
    """
    _check_names(entry)
    remarks: list[str] = []
    service = entry.get("service_by_band", [])
    record = {
        "code": entry["id"],
        "tables": _read_tables(entry, remarks),
        "fixed_per_kw_paise": entry.get("fixed_per_kw") or 0,
        "fixed_by_units_1ph": entry.get("fixed_1ph_by_band", service),
        "fixed_by_units_3ph": entry.get("fixed_3ph_by_band", service),
        "minimum_per_kw": entry.get("minimum_monthly_charge_per_kw", []),
        "surcharge_bp": _basis_points(entry, "regulatory_surcharge_pct"),
        "duty_bp": _basis_points(entry, "electricity_duty_pct"),
        "rebate_bp": _basis_points(entry, "on_time_rebate_pct"),
    }
    return check_record(record), remarks


def _check_names(entry: Any) -> None:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise Refused("A tariff has no `id`", "Give each tariff of the file an `id` as its code.")
    unknown = sorted(set(entry) - CHARGES - WORDS)
    if unknown:
        raise Refused(
            f"Tariff {entry['id']!r} has the unknown name {unknown[0]!r}",
            f"Known charges: {', '.join(sorted(CHARGES))}.",
        )


def check_record(names: dict[str, Any]) -> dict[str, Any]:
    """The record with all its names. Raises Refused when it cannot be rated or programmed."""
    try:
        record = rating.from_names(names)
    except RatingError as error:
        raise Refused(str(error), "Correct the tariff and add it again.") from error
    size = len(cbor.encode(record))
    if size > RECORD_BYTES_MAX:
        raise Refused(
            f"The tariff takes {size} bytes, a meter has room for {RECORD_BYTES_MAX}",
            "Use fewer slabs or bands.",
        )
    return rating.to_names(record)


def _read_tables(entry: dict[str, Any], remarks: list[str]) -> list[list[Any]]:
    if "by_total_units" in entry:
        return _read_tables_by_total(entry)
    if "slabs" not in entry:
        raise Refused(
            f"Tariff {entry.get('id')!r} has no prices", "Give `slabs` or `by_total_units`."
        )
    slabs = entry["slabs"]
    beyond = entry.get("above_telescopic_all_units")
    is_telescopic = _read_telescopic(entry, remarks)
    if beyond is None:
        return [[None, is_telescopic, slabs]]
    highest = slabs[-1][0] if slabs and slabs[-1] else None
    return [[highest, is_telescopic, slabs], [None, False, beyond]]


def _read_tables_by_total(entry: dict[str, Any]) -> list[list[Any]]:
    tables = entry["by_total_units"]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise Refused(
            f"Tariff {entry['id']!r}: by_total_units is no list of tables",
            "Give each table `total_max` and `slabs`.",
        )
    return [[table.get("total_max"), True, table.get("slabs")] for table in tables]


def _read_telescopic(entry: dict[str, Any], remarks: list[str]) -> bool:
    given = entry.get("telescopic", True)
    if isinstance(given, bool):
        return given
    remarks.append(
        f"{entry['id']}: telescopic is {given!r}; each slab is charged at its own price"
    )
    return True


def _basis_points(entry: dict[str, Any], name: str) -> int:
    """Percent as hundredths of a percent; through text, because JSON's 2.38 may be a float."""
    try:
        points = Decimal(str(entry.get(name, 0))) * 100
    except InvalidOperation:
        points = Decimal("NaN")
    if not points.is_finite():
        raise Refused(f"Tariff {entry['id']!r}: {name} is no number", "Give percent, as 2.38.")
    if points != points.to_integral_value():
        raise Refused(
            f"Tariff {entry['id']!r}: {name} is finer than 0.01 %", "Round it to two decimals."
        )
    return int(points)
