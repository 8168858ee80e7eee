"""Details that services recorded as names and numbers (audit events, evidence), as people read
them: the end of a name says its unit. Knows no kind of event.
"""

from typing import Any

from controller.console.templatetags.format import moment
from controller.console.words import BETWEEN, said
from controller.figures import kwh, rupees, watts


def _when(time_s: int) -> str:
    return moment(time_s) if time_s else "–"


GIVEN = {"name", "note"}  # what a person wrote stands as it is
TEXT_MAX = 60  # characters of a value without a space; bytes of a programme say nothing to people

UNITS = {"_paise": rupees, "_wh": kwh, "_w": watts, "_s": _when}


def pairs(name: str, value: Any) -> list[tuple[str, str]]:
    """(what, how much) of each part of a detail; a map within gives its parts."""
    if isinstance(value, dict):
        return [told for key, item in value.items() for told in pairs(key, item)]
    return [_pair(name, value)]


def _pair(name: str, value: Any) -> tuple[str, str]:
    end = next((end for end in UNITS if name.endswith(end)), "")
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if is_number and end:
        return _name(name.removesuffix(end)), UNITS[end](value)
    if name in GIVEN and str(value)[:1].isupper():
        return _name(name), str(value)
    return _name(name.removesuffix(end) if value is None else name), _text(value)


def _name(name: str) -> str:
    return said(name.replace("_", " "))


def _text(value: Any) -> str:
    if value in (None, "", []):
        return "–"
    if isinstance(value, list):
        return BETWEEN.join(_word(one) if isinstance(one, str) else str(one) for one in value)
    return _word(str(value))


def _word(text: str) -> str:
    """A value in the language spoken; a name of ours, as `cash_in_hand`, by its words."""
    if " " not in text and len(text) > TEXT_MAX:
        return f"{text[:TEXT_MAX]}…"
    told = said(text)
    if told != text:
        return told
    words = text.replace("_", " ")
    return text if said(words) == words else said(words)
