"""From a package and a connection to the programme that a meter board runs. Pure.

The programme's layout is docs/wire.md; the design of packages is docs/packages.md.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from controller.consumers import identity
from controller.errors import Refused
from protocol import programme, rating
from protocol.errors import ProgrammeError

DAY_S = 86_400

MODES = {
    identity.FLAT: programme.MODE_FLAT,
    identity.FLAT_POSTPAID: programme.MODE_POSTPAID,
    identity.POSTPAID: programme.MODE_POSTPAID,
    identity.PREPAID_ENERGY: programme.MODE_ENERGY,
    identity.PREPAID_MONEY: programme.MODE_MONEY,
}

# What a package may set, under the programme's names; all else comes from its own fields.
GENERAL = ("supply_clock_unset", "interval_s", "start_delay_s", "language")
LOAD = tuple(name for name in programme.LOAD_NAMES if name != "limit_w")
CREDIT = (
    "low_1", "low_2", "reconnect", "friendly_windows", "emergency", "emergency_below",
    "lifeline_advance", "lifeline_wh", "recharge_days",
)  # fmt: skip

# Warnings at some days' and half a day's use of a small household: Wh, paise or days, by mode.
LOW_LEVELS = {
    programme.MODE_POSTPAID: (0, 0),
    programme.MODE_ENERGY: (2_000, 500),
    programme.MODE_MONEY: (2_000, 500),
    programme.MODE_FLAT: (3, 1),
}


class Supply(NamedTuple):
    """What decides whether a package may be given: for what is supplied (None: any), how much."""

    category: str | None
    sanctioned_load_w: int


def check_eligible(
    kind: str, supply: Supply, prepaid_load_max_w: int, prepaid_excluded: Sequence[str]
) -> None:
    """UP-1: prepaid for every category but the excluded ones, up to a load. Raises Refused."""
    if kind not in identity.PREPAID:
        return
    if supply.category in prepaid_excluded:
        raise Refused(
            f"Prepaid packages are not for the category {supply.category}",
            "Choose a postpaid package (UP-1).",
        )
    if supply.sanctioned_load_w > prepaid_load_max_w:
        raise Refused(
            f"A sanctioned load of {supply.sanctioned_load_w} W is above the"
            f" {prepaid_load_max_w} W up to which supply may be prepaid",
            "Choose a postpaid package (UP-1).",
        )


def check_category(code: str, for_categories: Sequence[str], category: str) -> None:
    """The rates of the consumer's category apply (UP-2). Raises Refused."""
    if for_categories and category not in for_categories:
        raise Refused(
            f"Tariff {code} is for {', '.join(for_categories)}, not for {category}",
            "Choose a package by the tariff of the consumer's category (UP-2).",
        )


def check_within_load(limit_w: int, sanctioned_load_w: int) -> None:
    """A package's limit keeps within the sanctioned load (UP-7). Raises Refused."""
    if limit_w > sanctioned_load_w:
        raise Refused(
            f"The package allows {limit_w} W, the connection is sanctioned for"
            f" {sanctioned_load_w} W",
            "Choose a smaller package, or have the load increase sanctioned (UP-7).",
        )


def next_midnight_s(at_s: int, utc_offset_min: int) -> int:
    """The begin of the local day after the one of `at_s`, in board time."""
    local_s = at_s + utc_offset_min * 60
    return (local_s // DAY_S + 1) * DAY_S - utc_offset_min * 60


def local_midnight_s(day: date, utc_offset_min: int) -> int:
    """The begin of the local day in board time; negative before 2020."""
    since = (day - date(2020, 1, 1)).days
    return since * DAY_S - utc_offset_min * 60


def price_record(price_paise: int, monthly_paise: int) -> dict[str, Any]:
    """The tariff record (in names) of a package with one price per unit and a monthly price."""
    monthly = [[None, monthly_paise]] if monthly_paise else []
    record = rating.from_names(
        {
            "code": f"{price_paise}p-{monthly_paise // 100}",
            "tables": [[None, True, [[None, price_paise]]]],
            "fixed_by_units_1ph": monthly,
            "fixed_by_units_3ph": monthly,
        }
    )
    return rating.to_names(record)


def check_hours(mode: int, record: Mapping[str, Any]) -> None:
    """Raises Refused for an account in energy by a tariff with prices by the time of day.

    A unit sold ahead has one price, and nobody knows in which hour it will be used (UP-2).
    """
    if mode == programme.MODE_ENERGY and any(record["rate_adder_paise"]):
        raise Refused(
            f"Tariff {record['code']} has prices by the time of day",
            "Energy sold ahead knows no hour: give the consumer a package with credit in money.",
        )


def build_programme(
    *,
    version: int,
    package_id: str,
    mode: int,
    limit_w: int,
    windows: list[list[int]],
    parameters: dict[str, Any],
    tariff_record: dict[str, Any] | None,
    sanctioned_load_w: int,
    phases: int,
    utc_offset_min: int,
    activation_s: int,
    opened_s: int,
) -> dict[int, Any]:
    """The programme as a board takes it; `tariff_record` is in names.

    Raises Refused when no board may run it, with the reason that the board would have.
    """
    connection = {"sanctioned_load_w": sanctioned_load_w, "phases": phases, "opened_s": opened_s}
    names = {
        "version": version,
        "package_id": package_id,
        "activation_s": activation_s,
        "utc_offset_min": utc_offset_min,
        "load": {"limit_w": limit_w, **_chosen(parameters, LOAD)},
        "windows": windows,
        "supply_clock_unset": True,
        "credit": {**_credit(mode, parameters), **connection},
        "tariff": tariff_record,
        "interval_s": 900,
        "start_delay_s": 60,
        "language": 0,
        **_chosen(parameters, GENERAL),
    }
    try:
        built: dict[int, Any] = programme.from_names(names)
    except ProgrammeError as error:
        raise Refused(
            f"Package {package_id} makes no programme: {error}", "Correct its parameters."
        ) from error
    return built


def _credit(mode: int, parameters: dict[str, Any]) -> dict[str, Any]:
    """What a package says of credit; warnings and reconnection as a small household needs them."""
    low_1, low_2 = LOW_LEVELS[mode]
    plain = {"low_1": low_1, "low_2": low_2, "reconnect": 1, "friendly_windows": []}
    return {"mode": mode, **plain, **_chosen(parameters, CREDIT)}


def check_parameters(parameters: dict[str, Any]) -> None:
    """Raises Refused for a name that no package may set; values are checked in a programme."""
    known = (*GENERAL, *LOAD, *CREDIT)
    for name in parameters:
        if name not in known:
            raise Refused(f"There is no package parameter {name!r}", f"Use: {', '.join(known)}.")


def _chosen(parameters: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: parameters[name] for name in names if name in parameters}
