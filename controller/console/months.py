"""A month as people choose it on a page: its span in board time, and the others."""

from datetime import datetime

from django.utils import timezone

from controller import clock
from controller.console.sheets import Tab
from controller.console.templatetags.format import month as in_words
from protocol.limits import EPOCH_UNIX_S

MONTHS_SHOWN = 6


def span_s(asked: str) -> tuple[str, int, int]:
    """The month asked for as 2026-10, or this one, with where it begins and where it ends."""
    now = timezone.localtime(clock.moment(clock.now_s()))
    try:
        first = datetime.strptime(asked, "%Y-%m").replace(tzinfo=now.tzinfo)
    except ValueError:
        first = now
    first = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return f"{first:%Y-%m}", _board_s(first), _board_s(_after(first))


def _after(first: datetime) -> datetime:
    year, month = divmod(first.year * 12 + first.month, 12)
    return first.replace(year=year, month=month + 1)


def _board_s(moment: datetime) -> int:
    return int(moment.timestamp()) - EPOCH_UNIX_S


def month_tabs(chosen: str) -> list[Tab]:
    """This month and those before it, and the one chosen."""
    now = timezone.localtime(clock.moment(clock.now_s()))
    months = []
    for back in range(MONTHS_SHOWN):
        year, month = divmod(now.year * 12 + now.month - 1 - back, 12)
        months.append(f"{year}-{month + 1:02d}")
    if chosen not in months:
        months.append(chosen)
    return [Tab(in_words(month), f"?month={month}", month == chosen) for month in months]
