"""How large a security deposit is, and what may be done with it (MG-13). Pure: integer paise."""

from collections.abc import Iterable
from typing import Any

from controller.errors import Refused
from protocol import rating

MONTH_DAYS = 30
DAY_MIN = 1_440
BANK, CASH = "bank", "cash:"


def supply_minutes(windows: Iterable[list[int]]) -> int:
    """Minutes of supply in an average day by a package's windows; none means all day.

    Special days are left out: they are few.
    """
    total, any_window = 0, False
    for mask, start_min, end_min, *_seasons in windows:
        any_window = True
        length = (end_min - start_min) % DAY_MIN or DAY_MIN
        total += length * (mask & 127).bit_count()
    return total // 7 if any_window else DAY_MIN


def expected_wh(limit_w: int, minutes_a_day: int, load_pct: int) -> int:
    """What a connection is expected to use in a month: a share of its limit while it is live."""
    return limit_w * minutes_a_day * MONTH_DAYS * load_pct // (60 * 100)


def expected_bill_paise(record: dict[str, Any], use_wh: int, load_w: int, phases: int) -> int:
    """A month's bill at the tariff `record` (rating.md names) for so much use."""
    bill: int = rating.total_paise(
        rating.from_names(record), (use_wh, 0, 0, 0), load_w, phases, MONTH_DAYS, MONTH_DAYS
    )
    return max(bill, 0)


def due_paise(needed_paise: int, held_paise: int) -> int:
    """What is still to be given."""
    return max(0, needed_paise - held_paise)


def usable_paise(asked_paise: int | None, held_paise: int, dues_paise: int) -> int:
    """How much of the deposit goes into dues. Raises Refused where nothing or too much would."""
    most = min(held_paise, dues_paise)
    if most <= 0:
        raise Refused("There is nothing to settle", "It needs both a deposit and dues.")
    if asked_paise is None:
        return most
    if not 1 <= asked_paise <= most:
        raise Refused(
            f"{asked_paise} paise cannot be taken from the deposit", f"Use 1 to {most} paise."
        )
    return asked_paise


def check_source(account: str, held_paise: int, amount_paise: int) -> None:
    """A deposit is given back from the bank, or from a drawer that holds it. Raises Refused."""
    if account == BANK:
        return
    if not account.startswith(CASH):
        raise Refused(f"Nothing is paid out of {account!r}", "Use bank, or cash: of a counter.")
    if held_paise < amount_paise:
        raise Refused(f"{account} holds {held_paise} paise only", "Pay it from the bank.")
