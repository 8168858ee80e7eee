from collections.abc import Sequence

from protocol.sts import Token

VENDING_KEY_BYTES: int
EA_MISTY1: int
INITIALISATION: int
DEFAULT: int
UNIQUE: int
COMMON: int
TAKES_CREDIT: tuple[int, ...]
KEN_MAX: int
INITIAL_BASE: int

def initial_key(root: bytes, meter: str) -> bytes: ...
def derive_key(
    vending_key: bytes, sgc: str, ti: str, kt: int, krn: int, pan: str, base: int, ea: int = ...
) -> bytes: ...
def derivation_message(
    sgc: str, ti: str, kt: int, krn: int, pan: str, base: int, ea: int = ...
) -> bytes: ...
def check_digits(text: str, count: int, what: str) -> None: ...

class KeyChange:
    key: bytes
    krn: int
    kt: int
    ken: int
    ti: int
    sgc: int
    rollover: bool
    def __init__(
        self,
        key: bytes,
        krn: int,
        kt: int,
        ken: int,
        ti: int,
        sgc: int,
        rollover: bool = ...,
    ) -> None: ...

def key_sections(change: KeyChange) -> list[Token]: ...
def join_sections(blocks: Sequence[bytes]) -> KeyChange: ...
