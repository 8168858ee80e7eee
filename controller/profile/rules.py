"""What a utility can set, in what bounds, and how a profile file is read. Pure.

The table SETTINGS is the only place where a setting is described; docs/profile.md says what for.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from controller.errors import Refused
from controller.profile.checks import (
    Check,
    calendar_day,
    list_of,
    map_of,
    one_of,
    rising,
    row_of,
    text,
    whole,
    yes_no,
)

PAISE_MAX = 1_000_000_000  # ₹1 crore; beyond, it is a typing error
BASIS_POINTS_MAX = 10_000
WH_MAX = 1_000_000_000
FILE_BYTES_MAX = 65_536

LANGUAGES = ("en", "hi", "ml")
DUNNING = ("reminder", "notice", "disconnect")

_paise = whole(0, PAISE_MAX, "paise")
_basis_points = whole(0, BASIS_POINTS_MAX, "basis points (1/100 %)")
_category = text(40)

VALIDATION = {
    "gap_s": whole(900, 31 * 86_400, "seconds"),
    "spike_factor_pct": whole(110, 10_000, "percent"),
    "zero_with_power_w": whole(1, 100_000, "W"),
    "clock_jump_s": whole(1, 86_400, "seconds"),
    "sum_check_wh": whole(0, 1_000_000, "Wh"),
}


class Setting(NamedTuple):
    """One setting: its kind and bounds (`check`), what holds until it is set, what asks for it."""

    name: str
    check: Check
    default: Any
    requirement: str
    meaning: str


_ALL = (
    # --- who we are ---
    Setting("utility_name", text(80), "Bijli", "MG-10", "The name on bills and receipts."),
    Setting("utility_address", text(200), "", "MG-10", "The address on bills and receipts."),
    Setting("utility_phone", text(40), "", "MG-10", "The phone number on bills and receipts."),
    Setting(
        "utility_upi", text(80), "", "MG-9",
        "The UPI address (name@bank) that bills ask to be paid to; empty: no code to pay by.",
    ),
    Setting("utility_bank", text(80), "", "UP-12", "The bank account on deposit slips."),
    Setting(
        "languages", list_of(one_of(*LANGUAGES), 1, len(LANGUAGES)), ["en", "hi", "ml"], "MG-10",
        "The languages of papers and messages; the first where a consumer has chosen none.",
    ),
    # --- bills and their collection ---
    Setting(
        "part_payment_allowed", yes_no(), True, "MG-9",
        "Whether less than what is due can be paid.",
    ),
    Setting("due_days", whole(0, 365, "days"), 15, "MG-8", "From a bill to its due day."),
    Setting(
        "late_charge_bp", _basis_points, 0, "MG-8",
        "Charged on what is overdue, for each month begun.",
    ),
    Setting(
        "debt_limit_paise", _paise, 50_000, "MG-6",
        "A consumer who owes more is to be deactivated.",
    ),
    Setting(
        "reconnect_by_itself", yes_no(), True, "MG-6",
        "Whether a consumer cut for debts is reconnected by itself once they are paid.",
    ),
    Setting(
        "holidays", list_of(calendar_day(), 0, 60), [], "MG-6",
        "Days on which nobody is cut automatically.",
    ),
    Setting(
        "simultaneity_pct", whole(1, 100, "percent"), 60, "MG-6",
        "How much of all load limits is expected at once, against a plant's capacity.",
    ),
    Setting(
        "dunning_steps",
        rising(list_of(row_of(whole(0, 365, "days"), one_of(*DUNNING)), 0, 10)),
        [[3, "reminder"], [10, "notice"], [20, "disconnect"]], "MG-6",
        "What is done so many days after the due day.",
    ),
    # --- joining ---
    Setting(
        "deposit_months", whole(0, 24, "months"), 2, "MG-13",
        "The security deposit, as so many months of the expected bill.",
    ),
    Setting(
        "deposit_for_prepaid", yes_no(), True, "MG-13",
        "Whether a prepaid consumer too gives a security deposit.",
    ),
    Setting(
        "expected_load_pct", whole(1, 100, "percent"), 20, "MG-13",
        "Expected use of a new connection: so much of its limit in all its hours of supply.",
    ),
    Setting(
        "catchment_m", whole(1, 1_000, "metres"), 30, "MG-4",
        "How far from a pole somebody may live to be connected.",
    ),
    Setting(
        "activation_charge_paise", _paise, 0, "MG-4", "Charged once when a connection goes live.",
    ),
    Setting(
        "meter_cost_paise", _paise, 0, "UP-4", "What meter and cable cost the consumer.",
    ),
    Setting(
        "meter_cost_instalments", whole(1, 60, "instalments"), 12, "UP-4",
        "In how many equal instalments the meter's cost is paid.",
    ),
    Setting(
        "water_price_paise", _paise, 0, "MG-15",
        "What a litre of purified water costs; 0: none is sold.",
    ),
    # --- prepaid ---
    Setting(
        "smallest_voucher_paise", whole(1, PAISE_MAX, "paise"), 1_000, "UP-11",
        "Nothing smaller is sold.",
    ),
    Setting(
        "arrears_share_pct", whole(0, 100, "percent"), 50, "UP-8",
        "The largest share of a recharge that goes into arrears.",
    ),
    Setting(
        "lifeline_limit_wh", whole(0, WH_MAX, "Wh"), 150_000, "UP-8",
        "A month's use beyond which a lifeline consumer's advance may be drawn.",
    ),
    Setting(
        "lifeline_advance_wh", whole(0, WH_MAX, "Wh"), 10_000, "UP-8",
        "What a lifeline consumer may use in advance; adjusted in the next recharge.",
    ),
    Setting(
        "recharge_every_months", whole(1, 24, "months"), 4, "UP-10",
        "A prepaid consumer must recharge at least once in this time.",
    ),
    Setting(
        "low_credit_wh", whole(0, WH_MAX, "Wh"), 3_000, "MG-3",
        "With less energy left, a prepaid consumer is told to recharge.",
    ),
    Setting(
        "low_credit_paise", _paise, 5_000, "MG-3",
        "With less money left, a prepaid consumer is told to recharge.",
    ),
    Setting(
        "low_credit_days", whole(0, 31, "days"), 3, "MG-3",
        "With fewer days left, a consumer of a flat package is told to recharge.",
    ),
    Setting(
        "prepaid_rebate_bp", _basis_points, 0, "UP-2", "Rebate on prepaid energy.",
    ),
    Setting(
        "prepaid_load_max_w", whole(1, 1_000_000, "W"), 45_000, "UP-1",
        "Beyond this sanctioned load prepaid is not offered.",
    ),
    Setting(
        "prepaid_excluded_categories", list_of(_category, 0, 20), ["industry"], "UP-1",
        "Categories of consumers to whom prepaid is not offered.",
    ),
    # --- points of sale ---
    Setting(
        "agent_cash_ceiling_paise", _paise, 1_000_000, "UP-12",
        "An agent with more cash in hand must first bring it to the bank.",
    ),
    Setting(
        "cash_reminder_share_pct", whole(1, 100, "percent"), 80, "UP-12",
        "Cash in hand above this share of the ceiling is too much to keep.",
    ),
    Setting(
        "cash_reminder_days", whole(0, 30, "days"), 2, "UP-12",
        "After so many days with too much cash in hand there is a reminder.",
    ),
    Setting(
        "otp_ttl_s", whole(60, 3_600, "seconds"), 600, "MG-11",
        "How long a one-time password is good.",
    ),
    Setting(
        "otp_tries_max", whole(1, 10, "tries"), 5, "MG-11",
        "Wrong tries after which a one-time password is void.",
    ),
    # --- readings ---
    Setting(
        "validation", map_of(VALIDATION),
        {"gap_s": 7_200, "spike_factor_pct": 150, "zero_with_power_w": 50,
         "clock_jump_s": 900, "sum_check_wh": 10},
        "MG-7", "Thresholds beyond which a reading is put to a person.",
    ),
)  # fmt: skip
SETTINGS: Mapping[str, Setting] = {setting.name: setting for setting in _ALL}


def find(name: str) -> Setting:
    """The setting of this name. Raises Refused."""
    if name not in SETTINGS:
        raise Refused(f"There is no setting {name!r}", f"Settings: {', '.join(SETTINGS)}.")
    return SETTINGS[name]


def read_value(name: str, value: Any) -> Any:
    """The value in its one form. Raises Refused, which names the setting and what is allowed."""
    setting = find(name)
    try:
        return setting.check.read(value)
    except ValueError:
        raise Refused(
            f"{name} cannot be {_shorten(value)}", f"Use {setting.check.allowed}."
        ) from None


def _shorten(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"


# --- files ------------------------------------------------------------------------------------


def read_file(content: str, source: str) -> dict[str, Any]:
    """The settings that the YAML text `content` sets, checked. `source` names it in errors.

    Raises Refused, with the line, for what is no YAML, for an unknown or repeated name and for a
    value that is not allowed.
    """
    if len(content.encode()) > FILE_BYTES_MAX:
        raise Refused(f"{source} is too large", f"A profile has at most {FILE_BYTES_MAX} bytes.")
    found: dict[str, Any] = {}
    for name, line, value in _entries(content, source):
        where = f"{source}, line {line}"
        if name in found:
            raise Refused(f"{where}: {name} stands here a second time", "Leave one of the two.")
        try:
            found[name] = read_value(name, value)
        except Refused as refused:
            raise Refused(f"{where}: {refused.what}", refused.what_to_do) from None
    return found


def read_word(word: str) -> Any:
    """A value as a person types it: YAML, and text where it is none."""
    try:
        return yaml.safe_load(word)
    except yaml.YAMLError:
        return word


def _entries(content: str, source: str) -> list[tuple[str, int, Any]]:
    """(name, line, value) of each entry of the map that the text is."""
    loader: yaml.SafeLoader | None = None
    try:
        loader = yaml.SafeLoader(content)
        root = loader.get_single_node()
        if root is None:
            return []
        if not isinstance(root, yaml.MappingNode):
            raise Refused(
                f"{source}, line {root.start_mark.line + 1}: this is no map",
                "Write a setting a line, as `due_days: 15`.",
            )
        return [
            (str(key.value), key.start_mark.line + 1, loader.construct_object(value, deep=True))
            for key, value in root.value
        ]
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Refused(
            f"{source}{_line(error)}: this is no YAML",
            "Write a setting a line, as `due_days: 15`.",
        ) from error
    finally:
        if loader is not None:
            loader.dispose()


def _line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return f", line {mark.line + 1}"
    found = re.search(r"line (\d+)", str(error))
    return f", line {found[1]}" if found else ""
