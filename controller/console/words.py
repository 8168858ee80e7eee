"""What the pages say, in English, Hindi and Malayalam: an English sentence is its own key.

The word lists (wordlists/*.toml) hold each sentence once, with its languages beside each other. A
sentence with `{0}` in it is also a pattern: what a service has said with its values already in
place is recognised by it. A value may be a sentence itself and is said in turn; where a language
writes `{0!s}`, it stands as somebody wrote it. Must not know the pages nor the database.
"""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "hi": "हिन्दी", "ml": "മലയാളം"}
FOLDER = Path(__file__).with_name("wordlists")
REMEMBERED_MAX = 4096  # sentences whose translation is kept at hand
CHARACTERS_MAX = 2_000  # a longer text stays as it is
NESTED_MAX = 12  # a value in a sentence may be a sentence itself, and so may one in that
LINE = "\n"  # between faults of a file
STOP = ". "  # between what is refused and what to do
BETWEEN = ", "  # between things that are listed one after the other
PLACE = re.compile(r"\{(\d)\}")

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


def find(text: str) -> dict[str, str] | None:
    """The languages of a sentence; within another it may begin with a small letter."""
    return word_list().get(text) or word_list().get(text[:1].upper() + text[1:])


class Pattern(NamedTuple):
    """A sentence with places, taken apart: its texts, and the places between them."""

    sentence: str
    texts: list[str]
    places: list[str]

    def values(self, text: str) -> list[str] | None:
        """What stands at {0}, {1}… of a text that begins and ends as this sentence does, each as
        short as can be; None for a text that was not made of it.
        """
        first, *middle, last = self.texts
        found, at, end = [], len(first), len(text) - len(last)
        for each in middle:
            until = text.find(each, at + 1, end)
            if until < 0:
                return None
            found.append(text[at:until])
            at = until + len(each)
        found.append(text[at:end])
        values = dict(zip(self.places, found, strict=True))
        if at >= end or found != [values[place] for place in self.places]:
            return None  # nothing left for the last place, or a place that came with two values
        return [values[str(place)] for place in range(len(values))]


@cache
def _patterns() -> list[tuple[str, str, Pattern]]:
    """How it begins, how it ends, and each sentence with places; the most telling ones first."""
    split = [(one, PLACE.split(one)) for one in word_list() if PLACE.search(one)]
    split.sort(key=lambda one: -sum(map(len, one[1][::2])))
    return [(parts[0], parts[-1], Pattern(one, parts[::2], parts[1::2])) for one, parts in split]


def _matched(text: str) -> tuple[str, list[str]] | None:
    """The sentence that a text was made of, and its values."""
    starts, ends = text.startswith, text.endswith
    for first, last, pattern in _patterns():
        if ends(last) and starts(first):
            values = pattern.values(text)
            if values is not None:
                return pattern.sentence, values
    return None


class _Value(NamedTuple):
    """A value in a sentence: `{0}` says it in turn, `{0!s}` leaves it as it is."""

    text: str
    spoken: str
    depth: int

    def __format__(self, _form: str) -> str:
        return _recognise(self.text, self.spoken, self.depth)

    def __str__(self) -> str:
        return self.text


@lru_cache(REMEMBERED_MAX)
def _recognise(text: str, spoken: str, depth: int) -> str:
    known = find(text)
    if known:
        return known[spoken]
    if depth > NESTED_MAX or len(text) > CHARACTERS_MAX:
        return text
    if LINE in text:
        return _each(text, LINE, spoken, depth)
    matched = _matched(text)
    if matched:
        told = [_Value(value, spoken, depth + 1) for value in matched[1]]
        return word_list()[matched[0]][spoken].format(*told)
    first, stop, rest = text.partition(STOP)
    told_first = _recognise(first, spoken, depth + 1) if stop else first
    if told_first != first:
        return told_first + word_list()[STOP][spoken] + _recognise(rest, spoken, depth + 1)
    return _each(text, BETWEEN, spoken, depth) if BETWEEN in text else text


def _each(text: str, mark: str, spoken: str, depth: int) -> str:
    """The parts of a text, each said by itself."""
    return mark.join(_recognise(part, spoken, depth + 1) for part in text.split(mark))
