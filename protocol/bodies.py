"""What the body of each kind of message must look like: the tables of docs/wire.md as checks.

Each `check_…` raises MessageError naming the field, and returns None. This module must not
know envelopes, topics, or what anybody does with a message.
"""

from protocol.errors import MessageError
from protocol.limits import (
    AMOUNT_MAX,
    COMMAND_ID_BYTES,
    COUNT_MAX,
    COUNTER_MAX,
    ENERGY_MAX_WH,
    EVENT_CODE_MAX,
    EVENT_VALUE_MAX,
    EVENTS_PER_MESSAGE_MAX,
    FIRMWARE_TEXT_MAX,
    LIMIT_MAX_W,
    NONCE_BYTES,
    POWER_MAX_W,
    READINGS_PER_MESSAGE_MAX,
    SEQUENCE_MAX,
    TIME_MAX_S,
    TOTAL_MAX,
    VOLTAGE_MAX_V,
)

_ENERGY = (0, ENERGY_MAX_WH)
_TIME = (0, TIME_MAX_S)
_COUNT = (0, COUNT_MAX)
_SEQUENCE = (1, SEQUENCE_MAX)
_SEQUENCE_OR_NONE = (0, SEQUENCE_MAX)
_BALANCE = (-TOTAL_MAX, TOTAL_MAX)
_TOTAL = (0, TOTAL_MAX)
_VOLTAGE = (0, VOLTAGE_MAX_V)
_POWER = (0, POWER_MAX_W)
_CREDIT_MODE = (0, 3)
_DAY_S = (0, 86_400)

_READING = (
    _SEQUENCE,
    _TIME,  # end_s
    (0, 255),  # flags
    _ENERGY,  # energy_wh
    _ENERGY,  # rate0_wh
    _ENERGY,
    _ENERGY,
    _ENERGY,  # rate3_wh
    _POWER,  # power_w_max
    _VOLTAGE,  # voltage_v_min
    _VOLTAGE,  # voltage_v_max
    _DAY_S,  # supply_s
    _CREDIT_MODE,
    _BALANCE,
    _COUNT,  # programme_version
    _TOTAL,  # charged_total
)
_EVENT = (
    _SEQUENCE,
    _TIME,  # time_s
    (0, 3),  # flags
    (1, EVENT_CODE_MAX),  # a code that we do not know yet is stored all the same
    (-EVENT_VALUE_MAX, EVENT_VALUE_MAX),
)
_STATUS = (
    (0, 2),  # clock state
    (0, 511),  # holds
    (0, 1),  # relay
    _POWER,  # power_w
    _VOLTAGE,  # voltage_v
    _ENERGY,  # energy_wh
    _BALANCE,
    _CREDIT_MODE,
    _TOTAL,  # credited_total
    _TOTAL,  # charged_total
    _COUNT,  # programme version
    _COUNT,  # passive version
    _TIME,  # passive activation_s
    (0, LIMIT_MAX_W),  # limit_w
    _TIME,  # wait_until_s
    _COUNT,  # trips total
    _COUNT,  # outages total
    _COUNT,  # supply minutes total
    _SEQUENCE_OR_NONE,  # last reading
    _SEQUENCE_OR_NONE,  # last event
    _COUNT,  # heap free bytes
    (0, 4),  # metering state
    (0, COUNTER_MAX),  # last downlink counter
    _TIME,  # now_s
    # From here on a field that is absent is 0.
    _POWER,  # maximum demand, W
    _TIME,  # its time
    _ENERGY,  # reverse energy
    (0, 1),  # source
    _TOTAL,  # emergency credit outstanding
    _TOTAL,  # debt outstanding
    _TIME,  # paid_until_s
    _COUNT,  # days that a recharge is overdue
    _COUNT,  # task restarts
    _COUNT,  # crashes
    (0, 1),  # safe mode
    _COUNT,  # tampers
)
_STATUS_REQUIRED = 24


def check_hello(body):
    """The first message after a start: what the board is and what it still holds."""
    _check_keys(body, "hello", 8)
    check_text(body[0], FIRMWARE_TEXT_MAX, "hello: firmware")
    check_bytes(body[1], NONCE_BYTES, "hello: nonce")
    check_integer(body[2], (0, 4), "hello: reset cause")
    check_integer(body[3], _COUNT, "hello: boots")
    check_status(body[4])
    check_integer(body[5], _COUNT, "hello: refused messages")
    check_integer(body[6], _SEQUENCE_OR_NONE, "hello: first reading")
    check_integer(body[7], _SEQUENCE_OR_NONE, "hello: first event")


def check_readings(body):
    """1–24 interval records, sequences ascending, rate registers summing to the energy."""
    before = 0
    for reading in _records(body, "readings", READINGS_PER_MESSAGE_MAX):
        _check_record(reading, _READING, "reading", before)
        before = reading[0]
        if reading[4] + reading[5] + reading[6] + reading[7] != reading[3]:
            raise MessageError("reading %d: the rate registers do not sum to energy" % before)


def check_events(body):
    """1–32 event records, sequences ascending."""
    before = 0
    for event in _records(body, "events", EVENTS_PER_MESSAGE_MAX):
        _check_record(event, _EVENT, "event", before)
        before = event[0]


def check_status(body):
    """The state of a board: fields 0-23, and those after them that are not 0.

    Fields that we do not know yet may be any integers.
    """
    if type(body) is not dict or len(body) < _STATUS_REQUIRED:
        raise MessageError("status must be a map of at least %d keys" % _STATUS_REQUIRED)
    for key in range(_STATUS_REQUIRED):
        if key not in body:
            raise MessageError("status: key %d is missing" % key)
    for key, value in body.items():
        if type(key) is not int:
            raise MessageError("status: keys are integers")
        bounds = _STATUS[key] if 0 <= key < len(_STATUS) else _BALANCE
        if type(value) is not int or not bounds[0] <= value <= bounds[1]:
            check_integer(value, bounds, "status: field %d" % key)


def check_receipt(body):
    """What became of a command, with the state after it."""
    _check_keys(body, "receipt", 5 if type(body) is dict and 4 in body else 4)
    check_bytes(body[0], COMMAND_ID_BYTES, "receipt: command id")
    check_integer(body[1], (1, 4), "receipt: stage")
    check_integer(body[2], (0, 255), "receipt: reason")
    check_status(body[3])
    if body[1] == 3 and body[2] == 0:
        raise MessageError("receipt: refused without a reason")


def check_ack(body):
    """Up to where the controller holds everything, and its time."""
    _check_keys(body, "ack", 4 if type(body) is dict and 3 in body else 3)
    check_integer(body[0], (1, 3), "ack: kind")
    check_integer(body[1], _SEQUENCE_OR_NONE, "ack: through")
    check_integer(body[2], _TIME, "ack: now_s")
    if (body[0] == 1) != (3 in body):
        raise MessageError("ack: a nonce belongs to the answer to hello, and only there")
    if 3 in body:
        check_bytes(body[3], NONCE_BYTES, "ack: nonce")


def check_command(body):
    """The frame only: an unknown name or bad arguments get a receipt (`commands.validate`)."""
    _check_keys(body, "command", 6)
    check_bytes(body[0], COMMAND_ID_BYTES, "command: id")
    for key in (1, 2, 3):
        check_integer(body[key], _TIME, "command: time %d" % key)
    check_integer(body[4], (0, AMOUNT_MAX), "command: name")
    if type(body[5]) is not dict:
        raise MessageError("command: arguments must be a map")


def check_integer(value, bounds, what):
    """Raise MessageError unless `value` is an int (not a bool) within `bounds`, ends included."""
    if type(value) is not int or not bounds[0] <= value <= bounds[1]:
        raise MessageError("%s must be an integer from %d to %d" % (what, bounds[0], bounds[1]))


def check_bytes(value, count, what):
    """Raise MessageError unless `value` is `count` octets."""
    if type(value) is not bytes or len(value) != count:
        raise MessageError("%s must be %d bytes" % (what, count))


def check_text(value, longest, what):
    """Raise MessageError unless `value` is text of 1 to `longest` characters."""
    if type(value) is not str or not 1 <= len(value) <= longest:
        raise MessageError("%s must be text of 1 to %d characters" % (what, longest))


def _check_keys(body, what, count):
    if type(body) is not dict or len(body) != count:
        raise MessageError("%s must be a map of %d keys" % (what, count))
    for key in range(count):
        if key not in body:
            raise MessageError("%s: key %d is missing" % (what, key))


def _records(body, what, longest):
    _check_keys(body, what, 1)
    records = body[0]
    if type(records) is not list or not 1 <= len(records) <= longest:
        raise MessageError("%s must be a list of 1 to %d" % (what, longest))
    return records


def _check_record(record, form, what, before):
    if type(record) is not list or len(record) != len(form):
        raise MessageError("%s must be a list of %d" % (what, len(form)))
    for index, bounds in enumerate(form):
        value = record[index]
        if type(value) is not int or not bounds[0] <= value <= bounds[1]:
            check_integer(value, bounds, "%s: field %d" % (what, index))
    if record[0] <= before:
        raise MessageError("%s %d does not follow %d" % (what, record[0], before))
