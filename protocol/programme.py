"""The programme: everything a package asks of a board, as one immutable record (docs/wire.md).

In memory it is the decoded CBOR map: plain dicts and lists under the key numbers below, so that
a board looks values up without allocating. What a package does not use is not on the wire: its key
is left out there (a neutral value may not be written) and filled in for whoever reads. This module
must not know slots, activation or relays.
"""

from protocol import cbor, dates, rating, records, windows
from protocol.errors import DecodeError, EncodeError, ProgrammeError
from protocol.limits import (
    AMOUNT_MAX,
    BAND_MAX_PERCENT,
    BAND_MAX_S,
    BAND_MIN_PERCENT,
    BANDS_MAX,
    COUNT_MAX,
    FROZEN_MAX_S,
    LIMIT_MAX_W,
    PACKAGE_ID_MAX,
    PROGRAMME_MAX_BYTES,
    RECHARGE_DAYS_MAX,
    RETRIES_MAX,
    RETRY_INTERVAL_MAX_S,
    RETRY_INTERVAL_MIN_S,
    START_DELAY_MAX_S,
    TIME_MAX_S,
    TRIPS_MAX,
    UTC_OFFSET_MIN_MAX,
    UTC_OFFSET_MIN_MIN,
)

VERSION = 0
PACKAGE_ID = 1
ACTIVATION_S = 2
UTC_OFFSET_MIN = 3
LOAD = 4
WINDOWS = 5
SUPPLY_CLOCK_UNSET = 6
CREDIT = 7
TARIFF = 8
INTERVAL_S = 9
START_DELAY_S = 10
LANGUAGE = 11
SPECIAL_DAYS = 12
SEASONS = 13
DST = 14
SECOND_LIMIT = 15
TAMPER_HOLDS = 16

LOAD_LIMIT_W = 0
LOAD_BASIS = 1
LOAD_BANDS = 2
LOAD_WAIT_S = 3
LOAD_TRIPS_MAX = 4
LOAD_TRIPS_WINDOW_S = 5
LOAD_LOCKOUT_S = 6
LOAD_SILENT_S = 7
LOAD_FAULT_AFTER_S = 8
LOAD_RETRIES_MAX = 9
LOAD_RETRY_INTERVAL_S = 10
LOAD_PHASE_LIMIT_W = 11
LOAD_UNBALANCE_PCT = 12
LOAD_FROZEN_S = 13
LOAD_CONFIRM = 14

CONFIRM_CREDIT = 1  # a re-closing that these bring waits for the button
CONFIRM_OUTAGE = 2
CONFIRM_OPERATOR = 4

CREDIT_MODE = 0
CREDIT_LOW_1 = 1
CREDIT_LOW_2 = 2
CREDIT_RECONNECT = 3
CREDIT_FRIENDLY_WINDOWS = 4
CREDIT_SANCTIONED_LOAD_W = 5
CREDIT_PHASES = 6
CREDIT_OPENED_S = 7
CREDIT_EMERGENCY = 8
CREDIT_EMERGENCY_BELOW = 9
CREDIT_DEBT_TOTAL = 10
CREDIT_DEBT_PER_DAY = 11
CREDIT_DEBT_SHARE_PCT = 12
CREDIT_DAILY_CHARGE = 13
CREDIT_LIFELINE_ADVANCE = 14
CREDIT_LIFELINE_WH = 15
CREDIT_RECHARGE_DAYS = 16

MODE_POSTPAID = 0
MODE_ENERGY = 1
MODE_MONEY = 2
MODE_FLAT = 3

# All of a load but its limit, which only the package knows (board.md, "Limiter").
DEFAULT_LOAD = {
    LOAD_BASIS: 0,
    LOAD_BANDS: [[105, 60], [125, 10], [150, 3], [200, 0]],
    LOAD_WAIT_S: 10,
    LOAD_TRIPS_MAX: 3,
    LOAD_TRIPS_WINDOW_S: 1800,
    LOAD_LOCKOUT_S: 1800,
    LOAD_SILENT_S: 5,
    LOAD_FAULT_AFTER_S: 30,
}
# What a key means that is left out.
NEUTRAL = {SPECIAL_DAYS: [], SEASONS: [], DST: None, SECOND_LIMIT: None, TAMPER_HOLDS: False}
NEUTRAL_LOAD = {
    LOAD_RETRIES_MAX: 0,
    LOAD_RETRY_INTERVAL_S: 60,
    LOAD_PHASE_LIMIT_W: 0,
    LOAD_UNBALANCE_PCT: 0,
    LOAD_FROZEN_S: 300,
    LOAD_CONFIRM: 0,
}
NEUTRAL_CREDIT = dict.fromkeys(range(CREDIT_EMERGENCY, CREDIT_RECHARGE_DAYS + 1), 0)

NAMES = (
    "version",
    "package_id",
    "activation_s",
    "utc_offset_min",
    "load",
    "windows",
    "supply_clock_unset",
    "credit",
    "tariff",
    "interval_s",
    "start_delay_s",
    "language",
    "special_days",
    "seasons",
    "dst",
    "second_limit",
    "tamper_holds",
)
LOAD_NAMES = (
    "limit_w",
    "basis",
    "bands",
    "wait_s",
    "trips_max",
    "trips_window_s",
    "lockout_s",
    "silent_s",
    "fault_after_s",
    "retries_max",
    "retry_interval_s",
    "phase_limit_w",
    "unbalance_pct",
    "frozen_s",
    "confirm",
)
CREDIT_NAMES = (
    "mode",
    "low_1",
    "low_2",
    "reconnect",
    "friendly_windows",
    "sanctioned_load_w",
    "phases",
    "opened_s",
    "emergency",
    "emergency_below",
    "debt_total",
    "debt_per_day",
    "debt_share_pct",
    "daily_charge",
    "lifeline_advance",
    "lifeline_wh",
    "recharge_days",
)

_INTERVALS_S = (60, 300, 600, 900, 1800, 3600)
# key, lowest, highest
_INTEGERS = (
    (VERSION, 1, COUNT_MAX),
    (ACTIVATION_S, 0, TIME_MAX_S),
    (UTC_OFFSET_MIN, UTC_OFFSET_MIN_MIN, UTC_OFFSET_MIN_MAX),
    (START_DELAY_S, 0, START_DELAY_MAX_S),
    (LANGUAGE, 0, 1),
)
_LOAD_INTEGERS = (
    (LOAD_LIMIT_W, 1, LIMIT_MAX_W),
    (LOAD_BASIS, 0, 1),
    (LOAD_WAIT_S, 0, 3_600),
    (LOAD_TRIPS_MAX, 1, TRIPS_MAX),
    (LOAD_TRIPS_WINDOW_S, 1, 86_400),
    (LOAD_LOCKOUT_S, 0, 86_400),
    (LOAD_SILENT_S, 1, 3_600),
    (LOAD_FAULT_AFTER_S, 1, 3_600),
    (LOAD_RETRIES_MAX, 0, RETRIES_MAX),
    (LOAD_RETRY_INTERVAL_S, RETRY_INTERVAL_MIN_S, RETRY_INTERVAL_MAX_S),
    (LOAD_PHASE_LIMIT_W, 0, LIMIT_MAX_W),
    (LOAD_UNBALANCE_PCT, 0, 100),
    (LOAD_FROZEN_S, 0, FROZEN_MAX_S),
    (LOAD_CONFIRM, 0, CONFIRM_CREDIT | CONFIRM_OUTAGE | CONFIRM_OPERATOR),
)
_CREDIT_INTEGERS = (
    (CREDIT_MODE, MODE_POSTPAID, MODE_FLAT),
    (CREDIT_LOW_1, 0, AMOUNT_MAX),
    (CREDIT_LOW_2, 0, AMOUNT_MAX),
    (CREDIT_RECONNECT, 1, AMOUNT_MAX),
    (CREDIT_SANCTIONED_LOAD_W, 1, LIMIT_MAX_W),
    (CREDIT_OPENED_S, 0, TIME_MAX_S),
    (CREDIT_EMERGENCY, 0, AMOUNT_MAX),
    (CREDIT_EMERGENCY_BELOW, 0, AMOUNT_MAX),
    (CREDIT_DEBT_TOTAL, 0, AMOUNT_MAX),
    (CREDIT_DEBT_PER_DAY, 0, AMOUNT_MAX),
    (CREDIT_DEBT_SHARE_PCT, 0, 100),
    (CREDIT_DAILY_CHARGE, 0, AMOUNT_MAX),
    (CREDIT_LIFELINE_ADVANCE, 0, AMOUNT_MAX),
    (CREDIT_LIFELINE_WH, 0, AMOUNT_MAX),
    (CREDIT_RECHARGE_DAYS, 0, RECHARGE_DAYS_MAX),
)


def encode(programme):
    """Return the bytes of a programme. Raises ProgrammeError unless a board may run it."""
    validate(programme)
    brief = records.without(programme, NEUTRAL)
    brief[LOAD] = records.without(programme[LOAD], NEUTRAL_LOAD)
    brief[CREDIT] = records.without(programme[CREDIT], NEUTRAL_CREDIT)
    try:
        data = cbor.encode(brief)
    except EncodeError as error:
        raise ProgrammeError("programme: " + str(error)) from None
    _check_size(data)
    return data


def decode(data):
    """Return the programme that `data` holds. Raises ProgrammeError unless a board may run it."""
    _check_size(data)
    try:
        programme = cbor.decode(data)
    except DecodeError as error:
        raise ProgrammeError("programme: " + str(error)) from None
    validate(programme)
    records.check_brief(programme, NEUTRAL, NAMES)
    records.check_brief(programme[LOAD], NEUTRAL_LOAD, LOAD_NAMES)
    records.check_brief(programme[CREDIT], NEUTRAL_CREDIT, CREDIT_NAMES)
    return fill(programme)


def fill(programme):
    """Put the neutral value under every key that `programme` leaves out; return it."""
    records.fill(programme, NEUTRAL)
    records.fill(programme[LOAD], NEUTRAL_LOAD)
    records.fill(programme[CREDIT], NEUTRAL_CREDIT)
    return programme


def validate(programme):
    """Raise ProgrammeError (RatingError for the tariff) saying what no board may run, and why."""
    records.check_map(programme, NAMES, NEUTRAL, "programme")
    records.check_integers(programme, _INTEGERS, NAMES, "programme")
    package_id = programme[PACKAGE_ID]
    if type(package_id) is not str or not 1 <= len(package_id) <= PACKAGE_ID_MAX:
        raise ProgrammeError("package_id: give 1 to %d characters" % PACKAGE_ID_MAX)
    _check_load(programme[LOAD])
    windows.validate(programme[WINDOWS], "windows", True)
    for key in (SUPPLY_CLOCK_UNSET, TAMPER_HOLDS):
        if type(programme.get(key, False)) is not bool:
            raise ProgrammeError("%s: give true or false" % NAMES[key])
    _check_credit(programme[CREDIT])
    dates.check_special_days(programme.get(SPECIAL_DAYS, []))
    dates.check_seasons(programme.get(SEASONS, []))
    dates.check_dst(programme.get(DST))
    _check_second_limit(programme.get(SECOND_LIMIT))
    if programme[INTERVAL_S] not in _INTERVALS_S:
        raise ProgrammeError("interval_s: give one of %s" % (_INTERVALS_S,))
    if programme[TARIFF] is not None:
        rating.validate(programme[TARIFF])
    elif programme[CREDIT][CREDIT_MODE] == MODE_MONEY:
        raise ProgrammeError("tariff: credit in money needs one")


def from_names(names):
    """Return the record for its readable form: the names above instead of numbers.

    Names of `load` left out take DEFAULT_LOAD; what has a neutral value may be left out. Raises
    ProgrammeError for a name that is unknown or missing, and whatever `validate` raises.
    """
    programme = records.numbered(names, NAMES, "programme")
    load = dict(DEFAULT_LOAD)
    load.update(records.numbered(programme.get(LOAD, {}), LOAD_NAMES, "load"))
    programme[LOAD] = load
    programme[CREDIT] = records.numbered(programme.get(CREDIT, {}), CREDIT_NAMES, "credit")
    if programme.get(TARIFF) is not None:
        programme[TARIFF] = rating.from_names(programme[TARIFF])
    validate(programme)
    return fill(programme)


def to_names(programme):
    """Return the readable form of a valid record, complete."""
    programme = fill(_copy(programme))
    names = {name: programme[key] for key, name in enumerate(NAMES)}
    names["load"] = {name: programme[LOAD][key] for key, name in enumerate(LOAD_NAMES)}
    names["credit"] = {name: programme[CREDIT][key] for key, name in enumerate(CREDIT_NAMES)}
    if programme[TARIFF] is not None:
        names["tariff"] = rating.to_names(programme[TARIFF])
    return names


def _copy(programme):
    copy = dict(programme)
    copy[LOAD] = dict(programme[LOAD])
    copy[CREDIT] = dict(programme[CREDIT])
    return copy


def _check_size(data):
    if len(data) > PROGRAMME_MAX_BYTES:
        raise ProgrammeError(
            "%d bytes; a board keeps at most %d: give fewer windows or slabs"
            % (len(data), PROGRAMME_MAX_BYTES)
        )


def _check_load(load):
    records.check_map(load, LOAD_NAMES, NEUTRAL_LOAD, "load")
    records.check_integers(load, _LOAD_INTEGERS, LOAD_NAMES, "load")
    bands = load[LOAD_BANDS]
    if type(bands) is not list or not 1 <= len(bands) <= BANDS_MAX:
        raise ProgrammeError("load: give 1 to %d bands" % BANDS_MAX)
    percent = BAND_MIN_PERCENT - 1
    seconds = BAND_MAX_S + 1
    for band in bands:
        _check_band(band)
        if band[0] <= percent or band[1] >= seconds:
            raise ProgrammeError("load: bands must ascend in percent and descend in seconds")
        percent, seconds = band


def _check_band(band):
    good = type(band) is list and len(band) == 2 and type(band[0]) is int and type(band[1]) is int
    if (
        not good
        or not BAND_MIN_PERCENT <= band[0] <= BAND_MAX_PERCENT
        or not 0 <= band[1] <= BAND_MAX_S
    ):
        raise ProgrammeError(
            "load: a band is [percent %d-%d, seconds 0-%d]"
            % (BAND_MIN_PERCENT, BAND_MAX_PERCENT, BAND_MAX_S)
        )


def _check_credit(credit):
    records.check_map(credit, CREDIT_NAMES, NEUTRAL_CREDIT, "credit")
    records.check_integers(credit, _CREDIT_INTEGERS, CREDIT_NAMES, "credit")
    if credit[CREDIT_LOW_2] > credit[CREDIT_LOW_1]:
        raise ProgrammeError("credit: low_2 must not be above low_1, which warns first")
    if credit[CREDIT_PHASES] not in (1, 3):
        raise ProgrammeError("credit: phases must be 1 or 3")
    windows.validate(credit[CREDIT_FRIENDLY_WINDOWS], "friendly_windows")


def _check_second_limit(second):
    """Another limit, on the generator or inside windows: null or [limit_w, windows]."""
    if second is None:
        return
    good = type(second) is list and len(second) == 2 and type(second[0]) is int
    if not good or not 1 <= second[0] <= LIMIT_MAX_W:
        raise ProgrammeError("second_limit: give null or [limit_w 1-%d, windows]" % LIMIT_MAX_W)
    windows.validate(second[1], "second_limit")
