"""Reads one entry of a tariff file (docs/tariffs.md) into dated terms. Pure.

Every form is data; nothing here knows any single tariff. What is wrong is collected as faults
with the place in the file, so that a person corrects all of it at once.
"""

import re
from datetime import date
from typing import Any, NamedTuple

from controller.document import Fault, Path
from controller.errors import Refused
from controller.tariffs import rules
from controller.tariffs.bands import read_time_bands
from controller.tariffs.fields import Fields

# Begins with a letter, so that a package ID can tell a tariff from a price per unit.
CODE = re.compile(r"[A-Z][A-Za-z0-9.-]{0,31}")
CURRENCY = re.compile(r"[A-Z]{3}")
CATEGORY = re.compile(r"[a-z][a-z_]{0,11}")
NAME_MAX, CLAUSE_MAX = 200, 200
VERSIONS_MAX = 50
SUBSIDIES_MAX = 8
CATEGORIES_MAX = 20

CHARGES = {
    "slabs", "telescopic", "above_telescopic_all_units", "by_total_units", "fixed_per_kw",
    "fixed_basis_pct", "fixed_1ph_by_band", "fixed_3ph_by_band", "service_by_band",
    "minimum_monthly_charge_per_kw", "regulatory_surcharge_pct", "electricity_duty_pct",
    "on_time_rebate_pct", "prepaid_rebate_pct", "late_charge_pct", "time_bands", "subsidies",
}  # fmt: skip
DATED = {"valid_from", "order", "clauses"}
# Words about an entry. `prepaid_rebate` carries a value together with its doubts; who knows
# the right one gives it as `prepaid_rebate_pct`.
NAMING = {"id", "name", "region", "category", "currency", "for_categories", "versions"}
WORDS = {"effective", "sources", "confidence", "prepaid_rebate"}

# Which name of the file a fault of the rating record speaks of.
_OF_RECORD = {
    "tables": "by_total_units",
    "slabs": "slabs",
    "fixed_by_units_1ph": "fixed_1ph_by_band",
    "fixed_by_units_3ph": "fixed_3ph_by_band",
    "minimum_per_kw": "minimum_monthly_charge_per_kw",
    "rate_adder_paise": "time_bands",
    "rate_bands": "time_bands",
}


class VersionEntry(NamedTuple):
    """What a tariff charges from `valid_from` on (None: the file does not say)."""

    valid_from: date | None
    record: dict[str, Any]
    order: str
    clauses: dict[str, str]
    rate_names: list[str]
    subsidies: list[dict[str, Any]]
    prepaid_rebate_bp: int | None
    late_charge_bp: int | None


class TariffEntry(NamedTuple):
    """A tariff of a file with its versions, and remarks on what had to be assumed."""

    code: str
    name: str
    currency: str
    for_categories: list[str]
    versions: list[VersionEntry]
    remarks: list[str]


def read_entry(entry: Any, path: Path, faults: list[Fault]) -> TariffEntry | None:
    """The entry at `path`, or None with what is wrong added to `faults`."""
    if not isinstance(entry, dict):
        faults.append(Fault(path, "A tariff is a map", "Begin it with `id: ` and its code."))
        return None
    known = len(faults)
    fields = Fields(entry, path, faults)
    code = fields.word("id", CODE, "a capital letter, then up to 31 letters, digits, . and -")
    if "versions" in entry:
        fields.only(NAMING | WORDS)
    else:
        fields.only(CHARGES | DATED | NAMING | WORDS)
    name = f"{entry.get('region', '')}: {entry.get('category', '')}".strip(": ")
    name = fields.text("name", NAME_MAX, name)
    currency = fields.word("currency", CURRENCY, "three capital letters, as INR", "INR")
    categories = [
        fields.word_at(("for_categories", index), word, CATEGORY, "a word as `domestic`")
        for index, word in enumerate(fields.rows("for_categories", CATEGORIES_MAX))
    ]
    remarks: list[str] = []
    versions = [
        _read_version(each, at, code, faults, remarks)
        for each, at in _version_maps(entry, path, fields)
    ]
    _check_order(versions, path, faults)
    if len(faults) > known:
        return None
    return TariffEntry(code, name, currency, categories, versions, remarks)


def _version_maps(entry: dict[str, Any], path: Path, fields: Fields) -> list[tuple[Any, Path]]:
    if "versions" not in entry:
        return [(entry, path)]
    found = fields.rows("versions", VERSIONS_MAX)
    if not found:
        fields.fault("versions", "A tariff has at least one version", "Give one.")
    return [(each, (*path, "versions", index)) for index, each in enumerate(found)]


def _check_order(versions: list[VersionEntry], path: Path, faults: list[Fault]) -> None:
    for index in range(1, len(versions)):
        before, now = versions[index - 1].valid_from, versions[index].valid_from
        at = (*path, "versions", index)
        if now is None:
            faults.append(Fault(at, "This version has no date", "Give `valid_from`."))
        elif before is not None and now <= before:
            faults.append(
                Fault(at, f"{now} does not come after {before}", "Order versions by date.")
            )


def _read_version(
    version: Any, path: Path, code: str, faults: list[Fault], remarks: list[str]
) -> VersionEntry:
    if not isinstance(version, dict):
        faults.append(Fault(path, "A version is a map", "Begin it with `valid_from: `."))
        version = {}
    fields = Fields(version, path, faults)
    if "versions" in path:
        fields.only(CHARGES | DATED | WORDS)
    bands = read_time_bands(fields)
    service = fields.price_rows("service_by_band")
    names = {
        "code": code,
        "tables": _read_tables(fields, code, remarks),
        "fixed_per_kw_paise": fields.whole("fixed_per_kw", 0, rules.PAISE_MAX, 0),
        "fixed_basis_pct": fields.whole("fixed_basis_pct", 1, 200, 100),
        "fixed_by_units_1ph": fields.price_rows("fixed_1ph_by_band") or service,
        "fixed_by_units_3ph": fields.price_rows("fixed_3ph_by_band") or service,
        "minimum_per_kw": fields.price_rows("minimum_monthly_charge_per_kw"),
        "surcharge_bp": fields.basis_points("regulatory_surcharge_pct", 0),
        "duty_bp": fields.basis_points("electricity_duty_pct", 0),
        "rebate_bp": fields.basis_points("on_time_rebate_pct", 0),
        "rate_adder_paise": bands.adders,
        "rate_bands": bands.rows,
    }
    return VersionEntry(
        valid_from=fields.day("valid_from"),
        record=_checked(names, fields),
        order=fields.text("order", NAME_MAX, ""),
        clauses=_read_clauses(fields),
        rate_names=bands.names,
        subsidies=[
            _read_subsidy(Fields(each, (*path, "subsidies", index), faults))
            for index, each in enumerate(fields.rows("subsidies", SUBSIDIES_MAX))
        ],
        prepaid_rebate_bp=fields.basis_points("prepaid_rebate_pct", None),
        late_charge_bp=fields.basis_points("late_charge_pct", None),
    )


def _checked(names: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """The record as it is rated; where a part is wrong already, nothing more is said of it."""
    if fields.is_faulty:
        return names
    try:
        return rules.check_record(names)
    except Refused as refused:
        of_record, _, what = refused.what.partition(": ")
        name = _OF_RECORD.get(of_record, of_record)
        fields.fault(name, f"{name}: {what}" if what else of_record, "Correct it there.")
        return names


def _read_tables(fields: Fields, code: str, remarks: list[str]) -> list[list[Any]]:
    if "by_total_units" in fields.entry:
        fields.exclude("by_total_units", ("slabs", "telescopic", "above_telescopic_all_units"))
        return _read_tables_by_total(fields)
    if "slabs" not in fields.entry:
        fields.fault("slabs", "The tariff has no prices", "Give `slabs` or `by_total_units`.")
        return []
    is_telescopic = _read_telescopic(fields, code, remarks)
    if "above_telescopic_all_units" not in fields.entry:
        return [[None, is_telescopic, fields.price_rows("slabs")]]
    slabs = fields.price_rows("slabs", is_open=False)
    beyond = fields.price_rows("above_telescopic_all_units")
    return [[slabs[-1][0] if slabs else None, is_telescopic, slabs], [None, False, beyond]]


def _read_tables_by_total(fields: Fields) -> list[list[Any]]:
    tables = []
    for index, table in enumerate(fields.rows("by_total_units", rules.TABLES_MAX)):
        of_table = Fields(table, (*fields.path, "by_total_units", index), fields.faults)
        of_table.only({"total_max", "slabs", "telescopic"})
        total_max = of_table.whole("total_max", 1, rules.UNITS_MAX, None)
        slabs = of_table.price_rows("slabs", is_open=total_max is None)
        if total_max is not None and slabs and (slabs[-1][0] or total_max) < total_max:
            what = f"The slabs end at {slabs[-1][0]}, the table at {total_max}"
            of_table.fault("slabs", what, "Let the last slab reach as far as the table.")
        tables.append([total_max, of_table.yes_no("telescopic", True), slabs])
    return tables


def _read_telescopic(fields: Fields, code: str, remarks: list[str]) -> bool:
    given = fields.entry.get("telescopic", True)
    if isinstance(given, bool):
        return given
    remarks.append(f"{code}: telescopic is {given!r}; each slab is charged at its own price")
    return True


def _read_clauses(fields: Fields) -> dict[str, str]:
    clauses = Fields(fields.entry.get("clauses", {}), (*fields.path, "clauses"), fields.faults)
    clauses.only(set(rules.CLAUSED))
    return {kind: clauses.text(kind, CLAUSE_MAX, "") for kind in clauses.entry}


def _read_subsidy(fields: Fields) -> dict[str, Any]:
    """A subsidy in the form of `rules.subsidy_lines`; exactly one of its three kinds."""
    fields.only({"name", "clause", "per_unit", "percent", "fixed", "of", "units_limit",
                 "up_to_units", "max_paise"})  # fmt: skip
    kinds = [kind for kind in ("per_unit", "percent", "fixed") if kind in fields.entry]
    if len(kinds) != 1:
        fields.fault("name", "A subsidy has one amount", "Give per_unit, percent or fixed.")
    kind = kinds[0] if kinds else "fixed"
    if kind != "per_unit":
        fields.exclude(kind, ("units_limit",))
    if kind != "percent":
        fields.exclude(kind, ("of",))
    amount = fields.whole(kind, 0, rules.PAISE_MAX, 0)
    if kind == "percent":
        amount = fields.basis_points(kind, 0) or 0
    return {
        "name": fields.text("name", CLAUSE_MAX, "Subsidy"),
        "clause": fields.text("clause", CLAUSE_MAX, ""),
        "kind": kind,
        "amount": amount,
        "of": fields.one_of("of", ("bill", "energy"), "bill"),
        "units_limit": fields.whole("units_limit", 1, rules.UNITS_MAX, None),
        "up_to_units": fields.whole("up_to_units", 1, rules.UNITS_MAX, None),
        "max_paise": fields.whole("max_paise", 1, rules.PAISE_MAX, None),
    }
