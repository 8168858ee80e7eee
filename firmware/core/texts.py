"""The display's words: which table belongs to which language of the programme.

A table is a module of constants, one name a line or a pair of lines, 16 characters of ASCII at
most; both tables have the same names (tests/firmware/core/test_texts.py). Another language is
another table here. This module must not know when a text is shown.
"""

from firmware.core import texts_en, texts_hi

WIDTH = 16

_TABLES = (texts_en, texts_hi)  # by protocol.programme.LANGUAGE


def table(language):
    """Return the table of a language number; English for one that is not known here."""
    return _TABLES[language] if 0 <= language < len(_TABLES) else texts_en


def fit(words, value):
    """Return both in one line; the value alone where both are too long, never a part of it."""
    line = words + " " + value
    return line if len(line) <= WIDTH else value
