CREDIT: int
TEST: int
MANAGEMENT: int
ELECTRICITY: int
WATER: int
GAS: int
TIME: int
MAX_POWER: int
CLEAR_CREDIT: int
TARIFF_RATE: int
KEY_SECTIONS: tuple[int, ...]
CLEAR_TAMPER: int
PHASE_UNBALANCE: int
WATER_FACTOR: int
CLEAR_ALL: int
ACCEPTED: int
USED: int
OLD: int
WRONG_FORMAT: int
BAD_CRC: int
OVERFLOW: int
KEY_EXPIRED: int
NOT_SUPPORTED: int
FIRST_KEY_TOKEN: int
NEXT_KEY_TOKEN: int
LOCKED_OUT: int
WRONG_UNIT: int
DEFAULT_KEY: int
STORAGE_FAILED: int
ANSWERS: tuple[str, ...]
BASES: tuple[int, ...]
TID_MAX: int
AMOUNT_MAX_TENTHS: int

class Token:
    kind: int
    block: bytes
    subclass: int
    def __init__(self, kind: int, block: bytes) -> None: ...
    @property
    def random(self) -> int: ...
    @property
    def tid_minutes(self) -> int: ...
    @property
    def data(self) -> int: ...
    @property
    def has_tid(self) -> bool: ...
    @property
    def amount_tenths(self) -> int: ...

def make(kind: int, subclass: int, tid_minutes: int, data: int, random: int) -> Token: ...
def make_test(subclass: int, control: int, manufacturer: int) -> Token: ...
def test_fields(token: Token) -> tuple[int, int]: ...
def encode(token: Token, key: bytes) -> str: ...
def decode(digits: str, key: bytes) -> Token: ...
def crc16(kind: int, block: bytes) -> int: ...
def amount_of(data: int) -> int: ...
def data_for(tenths: int) -> int: ...
def round_down(tenths: int) -> int: ...
def tid_at(time_s: int, base: int) -> int: ...
def free_tid(minutes: int) -> int: ...
def purchase_id(meter: str, base: int, tid_minutes: int) -> bytes: ...
