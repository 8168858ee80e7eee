"""How the console writes numbers and times: integers in, text for people out.

Times are board time (docs/wire.md), shown in the zone of the pages (BIJLI_TIME_ZONE). No sums
happen here.
"""

from typing import Protocol

from django import template
from django.utils import timezone

from controller import clock
from controller.console.words import say, word
from controller.consumers.identity import show_consumer_id, show_package_id
from controller.figures import NARROW_SPACE, grouped, kwh, rupees, watts

register = template.Library()

MONTHS = (
    word("Jan"), word("Feb"), word("Mar"), word("Apr"), word("May"), word("Jun"),
    word("Jul"), word("Aug"), word("Sep"), word("Oct"), word("Nov"), word("Dec"),
)  # fmt: skip
POSTPAID, ENERGY, MONEY, FLAT = 0, 1, 2, 3  # credit modes of docs/wire.md


class Account(Protocol):
    """Anything that states a balance and in which unit it is kept."""

    credit_mode: int
    balance: int


register.filter(rupees)
register.filter(kwh)
register.filter(watts)


@register.filter
def in_unit(amount: int, unit: str) -> str:
    """An amount of credit: kWh when its unit is Wh, days as they are, otherwise rupees."""
    if unit == "days":
        return say("{0} days", amount)
    return kwh(amount) if unit == "Wh" else rupees(amount)


@register.filter
def credit(account: Account) -> str:
    """The balance in the account's own unit; postpaid accounts keep none."""
    if account.credit_mode == MONEY:
        return rupees(account.balance)
    if account.credit_mode == ENERGY:
        return kwh(account.balance)
    if account.credit_mode == FLAT:
        return say("{0} days", account.balance)
    return say("postpaid")


@register.filter
def consumer_id(identity: str) -> str:
    """A consumer's ID with its check character: BHKATS01112 8."""
    return show_consumer_id(identity)


@register.filter
def package_id(identity: str) -> str:
    """A package's ID with its check character: A1.1 (NN) / 17 / 160 J."""
    return show_package_id(identity)


@register.filter
def moment(time_s: int) -> str:
    """A time with its day and year: 22 Nov 2026, 14:03."""
    local = timezone.localtime(clock.moment(time_s))
    return f"{day(time_s)}, {local:%H:%M}"


@register.filter
def day(time_s: int) -> str:
    """A day with its year: 22 Nov 2026."""
    local = timezone.localtime(clock.moment(time_s))
    return f"{local.day} {say(MONTHS[local.month - 1])} {local.year}"


@register.filter
def month(text: str) -> str:
    """A month as 2026-10 in words: Oct 2026; any other text as it is."""
    year, _, number = text.partition("-")
    if not (number.isdecimal() and 1 <= int(number) <= len(MONTHS)):
        return text
    return f"{say(MONTHS[int(number) - 1])} {year}"


@register.filter
def seen(time_s: int) -> str:
    """A recent time: 14:03 today, 21 Nov 14:03 before; never when 0."""
    if not time_s:
        return say("never")
    local = timezone.localtime(clock.moment(time_s))
    today = timezone.localtime(clock.moment(clock.now_s())).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local.day} {say(MONTHS[local.month - 1])} {local:%H:%M}"


@register.filter
def hours(minutes: int) -> str:
    """Minutes as hours and minutes."""
    return f"{grouped(minutes // 60)}{NARROW_SPACE}h {minutes % 60}{NARROW_SPACE}min"
