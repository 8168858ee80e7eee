"""Constructed identifiers: of consumers (MG-5), of packages (MG-2), and their check characters.

docs/packages.md is the specification. Pure: no I/O, no Django.
"""

import re
from typing import NamedTuple

from controller.errors import Refused
from protocol.limits import LIMIT_MAX_W, PACKAGE_ID_MAX

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MONTHLY_RUPEES_MAX = 99_999
PRICE_PAISE_MAX = 1_000_000
POLE_MAX = 999
NUMBER_MAX = 99

FLAT = "A1.1"
FLAT_POSTPAID = "B1.1"
PREPAID_ENERGY = "A2.1"
PREPAID_MONEY = "A2.2"
POSTPAID = "B2.1"
UNMETERED = (FLAT, FLAT_POSTPAID)  # a fixed sum every month, whatever is used (MG-8)
PREPAID = (FLAT, PREPAID_ENERGY, PREPAID_MONEY)
KINDS = {
    FLAT: "Prepaid, flat (load limiter)",
    FLAT_POSTPAID: "Postpaid, flat (load limiter)",
    PREPAID_ENERGY: "Prepaid, metered, credit in energy",
    PREPAID_MONEY: "Prepaid, metered, credit in money",
    POSTPAID: "Postpaid, metered",
}

EVERY_DAY = 127
TIMINGS: dict[str, list[list[int]]] = {
    "FD": [],  # full day: no window means always
    "DD": [[EVERY_DAY, 360, 1080]],
    "NN": [[EVERY_DAY, 1080, 360]],
    "EE": [[EVERY_DAY, 1080, 1380]],
}
CUSTOM_TIMING = re.compile(r"C[0-9A-Z]")

_CONSUMER = re.compile(r"([A-Z]{2})([A-Z]{4})(\d{3})(\d{2})(?:[ -]([0-9A-Z]))?")
_PACKAGE = re.compile(
    r"([AB]\d\.\d) \(([A-Z][0-9A-Z])\) / (\d{1,6}) / (\d{1,5})"
    r"(?: / (?:(\d{1,7})p|([A-Z][A-Za-z0-9.-]*)))?(?: ([0-9A-Z]))?"
)


class ConsumerParts(NamedTuple):
    """What a consumer ID says."""

    state: str
    plant: str
    pole: int
    number: int


class PackageParts(NamedTuple):
    """What a package ID says: `monthly_rupees` a month, and a price a unit or a tariff."""

    kind: str
    timing: str
    limit_w: int
    monthly_rupees: int
    price_paise: int | None = None
    tariff_code: str | None = None


def check_character(text: str) -> str:
    """ISO 7064 MOD 37,36 over the letters and digits of `text`; capitals and small are one.

    Finds every single wrong character and nearly every swap of two neighbours.
    """
    product = 36
    for character in text.upper():
        if character in CHARACTERS:
            total = (product + CHARACTERS.index(character)) % 36 or 36
            product = total * 2 % 37
    return CHARACTERS[(37 - product) % 36]


def consumer_id(parts: ConsumerParts) -> str:
    """`BHKATS01112`: state, plant, pole, connection. Raises Refused when a part does not fit."""
    if not re.fullmatch("[A-Z]{2}", parts.state):
        raise Refused(f"{parts.state!r} is no state", "Use two capital letters, as BH.")
    if not re.fullmatch("[A-Z]{4}", parts.plant):
        raise Refused(f"{parts.plant!r} is no plant code", "Use four capital letters, as KATS.")
    _check_range("Pole", parts.pole, 1, POLE_MAX)
    _check_range("Connection", parts.number, 1, NUMBER_MAX)
    return f"{parts.state}{parts.plant}{parts.pole:03}{parts.number:02}"


def parse_consumer_id(text: str) -> ConsumerParts:
    """The parts of an ID, with or without its check character. Raises Refused."""
    match = _CONSUMER.fullmatch(text.strip().upper())
    if match is None:
        raise Refused(
            f"{text!r} is no consumer ID",
            "It has a state (2 letters), a plant (4 letters), pole (3 digits), connection (2).",
        )
    state, plant, pole, number, check = match.groups()
    parts = ConsumerParts(state, plant, int(pole), int(number))
    _check_against(text, check_character(consumer_id(parts)), check)
    return parts


def show_consumer_id(identity: str) -> str:
    """The ID with its check character beside it, as people see it."""
    return f"{identity} {check_character(identity)}"


def package_id(parts: PackageParts) -> str:
    """`A1.1 (NN) / 17 / 160`, and ` / 650p` or ` / TARIFF` when metered. Raises Refused."""
    _check_package(parts)
    text = f"{parts.kind} ({parts.timing}) / {parts.limit_w} / {parts.monthly_rupees}"
    if parts.price_paise is not None:
        text += f" / {parts.price_paise}p"
    if parts.tariff_code is not None:
        text += f" / {parts.tariff_code}"
    if len(text) > PACKAGE_ID_MAX:
        raise Refused(
            f"The package ID {text!r} is longer than {PACKAGE_ID_MAX} characters",
            "Use a tariff with a shorter code.",
        )
    return text


def parse_package_id(text: str) -> PackageParts:
    """The parts of a package ID, with or without its check character. Raises Refused."""
    match = _PACKAGE.fullmatch(" ".join(text.split()))
    if match is None:
        raise Refused(f"{text!r} is no package ID", "Write it as `A1.1 (NN) / 17 / 160`.")
    kind, timing, limit, monthly, price, tariff, check = match.groups()
    parts = PackageParts(
        kind, timing, int(limit), int(monthly), int(price) if price else None, tariff
    )
    _check_package(parts)
    _check_against(text, package_check(parts), check)
    return parts


def show_package_id(identity: str) -> str:
    """The ID with its check character behind it, as people see it."""
    return f"{identity} {package_check(parse_package_id(identity))}"


def package_check(parts: PackageParts) -> str:
    """The check character: over the fields at full width, so that 17/160 is not 171/60."""
    price = f"{parts.price_paise:07}" if parts.price_paise is not None else ""
    return check_character(
        f"{parts.kind}{parts.timing}{parts.limit_w:06}{parts.monthly_rupees:05}"
        f"{price}{parts.tariff_code or ''}"
    )


def _check_package(parts: PackageParts) -> None:
    if parts.kind not in KINDS:
        raise Refused(f"{parts.kind!r} is no package type", f"Use one of {', '.join(KINDS)}.")
    if parts.timing not in TIMINGS and not CUSTOM_TIMING.fullmatch(parts.timing):
        raise Refused(
            f"{parts.timing!r} is no timing code", f"Use {', '.join(TIMINGS)} or C0 to CZ."
        )
    _check_range("Load limit in watts", parts.limit_w, 1, LIMIT_MAX_W)
    _check_range("Monthly price in rupees", parts.monthly_rupees, 0, MONTHLY_RUPEES_MAX)
    prices = [price for price in (parts.price_paise, parts.tariff_code) if price is not None]
    if parts.kind in UNMETERED and prices:
        raise Refused("A flat package has no price per unit", "Leave out price and tariff.")
    if parts.kind not in UNMETERED and len(prices) != 1:
        raise Refused("A metered package needs one price", "Give a price per unit or a tariff.")
    if parts.price_paise is not None:
        _check_range("Price per unit in paise", parts.price_paise, 0, PRICE_PAISE_MAX)
    if parts.tariff_code is not None and parts.monthly_rupees:
        raise Refused("A tariff carries its own fixed charge", "Set the monthly price to 0.")
    if parts.kind == PREPAID_ENERGY and parts.price_paise == 0:
        raise Refused("Energy that costs nothing is not sold", "Give a price per unit.")


def _check_range(name: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise Refused(f"{name} {value} is out of range", f"Use {lowest} to {highest}.")


def _check_against(text: str, right: str, given: str | None) -> None:
    if given is not None and given != right:
        raise Refused(f"The check character of {text!r} does not fit", "Look for a typing error.")
