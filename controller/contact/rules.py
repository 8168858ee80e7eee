"""What a phone number, an address, … may be, and whose consent an edit needs (MG-11). Pure."""

import re
from collections.abc import Collection, Mapping

from controller.errors import Refused

CODE_DIGITS = 6
CODES_A_DAY_MAX = 10  # sent for one consumer
DAY_S = 86_400
ADDRESS_MAX, EMAIL_MAX = 200, 120  # characters

CONSUMER, AGENT = "consumer", "agent"
FIELDS = ("phone", "email", "address", "language")

_PHONE = re.compile(r"\+?[0-9]{8,15}")
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def read_changes(
    given: Mapping[str, str], present: Mapping[str, str], languages: Collection[str]
) -> dict[str, str]:
    """The fields that would be another, in their one form. Raises Refused, also for none."""
    details = read_details(given, languages)
    found = {name: value for name, value in details.items() if value != present[name]}
    if not found:
        raise Refused("Nothing would be changed", "Enter what is to be another.")
    return found


def read_details(given: Mapping[str, str], languages: Collection[str]) -> dict[str, str]:
    """The fields in their one form. Raises Refused."""
    return {name: _read(name, value, languages) for name, value in given.items()}


def _read(name: str, value: str, languages: Collection[str]) -> str:
    if name not in FIELDS:
        raise Refused(f"{name!r} cannot be edited", f"Edit one of {', '.join(FIELDS)}.")
    text = " ".join(value.split())
    if name == "phone":
        return read_phone(text)
    if name == "email" and text and (len(text) > EMAIL_MAX or not _EMAIL.fullmatch(text)):
        raise Refused(f"{text!r} is no e-mail address", "Write it as name@example.org.")
    if name == "address" and (len(text) > ADDRESS_MAX or not text.isprintable()):
        raise Refused("The address is too long", f"Use at most {ADDRESS_MAX} characters.")
    if name == "language" and text and text not in languages:
        raise Refused(f"{text!r} is no language of ours", f"Use one of {', '.join(languages)}.")
    return text


def read_phone(text: str) -> str:
    """A phone number without spaces and hyphens. Raises Refused."""
    number = text.replace(" ", "").replace("-", "")
    if not _PHONE.fullmatch(number):
        raise Refused(f"{text!r} is no phone number", "Use 8 to 15 digits, with + before or not.")
    return number


def destinations(channel: str, present_phone: str, changes: Mapping[str, str]) -> list[str]:
    """The phones to which a code goes. Each must be told back before the edit is made.

    The present phone gives the consumer's consent to what an agent types; a new phone proves that
    it is the consumer's. A consumer who is logged in needs no code but for a new phone. Raises
    Refused where an agent edits and there is no phone at all.
    """
    if channel not in (CONSUMER, AGENT):
        raise Refused(f"There is no channel {channel!r}", f"Use {CONSUMER} or {AGENT}.")
    new = changes.get("phone", "")
    asked = [present_phone] if channel == AGENT and present_phone else []
    phones = [phone for phone in (*asked, new) if phone]
    if not phones and channel == AGENT:
        raise Refused(
            "The consumer has no phone, so cannot consent", "Enter the consumer's phone as well."
        )
    return phones


def mask(phone: str) -> str:
    """A phone as a stranger may see it: its last three digits."""
    return "•" * max(len(phone) - 3, 0) + phone[-3:]
