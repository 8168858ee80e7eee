from collections.abc import Mapping
from typing import Any

VERSION: int
PACKAGE_ID: int
ACTIVATION_S: int
UTC_OFFSET_MIN: int
LOAD: int
WINDOWS: int
SUPPLY_CLOCK_UNSET: int
CREDIT: int
TARIFF: int
INTERVAL_S: int
START_DELAY_S: int
LANGUAGE: int
SPECIAL_DAYS: int
SEASONS: int
DST: int
SECOND_LIMIT: int
TAMPER_HOLDS: int
LOAD_LIMIT_W: int
LOAD_BASIS: int
LOAD_BANDS: int
LOAD_WAIT_S: int
LOAD_TRIPS_MAX: int
LOAD_TRIPS_WINDOW_S: int
LOAD_LOCKOUT_S: int
LOAD_SILENT_S: int
LOAD_FAULT_AFTER_S: int
LOAD_RETRIES_MAX: int
LOAD_RETRY_INTERVAL_S: int
LOAD_PHASE_LIMIT_W: int
LOAD_UNBALANCE_PCT: int
LOAD_FROZEN_S: int
LOAD_CONFIRM: int
CONFIRM_CREDIT: int
CONFIRM_OUTAGE: int
CONFIRM_OPERATOR: int
CREDIT_MODE: int
CREDIT_LOW_1: int
CREDIT_LOW_2: int
CREDIT_RECONNECT: int
CREDIT_FRIENDLY_WINDOWS: int
CREDIT_SANCTIONED_LOAD_W: int
CREDIT_PHASES: int
CREDIT_OPENED_S: int
CREDIT_EMERGENCY: int
CREDIT_EMERGENCY_BELOW: int
CREDIT_DEBT_TOTAL: int
CREDIT_DEBT_PER_DAY: int
CREDIT_DEBT_SHARE_PCT: int
CREDIT_DAILY_CHARGE: int
CREDIT_LIFELINE_ADVANCE: int
CREDIT_LIFELINE_WH: int
CREDIT_RECHARGE_DAYS: int
MODE_POSTPAID: int
MODE_ENERGY: int
MODE_MONEY: int
MODE_FLAT: int
DEFAULT_LOAD: dict[int, Any]
NEUTRAL: dict[int, Any]
NEUTRAL_LOAD: dict[int, Any]
NEUTRAL_CREDIT: dict[int, Any]
NAMES: tuple[str, ...]
LOAD_NAMES: tuple[str, ...]
CREDIT_NAMES: tuple[str, ...]

def encode(programme: Mapping[int, Any]) -> bytes: ...
def decode(data: bytes) -> dict[int, Any]: ...
def fill(programme: dict[int, Any]) -> dict[int, Any]: ...
def validate(programme: object) -> None: ...
def from_names(names: Mapping[str, Any]) -> dict[int, Any]: ...
def to_names(programme: Mapping[int, Any]) -> dict[str, Any]: ...
