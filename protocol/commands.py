"""Commands: their names and numbers, and what arguments each may have (docs/wire.md).

`validate` is the same judgement at the desk, before a command is signed, and on the board, where
its reason goes into the receipt. This module must not know what a command does.
"""

from protocol import programme
from protocol.errors import CommandError, ProgrammeError
from protocol.limits import (
    AMOUNT_MAX,
    DAYS_MAX,
    LIMIT_MAX_W,
    MESSAGE_MAX_S,
    MESSAGE_TEXT_MAX,
    PROFILE_READINGS_MAX,
    PURCHASE_ID_BYTES,
    SEQUENCE_MAX,
    TIME_MAX_S,
    TOKEN_DIGITS,
)

DISCONNECT = 1
RECONNECT = 2
SET_PROGRAMME = 3
CREDIT = 4
SET_EMERGENCY_LIMIT = 5
CLEAR_TAMPER = 6
SET_CLOCK = 7
READ_REGISTERS = 8
READ_PROFILE = 9
SHOW_MESSAGE = 13
SET_SOURCE = 14
SET_TOKEN_KEY = 15

NUMBERS = {
    "disconnect": DISCONNECT,
    "reconnect": RECONNECT,
    "set_programme": SET_PROGRAMME,
    "credit": CREDIT,
    "set_emergency_limit": SET_EMERGENCY_LIMIT,
    "clear_tamper": CLEAR_TAMPER,
    "set_clock": SET_CLOCK,
    "read_registers": READ_REGISTERS,
    "read_profile": READ_PROFILE,
    "rotate_key": 10,
    "install_release": 11,
    "confirm_release": 12,
    "show_message": SHOW_MESSAGE,
    "set_source": SET_SOURCE,
    "set_token_key": SET_TOKEN_KEY,
}
_NOT_YET = (10, 11, 12)

UNIT_ENERGY = 1
UNIT_MONEY = 2
UNIT_DAYS = 3

KEY_CHANGE_TOKENS = 4

SOURCE_MAINS = 0
SOURCE_GENERATOR = 1

STAGE_RECEIVED = 1
STAGE_APPLIED = 2
STAGE_REFUSED = 3
STAGE_EXPIRED = 4

REASON_NONE = 0
REASON_UNKNOWN_NAME = 1
REASON_BAD_ARGUMENTS = 2
REASON_OUT_OF_RANGE = 3
REASON_WRONG_UNIT = 4
REASON_NOT_YET = 5
REASON_NOT_NEWER = 6
REASON_CREDITED_ALREADY = 7
REASON_NOT_SUPPORTED = 8
REASON_STORAGE_FAILED = 9
REASON_CLOCK_UNSET = 10
REASON_STALE_COUNTER = 11
REASON_EXPIRED = 12
REASON_AUTHENTICATION = 13
REASON_UNDECODABLE = 14
REASON_TOO_LARGE = 15
REASON_TOO_OLD = 16


def validate(number, arguments):
    """Raise CommandError, with the `reason` for the receipt, unless the command may be sent.

    `number` is one of NUMBERS' values, `arguments` its map as on the wire.
    """
    if number in _NOT_YET:
        raise CommandError(REASON_NOT_SUPPORTED, "command %d is not supported yet" % number)
    if type(arguments) is not dict:
        raise CommandError(REASON_BAD_ARGUMENTS, "arguments must be a map")
    check = _CHECKS.get(number)
    if check is None:
        raise CommandError(REASON_UNKNOWN_NAME, "there is no command %s" % (number,))
    check(arguments)


def _check_nothing(arguments):
    _check_keys(arguments, 0)


def _check_set_programme(arguments):
    _check_keys(arguments, 1)
    if type(arguments[0]) is not bytes:
        raise CommandError(REASON_BAD_ARGUMENTS, "the programme must be bytes")
    try:
        programme.decode(arguments[0])
    except ProgrammeError as error:
        raise CommandError(REASON_OUT_OF_RANGE, str(error)) from None


def _check_credit(arguments):
    _check_keys(arguments, 3)
    purchase = arguments[0]
    if type(purchase) is not bytes or len(purchase) != PURCHASE_ID_BYTES:
        raise CommandError(REASON_BAD_ARGUMENTS, "purchase id: give %d bytes" % PURCHASE_ID_BYTES)
    _check_integer(arguments[1], UNIT_ENERGY, UNIT_DAYS, "unit")
    most = DAYS_MAX if arguments[1] == UNIT_DAYS else AMOUNT_MAX
    _check_integer(arguments[2], 1, most, "amount")


def _check_set_emergency_limit(arguments):
    _check_keys(arguments, 2)
    _check_integer(arguments[0], 0, LIMIT_MAX_W, "limit_w")
    _check_integer(arguments[1], 0, TIME_MAX_S, "until_s")


def _check_set_source(arguments):
    _check_keys(arguments, 2)
    _check_integer(arguments[0], SOURCE_MAINS, SOURCE_GENERATOR, "source")
    _check_integer(arguments[1], 0, TIME_MAX_S, "until_s")


def _check_set_clock(arguments):
    _check_keys(arguments, 1)
    _check_integer(arguments[0], 0, TIME_MAX_S, "now_s")


def _check_read_profile(arguments):
    _check_keys(arguments, 2)
    _check_integer(arguments[0], 1, SEQUENCE_MAX, "first sequence")
    _check_integer(arguments[1], arguments[0], SEQUENCE_MAX, "last sequence")
    if arguments[1] - arguments[0] >= PROFILE_READINGS_MAX:
        raise CommandError(
            REASON_OUT_OF_RANGE, "ask for at most %d readings at a time" % PROFILE_READINGS_MAX
        )


def _check_show_message(arguments):
    _check_keys(arguments, 2)
    text = arguments[0]
    if type(text) is not str:
        raise CommandError(REASON_BAD_ARGUMENTS, "the message must be text")
    good = 1 <= len(text) <= MESSAGE_TEXT_MAX
    if not good or any(not " " <= letter <= "~" for letter in text):
        raise CommandError(
            REASON_OUT_OF_RANGE, "the display shows 1 to %d ASCII characters" % MESSAGE_TEXT_MAX
        )
    _check_integer(arguments[1], 1, MESSAGE_MAX_S, "seconds")


def _check_set_token_key(arguments):
    _check_keys(arguments, 1)
    digits = arguments[0]
    if type(digits) is not str or len(digits) != KEY_CHANGE_TOKENS * TOKEN_DIGITS:
        raise CommandError(REASON_BAD_ARGUMENTS, "give the digits of four tokens")
    if any(not "0" <= digit <= "9" for digit in digits):
        raise CommandError(REASON_BAD_ARGUMENTS, "tokens have digits only")


def _check_keys(arguments, count):
    for key in range(count):
        if key not in arguments:
            raise CommandError(REASON_BAD_ARGUMENTS, "argument %d is missing" % key)
    if len(arguments) != count:
        raise CommandError(REASON_BAD_ARGUMENTS, "give %d arguments" % count)


def _check_integer(value, lowest, highest, what):
    if type(value) is not int:
        raise CommandError(REASON_BAD_ARGUMENTS, "%s must be an integer" % what)
    if not lowest <= value <= highest:
        raise CommandError(REASON_OUT_OF_RANGE, "%s: give %d to %d" % (what, lowest, highest))


_CHECKS = {
    DISCONNECT: _check_nothing,
    RECONNECT: _check_nothing,
    SET_PROGRAMME: _check_set_programme,
    CREDIT: _check_credit,
    SET_EMERGENCY_LIMIT: _check_set_emergency_limit,
    CLEAR_TAMPER: _check_nothing,
    SET_CLOCK: _check_set_clock,
    READ_REGISTERS: _check_nothing,
    READ_PROFILE: _check_read_profile,
    SHOW_MESSAGE: _check_show_message,
    SET_SOURCE: _check_set_source,
    SET_TOKEN_KEY: _check_set_token_key,
}
