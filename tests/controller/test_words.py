"""What papers and notices say: no language lacks a word."""

import pytest

from controller.errors import Refused
from controller.words import lists

LISTS = sorted(path.stem for path in lists.FOLDER.glob("*.toml"))


@pytest.mark.parametrize("name", LISTS)
def test_every_entry_is_there_in_every_language_with_the_same_places_for_values(name):
    """MG-10: what is printed or sent is wholly in the consumer's language."""
    assert list(lists.faults(name)) == []


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    ("language", "first", "last"), [("hi", "\u0900", "\u097f"), ("ml", "\u0d00", "\u0d7f")]
)
def test_hindi_and_malayalam_stand_in_their_own_scripts(name, language, first, last):
    bare = [key for key, text in lists.word_list(name, language).items()
            if not any(first <= letter <= last for letter in text)]  # fmt: skip
    assert bare == []


def test_another_language_is_refused():
    with pytest.raises(Refused, match="no words in 'ta'"):
        lists.word_list("paper", "ta")


def test_a_missing_word_and_another_place_are_found(tmp_path, monkeypatch):
    (tmp_path / "bad.toml").write_text(
        'lacks = { en = "a", hi = "b" }\nplaces = { en = "{x}", hi = "{y}", ml = "{x}" }\n'
        'empty = { en = "", hi = "b", ml = "c" }\n'
    )
    monkeypatch.setattr(lists, "FOLDER", tmp_path)
    found = list(lists.faults("bad"))
    assert [fault.split(":")[0] for fault in found] == [
        "bad.lacks", "bad.places", "bad.empty",
    ]  # fmt: skip
