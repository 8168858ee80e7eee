"""What water and appliances cost, in which instalments, and what may be recorded (MG-15). Pure."""

import re

from controller.errors import Refused

LITRES_MAX = 100_000  # a sale
PRODUCED_MAX_L, USE_MAX_WH = 10_000_000, 100_000_000  # a day
INSTALMENTS_MAX = 60
PRICE_MAX_PAISE = 100_000_000  # ₹10 lakh; beyond, it is a typing error
ITEM_MAX = 80  # characters
KEY = re.compile(r"[\x21-\x7e]{8,100}")
MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def check_key(key: str) -> None:
    """Raises Refused for what does not name a sale once and for all."""
    if not KEY.fullmatch(key):
        raise Refused(f"{key!r} is no key of a sale", "Use 8 to 100 printable characters.")


def check_day(produced_l: int, electricity_wh: int) -> None:
    """Raises Refused for a day of the purification unit that cannot be."""
    if not 0 <= produced_l <= PRODUCED_MAX_L or not 0 <= electricity_wh <= USE_MAX_WH:
        raise Refused(
            f"{produced_l} litres with {electricity_wh} Wh are no day of a purification unit",
            f"Use 0 to {PRODUCED_MAX_L} litres and 0 to {USE_MAX_WH} Wh.",
        )


def water_paise(litres: int, price_paise: int) -> int:
    """What so many litres cost. Raises Refused for a sale that cannot be."""
    if not 1 <= litres <= LITRES_MAX:
        raise Refused(f"{litres} litres cannot be sold", f"Use 1 to {LITRES_MAX}.")
    if price_paise < 1:
        raise Refused("Water has no price yet", "Set water_price_paise in the utility profile.")
    return litres * price_paise


def wh_per_litre_tenths(produced_l: int, electricity_wh: int) -> int | None:
    """Electricity for a litre in tenths of a Wh, rounded half up; None where none was produced."""
    return (20 * electricity_wh + produced_l) // (2 * produced_l) if produced_l else None


def check_appliance(item: str, price_paise: int, down_paise: int, instalments: int) -> None:
    """Raises Refused for a sale by instalments that cannot be."""
    if not item.strip() or len(item) > ITEM_MAX:
        raise Refused(f"{item!r} is no appliance", f"Use 1 to {ITEM_MAX} characters.")
    if not 1 <= instalments <= INSTALMENTS_MAX:
        raise Refused(f"{instalments} instalments cannot be", f"Use 1 to {INSTALMENTS_MAX}.")
    left = price_paise - down_paise
    if down_paise < 0 or not instalments <= left <= PRICE_MAX_PAISE:
        raise Refused(
            f"{left} paise cannot be paid in {instalments} instalments",
            "Correct price, down payment or their number.",
        )


def divide(paise: int, instalments: int) -> list[int]:
    """Equal instalments; the first ones carry the odd paise, so that all is paid."""
    each, odd = divmod(paise, instalments)
    return [each + (number < odd) for number in range(instalments)]


def month_number(month: str) -> int:
    """Months since year 0 of `YYYY-MM`, to count with. Raises Refused."""
    match = MONTH.fullmatch(month)
    if match is None:
        raise Refused(f"{month!r} is no month", "Write it as 2026-01.")
    return int(match[1]) * 12 + int(match[2]) - 1


def month_name(number: int) -> str:
    """`2026-01` again."""
    return f"{number // 12:04}-{number % 12 + 1:02}"
