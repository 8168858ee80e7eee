"""The programme: everything a package asks of a board, as one immutable record (docs/wire.md).

In memory it is the decoded CBOR map: plain dicts and lists under the key numbers below, so that
a board looks values up without allocating. This module must not know slots, activation or relays.
"""

from protocol import cbor, rating, windows
from protocol.errors import DecodeError, EncodeError, ProgrammeError
from protocol.limits import (
    AMOUNT_MAX,
    BAND_MAX_PERCENT,
    BAND_MAX_S,
    BAND_MIN_PERCENT,
    BANDS_MAX,
    COUNT_MAX,
    LIMIT_MAX_W,
    PACKAGE_ID_MAX,
    PROGRAMME_MAX_BYTES,
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
)
_CREDIT_INTEGERS = (
    (CREDIT_MODE, MODE_POSTPAID, MODE_MONEY),
    (CREDIT_LOW_1, 0, AMOUNT_MAX),
    (CREDIT_LOW_2, 0, AMOUNT_MAX),
    (CREDIT_RECONNECT, 1, AMOUNT_MAX),
    (CREDIT_SANCTIONED_LOAD_W, 1, LIMIT_MAX_W),
    (CREDIT_OPENED_S, 0, TIME_MAX_S),
)


def encode(programme):
    """Return the bytes of a programme. Raises ProgrammeError unless a board may run it."""
    validate(programme)
    try:
        data = cbor.encode(programme)
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
    return programme


def validate(programme):
    """Raise ProgrammeError (RatingError for the tariff) saying what no board may run, and why."""
    _check_map(programme, NAMES, "programme")
    _check_integers(programme, _INTEGERS, NAMES, "programme")
    package_id = programme[PACKAGE_ID]
    if type(package_id) is not str or not 1 <= len(package_id) <= PACKAGE_ID_MAX:
        raise ProgrammeError("package_id: give 1 to %d characters" % PACKAGE_ID_MAX)
    _check_load(programme[LOAD])
    windows.validate(programme[WINDOWS], "windows")
    if type(programme[SUPPLY_CLOCK_UNSET]) is not bool:
        raise ProgrammeError("supply_clock_unset: give true or false")
    _check_credit(programme[CREDIT])
    if programme[INTERVAL_S] not in _INTERVALS_S:
        raise ProgrammeError("interval_s: give one of %s" % (_INTERVALS_S,))
    if programme[TARIFF] is not None:
        rating.validate(programme[TARIFF])
    elif programme[CREDIT][CREDIT_MODE] == MODE_MONEY:
        raise ProgrammeError("tariff: credit in money needs one")


def from_names(names):
    """Return the record for its readable form: the names above instead of numbers.

    Names of `load` left out take DEFAULT_LOAD; nothing else may be left out. Raises
    ProgrammeError for a name that is unknown or missing, and whatever `validate` raises.
    """
    programme = _numbered(names, NAMES, "programme")
    load = dict(DEFAULT_LOAD)
    load.update(_numbered(programme.get(LOAD, {}), LOAD_NAMES, "load"))
    programme[LOAD] = load
    programme[CREDIT] = _numbered(programme.get(CREDIT, {}), CREDIT_NAMES, "credit")
    if programme.get(TARIFF) is not None:
        programme[TARIFF] = rating.from_names(programme[TARIFF])
    validate(programme)
    return programme


def to_names(programme):
    """Return the readable form of a valid record."""
    names = {name: programme[key] for key, name in enumerate(NAMES)}
    names["load"] = {name: programme[LOAD][key] for key, name in enumerate(LOAD_NAMES)}
    names["credit"] = {name: programme[CREDIT][key] for key, name in enumerate(CREDIT_NAMES)}
    if programme[TARIFF] is not None:
        names["tariff"] = rating.to_names(programme[TARIFF])
    return names


def _numbered(names, known, what):
    if not isinstance(names, dict):
        raise ProgrammeError("%s: give a map of names" % what)
    for name in names:
        if name not in known:
            raise ProgrammeError("%s: unknown name %r; use %s" % (what, name, ", ".join(known)))
    return {key: names[name] for key, name in enumerate(known) if name in names}


def _check_size(data):
    if len(data) > PROGRAMME_MAX_BYTES:
        raise ProgrammeError(
            "%d bytes; a board keeps at most %d: give fewer windows or slabs"
            % (len(data), PROGRAMME_MAX_BYTES)
        )


def _check_map(value, names, what):
    if type(value) is not dict:
        raise ProgrammeError("%s must be a map" % what)
    for key, name in enumerate(names):
        if key not in value:
            raise ProgrammeError("%s: %s (key %d) is missing" % (what, name, key))
    if len(value) != len(names):
        raise ProgrammeError("%s: only keys 0 to %d are known" % (what, len(names) - 1))


def _check_integers(value, integers, names, what):
    for key, lowest, highest in integers:
        number = value[key]
        if type(number) is not int or not lowest <= number <= highest:
            raise ProgrammeError(
                "%s: %s must be an integer from %d to %d" % (what, names[key], lowest, highest)
            )


def _check_load(load):
    _check_map(load, LOAD_NAMES, "load")
    _check_integers(load, _LOAD_INTEGERS, LOAD_NAMES, "load")
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
    _check_map(credit, CREDIT_NAMES, "credit")
    _check_integers(credit, _CREDIT_INTEGERS, CREDIT_NAMES, "credit")
    if credit[CREDIT_LOW_2] > credit[CREDIT_LOW_1]:
        raise ProgrammeError("credit: low_2 must not be above low_1, which warns first")
    if credit[CREDIT_PHASES] not in (1, 3):
        raise ProgrammeError("credit: phases must be 1 or 3")
    windows.validate(credit[CREDIT_FRIENDLY_WINDOWS], "friendly_windows")
