"""What notices there are, what each says, how long it may be, and when it is tried again. Pure."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from controller import figures
from controller.documents.sheets import Words, day, grouped_token, in_unit, month
from controller.errors import Refused

SMS, EMAIL = "sms", "email"
CHANNELS = (SMS, EMAIL)
DAY_S = 86_400
LIVES_S = 7 * DAY_S  # older news is no news: what was not sent by then is given up
CODE_LIVES_S = 600
TEXT_MAX = 40  # characters of a value, such as a name
UTILITY_MAX = 30
SEGMENTS_MAX = 6  # parts of one text message
TRIES_MAX = 8
BACK_OFF_FIRST_S = 30
BACK_OFF_MAX_S = 6 * 3600
LEASE_S = 300  # after which a message whose sender died is another sender's

GSM_LETTERS = 160, 153  # of a message alone, of a part of several
UCS2_UNITS = 70, 67
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_DOUBLE = frozenset("^{}\\[~]|€\f")

PHONE = re.compile(r"\+?[0-9]{6,15}")
ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")


class Template(NamedTuple):
    """A notice: the values that it needs, what asks for it, how long it is worth sending.

    A value's name says how it is written: `…_paise` money, `…_s` and `…_day` a day (a time, or a
    date), `credit` an amount and its unit, `month` as `2026-10`, `token` 20 digits, `tokens` a
    list of such; any other is a short text. `secret`: its body is sealed until it is sent, and
    forgotten then.
    """

    values: tuple[str, ...]
    requirement: str
    lives_s: int = LIVES_S
    secret: bool = False


TEMPLATES: Mapping[str, Template] = {
    "bill_issued": Template(("number", "month", "amount_paise", "due_s"), "MG-10"),
    "payment_confirmed": Template(("amount_paise", "date_s", "receipt", "balance_paise"), "MG-10"),
    "payment_received": Template(("amount_paise", "date_s", "receipt"), "MG-10"),
    "payment_reversed": Template(("amount_paise", "receipt"), "MG-10"),
    "recharge_done": Template(
        ("amount_paise", "credit", "token", "receipt"), "MG-10", secret=True
    ),
    "key_tokens": Template(("tokens",), "UP-11", secret=True),
    "recharge_taken": Template(("amount_paise", "credit", "receipt"), "MG-10"),
    "low_credit": Template(("credit",), "MG-3", DAY_S),
    "credit_used_up": Template((), "MG-3", DAY_S),
    "recharge_overdue": Template(("due_day", "last_day"), "UP-10"),
    "otp": Template(("code", "minutes"), "MG-11", CODE_LIVES_S, secret=True),
    "reminder": Template(("number", "due_s", "amount_paise"), "MG-9"),
    "disconnection_notice": Template(("amount_paise", "date_s"), "MG-6"),
    "disconnected": Template(("amount_paise",), "MG-6"),
    "deactivated": Template(("consumer",), "MG-6"),
    "reconnected": Template((), "MG-6"),
    "request_submitted": Template(("request",), "MG-12"),
    "request_assigned": Template(("request",), "MG-12"),
    "request_task": Template(("request", "consumer", "name"), "MG-12"),
    "request_completed": Template(("request",), "MG-12"),
    "package_change_requested": Template(("package",), "MG-14"),
    "package_change_approved": Template(("package", "amount_paise"), "MG-14"),
    "package_change_refused": Template(("package",), "MG-14"),
    "package_change_done": Template(("package",), "MG-14"),
    "account_created": Template(("consumer",), "MG-4"),
    "activation_due": Template(("amount_paise",), "MG-4"),
    "connection_active": Template(("consumer",), "MG-4"),
    "deposit_due": Template(("amount_paise",), "MG-13"),
    "deposit_returned": Template(("amount_paise",), "MG-13"),
}


class Text(NamedTuple):
    """What is sent: the subject of an e-mail, and the text, which begins with who sends it."""

    title: str
    body: str


def find(template: str) -> Template:
    """The notice of this name. Raises Refused."""
    if template not in TEMPLATES:
        raise Refused(f"There is no notice {template!r}", f"Notices: {', '.join(TEMPLATES)}.")
    return TEMPLATES[template]


def compose(
    template: str,
    values: Mapping[str, Any],
    *,
    language: str,
    utility: str,
    utc_offset_min: int,
    words: Words,
    paper_words: Words,
) -> Text:
    """The notice in words. Raises Refused when its values are not those of the template."""
    known = find(template)
    if set(values) != set(known.values):
        raise Refused(
            f"The notice {template} was given {sorted(values)}",
            f"It needs {', '.join(sorted(known.values))}.",
        )
    written = {
        _place(name): _write(name, value, language, utc_offset_min, paper_words)
        for name, value in values.items()
    }
    body = f"{_short(utility, UTILITY_MAX)}: {words[template].format_map(written)}"
    return Text(words[f"{template}_title"], body)


def _place(name: str) -> str:
    """The place in the text that a value fills: `{amount}` of `amount_paise`."""
    return name.removesuffix("_paise").removesuffix("_s").removesuffix("_day")


def _write(name: str, value: Any, language: str, utc_offset_min: int, words: Words) -> str:
    if name.endswith("_paise"):
        return _plain(figures.rupees(value), language)
    if name.endswith("_s"):
        return day(words, value, utc_offset_min)
    if name.endswith("_day"):
        return f"{value.day} {words[f'month_{value.month}']} {value.year}"
    if name == "credit":
        amount, unit = value
        return _plain(in_unit(words, amount, unit), language)
    if name == "month":
        return month(words, value)
    if name == "token":
        return grouped_token(value)
    if name == "tokens":
        return ", ".join(grouped_token(token) for token in value)
    return _short(str(value), TEXT_MAX)


def _plain(text: str, language: str) -> str:
    """In English ₹ alone would more than double the price of a message: it is not in GSM 7."""
    text = text.replace(figures.MINUS, "-").replace(figures.NARROW_SPACE, " ")
    return text.replace("₹", "Rs ") if language == "en" else text


def _short(text: str, length_max: int) -> str:
    """A value on one line, cut where it is too long."""
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return flat if len(flat) <= length_max else flat[: length_max - 1] + "."


def segments(text: str) -> int:
    """How many parts a text message is sent (and paid) as: GSM 7 bit where it suffices."""
    if all(letter in GSM or letter in GSM_DOUBLE for letter in text):
        length = sum(2 if letter in GSM_DOUBLE else 1 for letter in text)
        alone, part = GSM_LETTERS
    else:
        length = len(text.encode("utf-16-be")) // 2
        alone, part = UCS2_UNITS
    return 1 if length <= alone else -(-length // part)


def read_recipient(channel: str, recipient: str) -> str:
    """A phone number or address as it is sent to. Raises Refused."""
    if channel == SMS:
        number = re.sub(r"[\s().-]", "", recipient)
        if PHONE.fullmatch(number):
            return number
        raise Refused("That is no phone number", "Write 6 to 15 digits, with + and country.")
    if channel == EMAIL:
        address = recipient.strip()
        if ADDRESS.fullmatch(address):
            return address
        raise Refused("That is no e-mail address", "Write it as name@example.org.")
    raise Refused(f"{channel!r} is no channel", f"Choose of {', '.join(CHANNELS)}.")


def mask(recipient: str) -> str:
    """Enough to recognise a recipient by, for logs: `…4321`, `s…@example.org`."""
    name, at, place = recipient.partition("@")
    return f"{name[:1]}…@{place}" if at else f"…{recipient[-4:]}"


def back_off_s(tries: int) -> int:
    """How long to wait after so many tries in vain."""
    longest: int = min(BACK_OFF_FIRST_S * 2 ** max(tries - 1, 0), BACK_OFF_MAX_S)
    return longest
