"""What may be vended by token, and how tokens and account numbers are written. Pure."""

from controller.errors import Refused
from protocol import sts
from protocol.limits import TOKEN_DIGITS

WH_PER_TENTH = 100
REVISION_MAX = 9
SERIAL_MAX = 99_999_999
ORDERS_MAX = 1_000  # of one bulk issue
METER_ORDERS_MAX = 20  # of these for one meter: a board keeps the last 50 identities
KEY_FIELD = "token_key"  # of a meter's state: supply group × 10 + revision, 0 the initial key
_ISSUER = "000000"  # no registered issuer: a closed domain
_GROUP = 4

# What a person may call the management tokens; the data of each.
MANAGEMENT = {
    "max_power": sts.MAX_POWER,
    "clear_credit": sts.CLEAR_CREDIT,
    "clear_tamper": sts.CLEAR_TAMPER,
}


def sellable_wh(energy_wh: int) -> int:
    """The largest energy that a token can carry and that is not above `energy_wh`.

    Tenths of a kWh to 1,638.3 kWh, beyond in steps of 1, 10 and 100 kWh.
    """
    tenths: int = sts.round_down(max(0, energy_wh) // WH_PER_TENTH)
    return tenths * WH_PER_TENTH


def check_tenths(amount_tenths: int) -> None:
    """Raises Refused for an amount that no token carries exactly, and for none."""
    if not 1 <= amount_tenths <= sts.AMOUNT_MAX_TENTHS:
        raise Refused(
            f"No token carries {amount_tenths} tenths of a kWh",
            f"Use 1 to {sts.AMOUNT_MAX_TENTHS}.",
        )
    exact = sts.round_down(amount_tenths)
    if exact != amount_tenths:
        raise Refused(
            f"No token carries exactly {amount_tenths} tenths of a kWh",
            f"Sell {exact}, or use the credit command.",
        )


def write_token(digits: str) -> str:
    """The digits in groups of four, as they are printed."""
    return " ".join(digits[at : at + _GROUP] for at in range(0, len(digits), _GROUP))


def split_tokens(digits: str) -> list[str]:
    """Tokens that stand one after another, each as it is printed."""
    return [
        write_token(digits[at : at + TOKEN_DIGITS]) for at in range(0, len(digits), TOKEN_DIGITS)
    ]


def account_number(serial: int) -> str:
    """The 18 digits of a meter's primary account number: issuer, 11 of the meter, check digit.

    The last of the meter's 11 and the last of all are Luhn check digits.
    """
    if not 1 <= serial <= SERIAL_MAX:
        raise Refused("There are no more account numbers", f"They end at {SERIAL_MAX}.")
    meter = f"00{serial:08d}"
    number = _ISSUER + meter + luhn(meter)
    return number + luhn(number)


def check_account_number(pan: str) -> None:
    """Raises Refused unless `pan` is 18 digits, the last of which is their Luhn check digit."""
    is_whole = len(pan) == 18 and pan.isascii() and pan.isdigit()
    if not is_whole or luhn(pan[:-1]) != pan[-1]:
        raise Refused(f"{pan!r} is no primary account number", "It has 18 digits; check the last.")


def luhn(digits: str) -> str:
    """The check digit of a row of digits (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return str(-total % 10)


def reported_key(state: int) -> tuple[str, int] | None:
    """(supply group, revision) of the key that a board reports; None for its initial key."""
    return (f"{state // 10:06d}", state % 10) if state else None
