"""What the pages say, in English, Hindi and Malayalam: an English sentence is its own key.

The word lists (wordlists/*.toml) hold each sentence once, with its languages beside each other. A
sentence with `{0}` in it is also a pattern: what a service has said with its values already in
place is recognised by it. Must not know the pages nor the database.
"""

import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "hi": "हिन्दी", "ml": "മലയാളം"}
FOLDER = Path(__file__).with_name("wordlists")
REMEMBERED_MAX = 4096  # sentences whose translation is kept at hand
NESTED_MAX = 12  # a value in a sentence may be a sentence itself, and so may one in that
BETWEEN = ", "  # things that are listed one after the other

_current: ContextVar[str] = ContextVar("language", default=ENGLISH)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Everything said within is in `language`, one of LANGUAGES."""
    before = _current.set(language)
    try:
        yield
    finally:
        _current.reset(before)


def language() -> str:
    """The language that is spoken now."""
    return _current.get()


def word(sentence: str) -> str:
    """Marks a sentence in code that a page says later (a test finds it by this); gives it back."""
    return sentence


def say(sentence: str, *values: object) -> str:
    """The sentence of the word lists in the language spoken, with `values` for {0}, {1}…"""
    spoken = _current.get()
    found = sentence if spoken == ENGLISH else word_list()[sentence][spoken]
    return found.format(*values) if values else found


def said(text: str) -> str:
    """A text that was made elsewhere in the language spoken; as it is where nobody knows it."""
    return text if _current.get() == ENGLISH else _recognise(str(text), _current.get(), 0)


@cache
def word_list() -> dict[str, dict[str, str]]:
    """Every sentence with what it is in each language but English."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        found.update(tomllib.loads(path.read_text(encoding="utf-8")))
    return found


@cache
def _patterns() -> list[tuple[str, Callable[[str], re.Match[str] | None], str]]:
    """(how it begins, what recognises it, the sentence), the most telling ones first."""
    held = [sentence for sentence in word_list() if "{0}" in sentence]
    held.sort(key=lambda sentence: -len(re.sub(r"\{\d\}", "", sentence)))
    return [(one.split("{")[0], re.compile(_expression(one)).fullmatch, one) for one in held]


def _expression(sentence: str) -> str:
    """The regular expression of what a sentence becomes; a value that comes twice is the same."""
    parts = re.split(r"\{(\d)\}", sentence)
    seen: set[str] = set()
    for place in range(1, len(parts), 2):
        name = parts[place]
        parts[place] = f"(?P=v{name})" if name in seen else f"(?P<v{name}>.+?)"
        seen.add(name)
        parts[place - 1] = re.escape(parts[place - 1])
    parts[-1] = re.escape(parts[-1])
    return "".join(parts)


@lru_cache(REMEMBERED_MAX)
def _recognise(text: str, spoken: str, depth: int) -> str:
    known = word_list().get(text)
    if known:
        return known[spoken]
    if depth > NESTED_MAX:
        return text
    for beginning, match, sentence in _patterns():
        found = match(text) if text.startswith(beginning) else None
        if found:
            values = [_recognise(value, spoken, depth + 1) for value in _values(found)]
            return word_list()[sentence][spoken].format(*values)
    if BETWEEN in text:
        parts = text.split(BETWEEN)
        return BETWEEN.join(_recognise(part, spoken, depth + 1) for part in parts)
    return text


def _values(found: re.Match[str]) -> list[str]:
    return [found[f"v{place}"] for place in range(len(found.groupdict()))]
