from typing import Any

HELLO: int
READINGS: int
EVENTS: int
STATUS: int
RECEIPT: int
ACK: int
COMMAND: int
UP: str
DOWN: str
KIND_NAMES: dict[int, str]
STATUS_HOLDS: int
STATUS_ENERGY_WH: int
STATUS_BALANCE: int
STATUS_CREDITED_TOTAL: int
STATUS_LIMIT_W: int
STATUS_LAST_READING: int
STATUS_LAST_EVENT: int
STATUS_HEAP_FREE_BYTES: int
FLAG_CLOCK_UNSET: int
FLAG_CLOCK_HELD: int
FLAG_POWER_FAILED: int
FLAG_RELAY_OPEN: int
FLAG_METERING_FAULT: int
FLAG_PROGRAMME_CHANGED: int
FLAG_LAST_OF_DAY: int
FLAG_CLOCK_STEPPED: int
HOLD_OPERATOR: int
HOLD_CREDIT: int
HOLD_WINDOW: int
HOLD_OVERLOAD: int
HOLD_LOCKOUT: int
HOLD_TAMPER: int
HOLD_FAULT: int
HOLD_START: int
HOLD_CONFIRM: int
CLOCK_UNSET: int
CLOCK_HELD: int
CLOCK_SYNCED: int
EVENT_POWER_FAILED: int
EVENT_POWER_RESTORED: int
EVENT_LIMIT_SET: int
EVENT_COVER_OPENED: int
EVENT_SUPPLY_OFF: int
EVENT_SUPPLY_ON: int
EVENT_TRIP: int
EVENT_LOCKOUT: int
EVENT_BUTTON_RESET: int
EVENT_BUTTON_REFUSED: int
EVENT_CREDIT_LOW_1: int
EVENT_CREDIT_LOW_2: int
EVENT_CREDIT_EXHAUSTED: int
EVENT_CREDIT_ADDED: int
EVENT_WINDOW_ENDED: int
EVENT_WINDOW_BEGUN: int
EVENT_PROGRAMME_STORED: int
EVENT_PROGRAMME_ACTIVATED: int
EVENT_METERING_FAULT: int
EVENT_METERING_RECOVERED: int
EVENT_RELAY_WELD: int
EVENT_RELAY_MISS: int
EVENT_CLOCK_SET: int
EVENT_CHIP_REBASED: int
EVENT_MESSAGE_REFUSED: int
EVENT_BOOT: int
EVENT_RING_OVERFLOW: int
EVENT_OPERATOR_DISCONNECTED: int
EVENT_OPERATOR_RECONNECTED: int
EVENT_EMERGENCY_LIMIT: int
EVENT_RETRY: int
EVENT_SOURCE: int
EVENT_TAMPER_CLEARED: int
EVENT_EMERGENCY_CREDIT: int
EVENT_EMERGENCY_REPAID: int
EVENT_DEBT_PAID: int
EVENT_PAID_UNTIL: int
EVENT_LIFELINE_ADVANCE: int
EVENT_RECHARGE_OVERDUE: int
EVENT_TASK_RESTARTED: int
EVENT_SAFE_MODE: int
EVENT_CLOCK_DOUBTED: int
EVENT_PHASE_OVERLOAD: int
EVENT_STORE_FAULT: int
EVENT_BUTTON_STUCK: int
EVENT_CALIBRATED: int
EVENT_RELAY_ALARM: int
EVENT_TOKEN_TAKEN: int
EVENT_TOKEN_REFUSED: int
EVENT_TOKEN_KEY: int
EVENT_CREDIT_CLEARED: int

def direction_of(kind: int) -> str: ...
def topic(meter: str, direction: str, kind: int) -> str: ...
def parse_topic(text: str) -> tuple[str, str, int]: ...
def pack(kind: int, counter: int, sent_s: int, body: object) -> bytes: ...
def unpack(payload: bytes) -> tuple[int, int, int, Any]: ...
def seal_message(
    role_key: bytes,
    meter: str,
    epoch: int,
    direction: str,
    kind: int,
    counter: int,
    sent_s: int,
    body: object,
) -> bytes: ...
def open_message(
    role_key: bytes, meter: str, direction: str, data: bytes
) -> tuple[int, int, int, int, Any]: ...
