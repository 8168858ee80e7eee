"""The word lists (`*.toml` beside this file): each entry stands once, in all languages.

`{name}` in a text is a place for a value, the same places in every language. Must not know who
uses the words.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from controller.errors import Refused

LANGUAGES = {"en": "English", "hi": "हिन्दी", "ml": "മലയാളം"}
FOLDER = Path(__file__).parent
PLACE = re.compile(r"\{(\w+)\}")


@cache
def word_list(name: str, language: str) -> Mapping[str, str]:
    """The list `name` (`paper`, `notice`) in a language. Raises Refused for another."""
    check_language(language)
    return {key: texts[language] for key, texts in _read(name).items()}


def check_language(language: str) -> None:
    """Raises Refused unless it is one of LANGUAGES."""
    if language not in LANGUAGES:
        raise Refused(f"There are no words in {language!r}", f"Choose of {', '.join(LANGUAGES)}.")


def faults(name: str) -> Iterator[str]:
    """What is wrong with a list: a language missing, empty or unknown, or with other places."""
    for key, texts in _read(name).items():
        if set(texts) != set(LANGUAGES):
            yield f"{name}.{key}: has {sorted(texts)}, needs {sorted(LANGUAGES)}"
        places = {language: sorted(PLACE.findall(text)) for language, text in texts.items()}
        if len({tuple(found) for found in places.values()}) > 1:
            yield f"{name}.{key}: other places in other languages: {places}"
        yield from (f"{name}.{key}: empty in {lang}" for lang, text in texts.items() if not text)


def _read(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
