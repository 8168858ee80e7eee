"""Messages: their kinds, topics, numbers, and the way in and out of an envelope.

`seal_message` and `open_message` are the two verbs; what a body must look like stands in
`bodies`. This module must not know MQTT, storage, or what anybody does with a message.
"""

from protocol import bodies, cbor, cose
from protocol.errors import MessageError
from protocol.keys import check_meter, external_aad
from protocol.limits import COUNTER_MAX, TIME_MAX_S

HELLO = 1
READINGS = 2
EVENTS = 3
STATUS = 4
RECEIPT = 5
# 6 is reserved for the signed daily register
ACK = 16
COMMAND = 17

UP = "up"
DOWN = "down"

KIND_NAMES = {
    HELLO: "hello",
    READINGS: "readings",
    EVENTS: "events",
    STATUS: "status",
    RECEIPT: "receipt",
    ACK: "ack",
    COMMAND: "command",
}

# Status map: the fields that more than one room looks for (all 24: docs/wire.md)
STATUS_HOLDS = 1
STATUS_ENERGY_WH = 5
STATUS_BALANCE = 6
STATUS_CREDITED_TOTAL = 8
STATUS_LIMIT_W = 13
STATUS_LAST_READING = 18
STATUS_LAST_EVENT = 19
STATUS_HEAP_FREE_BYTES = 20

# Flags of readings (all) and events (the first two)
FLAG_CLOCK_UNSET = 1
FLAG_CLOCK_HELD = 2
FLAG_POWER_FAILED = 4
FLAG_RELAY_OPEN = 8
FLAG_METERING_FAULT = 16
FLAG_PROGRAMME_CHANGED = 32
FLAG_LAST_OF_DAY = 64
FLAG_CLOCK_STEPPED = 128  # set back so far that readings began anew

# Holds
HOLD_OPERATOR = 1
HOLD_CREDIT = 2
HOLD_WINDOW = 4
HOLD_OVERLOAD = 8
HOLD_LOCKOUT = 16
HOLD_TAMPER = 32
HOLD_FAULT = 64
HOLD_START = 128
HOLD_CONFIRM = 256

CLOCK_UNSET = 0
CLOCK_HELD = 1
CLOCK_SYNCED = 2

# Event codes; 101, 102, 158, 251, 301, 302 are those of IS 15959-2
EVENT_POWER_FAILED = 101
EVENT_POWER_RESTORED = 102
EVENT_LIMIT_SET = 158
EVENT_COVER_OPENED = 251
EVENT_SUPPLY_OFF = 301
EVENT_SUPPLY_ON = 302
EVENT_TRIP = 1001
EVENT_LOCKOUT = 1002
EVENT_BUTTON_RESET = 1003
EVENT_BUTTON_REFUSED = 1004
EVENT_CREDIT_LOW_1 = 1005
EVENT_CREDIT_LOW_2 = 1006
EVENT_CREDIT_EXHAUSTED = 1007
EVENT_CREDIT_ADDED = 1008
EVENT_WINDOW_ENDED = 1009
EVENT_WINDOW_BEGUN = 1010
EVENT_PROGRAMME_STORED = 1011
EVENT_PROGRAMME_ACTIVATED = 1012
EVENT_METERING_FAULT = 1013
EVENT_METERING_RECOVERED = 1014
EVENT_RELAY_WELD = 1015
EVENT_RELAY_MISS = 1016
EVENT_CLOCK_SET = 1017
EVENT_CHIP_REBASED = 1018
EVENT_MESSAGE_REFUSED = 1019
EVENT_BOOT = 1020
EVENT_RING_OVERFLOW = 1021
EVENT_OPERATOR_DISCONNECTED = 1022
EVENT_OPERATOR_RECONNECTED = 1023
EVENT_EMERGENCY_LIMIT = 1024
EVENT_RETRY = 1025
EVENT_SOURCE = 1026
EVENT_TAMPER_CLEARED = 1027
EVENT_EMERGENCY_CREDIT = 1028
EVENT_EMERGENCY_REPAID = 1029
EVENT_DEBT_PAID = 1030
EVENT_PAID_UNTIL = 1031
EVENT_LIFELINE_ADVANCE = 1032
EVENT_RECHARGE_OVERDUE = 1033
EVENT_TASK_RESTARTED = 1034
EVENT_SAFE_MODE = 1035
EVENT_CLOCK_DOUBTED = 1036
EVENT_PHASE_OVERLOAD = 1037
EVENT_STORE_FAULT = 1038
EVENT_BUTTON_STUCK = 1039
EVENT_CALIBRATED = 1040
EVENT_RELAY_ALARM = 1041
EVENT_TOKEN_TAKEN = 1042
EVENT_TOKEN_REFUSED = 1043
EVENT_TOKEN_KEY = 1044
EVENT_CREDIT_CLEARED = 1045

_CHECKS = {
    HELLO: bodies.check_hello,
    READINGS: bodies.check_readings,
    EVENTS: bodies.check_events,
    STATUS: bodies.check_status,
    RECEIPT: bodies.check_receipt,
    ACK: bodies.check_ack,
    COMMAND: bodies.check_command,
}


def direction_of(kind):
    """Return `UP` or `DOWN`: numbers from 16 on come from the controller."""
    return UP if kind < ACK else DOWN


def topic(meter, direction, kind):
    """Return the MQTT topic of one kind (a number) of a meter, one way."""
    check_meter(meter)
    if kind not in KIND_NAMES or direction_of(kind) != direction:
        raise MessageError("no message of kind %s goes %s" % (kind, direction))
    return "bijli/1/%s/%s/%s" % (meter, direction, KIND_NAMES[kind])


def parse_topic(text):
    """Return (meter, direction, kind) of a topic. Raises MessageError.

    Nobody has authenticated a topic: believe the kind that `open_message` returns.
    """
    parts = text.split("/")
    if len(parts) != 5 or parts[0] != "bijli" or parts[1] != "1":
        raise MessageError("not a topic of ours: %s" % text)
    check_meter(parts[2])
    for kind, name in KIND_NAMES.items():
        if name == parts[4] and direction_of(kind) == parts[3]:
            return parts[2], parts[3], kind
    raise MessageError("no such kind of message: %s" % text)


def pack(kind, counter, sent_s, body):
    """Return the payload bytes. Raises MessageError for anything docs/wire.md does not allow."""
    _check(kind, counter, sent_s, body)
    return cbor.encode({0: kind, 1: counter, 2: sent_s, 3: body})


def unpack(payload):
    """Return (kind, counter, sent_s, body), every field checked, from payload bytes.

    Raises DecodeError (not our CBOR) or MessageError (not a message of ours).
    """
    message = cbor.decode(payload)
    if type(message) is not dict or len(message) != 4 or 3 not in message:
        raise MessageError("a payload is a map of kind, counter, time and body")
    kind, counter, sent_s, body = [message.get(key) for key in range(4)]
    _check(kind, counter, sent_s, body)
    return kind, counter, sent_s, body


def seal_message(role_key, meter, epoch, direction, kind, counter, sent_s, body):
    """Return the whole MQTT payload. Raises MessageError, or LimitError when too large."""
    if direction_of(kind) != direction:
        raise MessageError("kind %d does not go %s" % (kind, direction))
    payload = pack(kind, counter, sent_s, body)
    return cose.seal(role_key, payload, epoch, external_aad(direction, meter, epoch))


def open_message(role_key, meter, direction, data):
    """Return (epoch, kind, counter, sent_s, body) of a message that is genuine and well formed.

    The counter is not judged here (`replay`). Raises LimitError, DecodeError,
    AuthenticationError or MessageError.
    """
    epoch = cose.peek_epoch(data)
    payload = cose.open_sealed(role_key, data, external_aad(direction, meter, epoch))
    kind, counter, sent_s, body = unpack(payload)
    if direction_of(kind) != direction:
        raise MessageError("kind %d does not go %s" % (kind, direction))
    return epoch, kind, counter, sent_s, body


def _check(kind, counter, sent_s, body):
    check = _CHECKS.get(kind) if type(kind) is int else None
    if check is None:
        raise MessageError("kind %s is not known" % (kind,))
    bodies.check_integer(counter, (1, COUNTER_MAX), "counter")
    bodies.check_integer(sent_s, (0, TIME_MAX_S), "sent_s")
    check(body)
