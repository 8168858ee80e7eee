"""Details that services recorded as names and numbers (audit events, evidence), as people read
them: the end of a name says its unit. Knows no kind of event.
"""

from typing import Any

from controller.console.templatetags.format import moment
from controller.console.words import said
from controller.figures import kwh, rupees, watts


def _when(time_s: int) -> str:
    return moment(time_s) if time_s else "–"


TEXT_MAX = 60  # characters of a value without a space; bytes of a programme say nothing to people

UNITS = {"_paise": rupees, "_wh": kwh, "_w": watts, "_s": _when}


def pairs(name: str, value: Any) -> list[tuple[str, str]]:
    """(what, how much) of each part of a detail; a map within gives its parts."""
    if isinstance(value, dict):
        return [told for key, item in value.items() for told in pairs(key, item)]
    return [_pair(name, value)]


def _pair(name: str, value: Any) -> tuple[str, str]:
    if isinstance(value, int) and not isinstance(value, bool):
        for end, written in UNITS.items():
            if name.endswith(end):
                return _name(name.removesuffix(end)), written(value)
    return _name(name), _text(value)


def _name(name: str) -> str:
    return said(name.replace("_", " "))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    if value in (None, ""):
        return "–"
    text = str(value)
    if " " not in text and len(text) > TEXT_MAX:
        return f"{text[:TEXT_MAX]}…"
    told = said(text)
    return said(text.replace("_", " ")) if told == text and text.isidentifier() else told
