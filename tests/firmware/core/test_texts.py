"""The display's words: sixteen characters of ASCII, and every language has all of them."""

import pytest

from firmware.core import texts, texts_en, texts_hi

WIDEST = {  # the largest values that the formats are filled with
    "WAIT_MIN": 1440,
    "WAIT_S": 86_400,
    "DAYS_LATE": 12_427,
    "IN_MINUTES": 60,
    "LOAD": (200_000, 100_000),
    "DAYS": 12_427,
    "DAYS_LEFT": 999,
    "LIMIT": 100_000,
}
TABLES = {"English": texts_en, "Hindi": texts_hi}


def entries(table):
    return {name: value for name, value in vars(table).items() if name.isupper()}


def lines(name, value):
    for line in value if isinstance(value, tuple) else (value,):
        yield line % WIDEST[name] if "%" in line else line


@pytest.mark.parametrize("language", TABLES)
def test_every_line_is_ascii_and_fits_the_display_at_its_widest(language):
    for name, value in entries(TABLES[language]).items():
        for line in lines(name, value):
            assert line.isascii(), (name, line)
            assert len(line) <= texts.WIDTH, (name, line)


def test_both_languages_have_every_text_in_the_same_form():
    english, hindi = entries(texts_en), entries(texts_hi)
    assert english.keys() == hindi.keys()
    for name, value in english.items():
        assert type(value) is type(hindi[name]), name
        assert value.count("%") == hindi[name].count("%"), name


def test_a_language_that_is_not_known_is_english():
    assert texts.table(0) is texts_en
    assert texts.table(1) is texts_hi
    assert texts.table(7) is texts_en


def test_an_amount_is_shown_whole_or_without_its_word_never_cut():
    assert texts.fit("Bal", "Rs 12.50") == "Bal Rs 12.50"
    assert texts.fit("Recharge", "-10000.00 kWh") == "-10000.00 kWh"
